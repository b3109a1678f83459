package pypi_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/pypi"
)

// site is a site-packages folder in which a "->" begins a link's target and a
// name with a slash at the end is an empty folder.
type site map[string]string

// fs puts the folder where a Python 3.11 has it in an environment.
func (s site) fs() fstest.MapFS {
	fsys := fstest.MapFS{sitePackages: {Mode: fs.ModeDir | 0o755}}
	for name, text := range s {
		file := &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		if target, ok := strings.CutPrefix(text, "->"); ok {
			file = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
		}
		if strings.HasSuffix(name, "/") {
			file = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
		}
		fsys[sitePackages+"/"+strings.TrimSuffix(name, "/")] = file
	}
	return fsys
}

const sitePackages = "lib/python3.11/site-packages"

// The outcomes of Read that are no package.
const (
	skipped   = "skipped"
	noVersion = "no version"
	fails     = "conda fails"
)

// outcome says in one word or in "name version channel build" what Read gives.
func outcome(p pypi.Package, err error) string {
	switch {
	case errors.Is(err, pypi.ErrSkipped):
		return skipped
	case errors.Is(err, pypi.ErrNoVersion):
		return noVersion
	case err != nil:
		return fails
	}
	return strings.Join([]string{p.Name, p.Version, p.Channel, p.Build}, " ")
}

const (
	good    = "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n"
	nameful = "Name: foo\n"
	record  = "foo.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"
	foo     = "foo 1.0 pypi pypi_0"
	bogus   = "bar; bogus == 'x'\n"
)

func TestReadLayouts(t *testing.T) {
	for _, tc := range []struct {
		name   string
		anchor pypi.Anchor
		files  site
		want   string
	}{
		{"dist-info", "x.dist-info/RECORD", site{
			"x.dist-info/METADATA": good, "x.dist-info/RECORD": record,
		}, foo},
		{"dist-info with an empty RECORD", "x.dist-info/RECORD", site{
			"x.dist-info/METADATA": good, "x.dist-info/RECORD": "",
		}, foo},
		{"dist-info that is a link", "x.dist-info/RECORD", site{
			"x.dist-info": "->real", "real/METADATA": good, "real/RECORD": record,
		}, foo},
		{"dist-info whose files are links", "x.dist-info/RECORD", site{
			"x.dist-info/METADATA": "->../m", "x.dist-info/RECORD": "->../r", "m": good, "r": record,
		}, foo},
		{"dist-info without RECORD", "x.dist-info/RECORD", site{
			"x.dist-info/METADATA": good,
		}, skipped},
		{"dist-info whose RECORD is a folder", "x.dist-info/RECORD", site{
			"x.dist-info/METADATA": good, "x.dist-info/RECORD/": "",
		}, skipped},
		{"dist-info whose RECORD is a link to nowhere", "x.dist-info/RECORD", site{
			"x.dist-info/METADATA": good, "x.dist-info/RECORD": "->gone",
		}, skipped},
		{"dist-info without METADATA, PKG-INFO is no substitute", "x.dist-info/RECORD", site{
			"x.dist-info/PKG-INFO": good, "x.dist-info/RECORD": record,
		}, skipped},
		{"dist-info whose METADATA is a folder", "x.dist-info/RECORD", site{
			"x.dist-info/METADATA/": "", "x.dist-info/RECORD": record,
		}, skipped},
		{"dist-info that is a link to nowhere", "x.dist-info/RECORD", site{
			"x.dist-info": "->gone",
		}, fails},
		{"dist-info that is a file", "x.dist-info/RECORD", site{
			"x.dist-info": good,
		}, skipped},
		{"dist-info that is a file, and a METADATA beside it", "x.dist-info/RECORD", site{
			"x.dist-info": good, "METADATA": good, "RECORD": record,
		}, fails},
		{"requires.txt of a dist-info is not read", "x.dist-info/RECORD", site{
			"x.dist-info/METADATA": good, "x.dist-info/RECORD": record, "x.dist-info/requires.txt": bogus,
		}, foo},

		{"egg-info file", "x.egg-info", site{"x.egg-info": good}, foo},
		{"egg-info file without requirements has those beside it", "x.egg-info", site{
			"x.egg-info": good, "requires.txt": bogus,
		}, fails},
		{"egg-info file with requirements has no others", "x.egg-info", site{
			"x.egg-info": good + "Requires: bar\n", "requires.txt": bogus,
		}, foo},
		{"egg-info file has the installed-files.txt beside it", "x.egg-info", site{
			"x.egg-info": good, "installed-files.txt": "a\n\n",
		}, fails},
		{"egg-info file is read though there is a METADATA", "x.egg-info", site{
			"x.egg-info": good, "METADATA": "Name: other\nVersion: 2\n",
		}, foo},
		{"egg-info folder", "x.egg-info/PKG-INFO", site{"x.egg-info/PKG-INFO": good}, foo},
		{"egg-info folder with METADATA, which comes first", "x.egg-info/PKG-INFO", site{
			"x.egg-info/PKG-INFO": "Name: other\nVersion: 2\n", "x.egg-info/METADATA": good,
		}, foo},
		{"egg-info folder whose METADATA is a folder", "x.egg-info/PKG-INFO", site{
			"x.egg-info/PKG-INFO": good, "x.egg-info/METADATA/": "",
		}, foo},
		{"egg-info folder without metadata", "x.egg-info/PKG-INFO", site{"x.egg-info/": ""}, noVersion},
		{"egg-info folder without metadata but with bad requirements", "x.egg-info/PKG-INFO", site{
			"x.egg-info/requires.txt": bogus,
		}, fails},
		{"egg-info that is a link to nowhere", "x.egg-info/PKG-INFO", site{"x.egg-info": "->gone"}, fails},
		{"requires.txt goes before depends.txt", "x.egg-info/PKG-INFO", site{
			"x.egg-info/PKG-INFO": good, "x.egg-info/requires.txt": "bar\n", "x.egg-info/depends.txt": bogus,
		}, foo},
		{"depends.txt if requires.txt is a folder", "x.egg-info/PKG-INFO", site{
			"x.egg-info/PKG-INFO": good, "x.egg-info/requires.txt/": "", "x.egg-info/depends.txt": bogus,
		}, fails},
		{"RECORD and SOURCES.txt of an egg-info are not read", "x.egg-info/PKG-INFO", site{
			"x.egg-info/PKG-INFO": good, "x.egg-info/RECORD": "\n", "x.egg-info/SOURCES.txt": "\n\xff",
		}, foo},
		{"installed-files.txt of an egg-info is read", "x.egg-info/PKG-INFO", site{
			"x.egg-info/PKG-INFO": good, "x.egg-info/installed-files.txt": "../x.py,md5=1,2\n",
		}, fails},

		{"egg", "x.egg/EGG-INFO/PKG-INFO", site{"x.egg/EGG-INFO/PKG-INFO": good}, foo},
		{"egg without EGG-INFO", "x.egg/EGG-INFO/PKG-INFO", site{"x.egg/": ""}, fails},
		{"egg with an empty EGG-INFO", "x.egg/EGG-INFO/PKG-INFO", site{"x.egg/EGG-INFO/": ""}, noVersion},

		{"egg with dist-info in its name is a dist-info", "x.dist-info.egg/EGG-INFO/PKG-INFO", site{
			"x.dist-info.egg/EGG-INFO/METADATA": good, "x.dist-info.egg/EGG-INFO/RECORD": record,
		}, foo},
		{"egg with dist-info in its name needs RECORD", "x.dist-info.egg/EGG-INFO/PKG-INFO", site{
			"x.dist-info.egg/EGG-INFO/METADATA": good,
		}, skipped},
		{"egg-info file with dist-info in its name has site-packages for its folder", "x.dist-info.egg-info", site{
			"x.dist-info.egg-info": "Name: other\nVersion: 2\n", "METADATA": good, "RECORD": record,
		}, foo},
		{"not an anchor", "x.py", site{"x.py": good}, fails},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := pypi.Read(tc.files.fs(), sitePackages, tc.anchor, pypi.Env{PythonVersion: "3.11.8"})
			if diff := cmp.Diff(tc.want, outcome(p, err)); diff != "" {
				t.Errorf("(-want +got)\n%s%v", diff, err)
			}
		})
	}
}

// The first fault decides: requirements before the list of files before the
// missing version.
func TestReadOrderOfFaults(t *testing.T) {
	for _, tc := range []struct {
		name, metadata, record, want string
	}{
		{"bad requirement before missing RECORD", good + "Requires-Dist: " + bogus, "->gone", fails},
		{"broken bytes before missing RECORD", good + "\xff", "->gone", fails},
		{"missing RECORD before missing version", nameful, "->gone", skipped},
		{"bad RECORD before missing version", nameful, "\n", fails},
		{"bad requirement before missing version", nameful + "Requires-Dist: " + bogus, "", fails},
		{"missing version", nameful, record, noVersion},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := site{"x.dist-info/METADATA": tc.metadata, "x.dist-info/RECORD": tc.record}.fs()
			p, err := pypi.Read(fsys, sitePackages, "x.dist-info/RECORD", pypi.Env{})
			if diff := cmp.Diff(tc.want, outcome(p, err)); diff != "" {
				t.Errorf("(-want +got)\n%s%v", diff, err)
			}
		})
	}
}

// Conda looks for ".dist-info" in the path below the prefix, not in the name
// of the prefix.
func TestReadDistInfoAboveSitePackages(t *testing.T) {
	const dir = "x.dist-info/lib/site-packages"
	fsys := fstest.MapFS{dir + "/foo.egg-info/PKG-INFO": {Data: []byte(good)}}
	for _, tc := range []struct{ name, prefix, want string }{
		{"in the prefix", "x.dist-info", foo},
		{"below the prefix", "", skipped},
		{"in a name that only begins like the prefix", "x", skipped},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := pypi.Read(fsys, dir, "foo.egg-info/PKG-INFO", pypi.Env{Prefix: tc.prefix})
			if diff := cmp.Diff(tc.want, outcome(p, err)); diff != "" {
				t.Errorf("(-want +got)\n%s%v", diff, err)
			}
		})
	}
}

// An administrator must see from the error which file to repair.
func TestReadErrorsNameTheFile(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files site
		want  []string
	}{
		{"metadata", site{"x.dist-info/METADATA": "Name: foo\n\xe9"}, []string{
			"python package x.dist-info/RECORD", sitePackages + "/x.dist-info/METADATA", "not UTF-8", "line 2",
		}},
		{"requirement", site{"x.dist-info/METADATA": good + "Requires-Dist: " + bogus}, []string{
			sitePackages + "/x.dist-info/METADATA", `"bar; bogus == 'x'"`, `unknown variable "bogus"`,
		}},
		{"RECORD", site{"x.dist-info/METADATA": good, "x.dist-info/RECORD": "\"a\r\nb\",,\r\nx,,\r\ny,,1.5\r\n"}, []string{
			sitePackages + "/x.dist-info/RECORD", "line 4", `"1.5"`,
		}},
		{"missing file", site{"x.dist-info/METADATA": good}, []string{
			sitePackages + "/x.dist-info/RECORD", "not exist",
		}},
		{"missing folder", site{}, []string{sitePackages + "/x.dist-info", "not exist"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := pypi.Read(tc.files.fs(), sitePackages, "x.dist-info/RECORD", pypi.Env{})
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q: %v", want, err)
				}
			}
		})
	}
}
