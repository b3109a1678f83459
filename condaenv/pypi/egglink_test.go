package pypi_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/pypi"
)

const dev = "foo 1.0 <develop> dev_0"

// linked is a file system with an egg-link of this text in site-packages, and
// the sources it may lead to beside lib.
func linked(text string, more map[string]string) fstest.MapFS {
	fsys := site{"x.egg-link": text}.fs()
	fsys["src/foo.egg-info/PKG-INFO"] = &fstest.MapFile{Data: []byte(good)}
	fsys["deep/er/file"] = &fstest.MapFile{}
	fsys["tosrc"] = &fstest.MapFile{Data: []byte("src"), Mode: fs.ModeSymlink}
	fsys["toer"] = &fstest.MapFile{Data: []byte("deep/er"), Mode: fs.ModeSymlink}
	fsys["deep/src/bar.egg-info"] = &fstest.MapFile{Data: []byte("Name: bar\nVersion: 2\n")}
	for name, text := range more {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
		if target, ok := strings.CutPrefix(text, "->"); ok {
			fsys[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink}
		}
	}
	return fsys
}

// Paths in egg-links: the root of the file system is /host/root, conda's
// working directory is deep in it.
func TestEggLinkPaths(t *testing.T) {
	const bar = "bar 2 <develop> dev_0"
	for _, tc := range []struct{ name, text, want string }{
		{"absolute", "/host/root/src", dev},
		{"first line of two", "/host/root/src\n.\n", dev},
		{"blanks around", " \t/host/root/src\u00a0\r\n../", dev},
		{"blanks within", "/host/root/s rc", skipped},
		{"slashes and dots", "//host/./root///src/./", dev},
		{"relative to the working directory", "src", bar},
		{"relative with dots", "./../src", dev},
		{"through a link", "/host/root/tosrc", dev},
		{"to the parent of a link's target", "/host/root/toer/../src", bar},
		{"to the parent of a folder", "/host/root/deep/../src", dev},
		{"to the parent of nothing", "/host/root/gone/../src", skipped},
		{"to the parent of a file", "/host/root/deep/er/file/../src", skipped},
		{"outside", "/host/other", skipped},
		{"outside, beginning like the root", "/host/rootsrc", skipped},
		{"outside by dots", "../../x", skipped},
		{"outside and back", "/host/root/../root/src", dev},
		{"outside and back from the working directory", "../../../host/root/src", dev},
		{"above the top", "/../../host/root/src", dev},
		{"the root itself", "/host/root", skipped},
		{"nothing there", "/host/root/gone", skipped},
		{"a file", "/host/root/deep/er/file", skipped},
		{"NUL", "/host/root/src\x00", skipped},
		{"first line empty", "\n/host/root/src\n", skipped},
		{"first line blank", " \r/host/root/src\n", skipped},
		{"empty", "", fails},
		{"not UTF-8", "/host/root/src\n\xff", fails},
	} {
		t.Run(tc.name, func(t *testing.T) {
			env := pypi.Env{HostRoot: "/host/root", WorkDir: "deep"}
			p, err := pypi.Read(linked(tc.text, nil), sitePackages, "x.egg-link", env)
			if diff := cmp.Diff(tc.want, outcome(p, err)); diff != "" {
				t.Errorf("(-want +got)\n%s%v", diff, err)
			}
		})
	}
}

func TestEggLinkSurroundings(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		env        pypi.Env
		want       string
	}{
		{"working directory at the root", "src", pypi.Env{WorkDir: "."}, dev},
		{"working directory elsewhere", "src", pypi.Env{HostRoot: "/host/root"}, skipped},
		{"host's root is the root", "/src", pypi.Env{HostRoot: "/"}, dev},
		{"host's root is the root, above it", "/../src", pypi.Env{HostRoot: "/"}, dev},
		{"host's root unknown", "/src", pypi.Env{WorkDir: "."}, skipped},
		{"host's root with a slash", "/host/root/src", pypi.Env{HostRoot: "/host/root/"}, dev},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := pypi.Read(linked(tc.text, nil), sitePackages, "x.egg-link", tc.env)
			if diff := cmp.Diff(tc.want, outcome(p, err)); diff != "" {
				t.Errorf("(-want +got)\n%s%v", diff, err)
			}
		})
	}
}

func TestEggLinkTargets(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string // below new
		want  string
	}{
		{"no egg-info", map[string]string{"new/foo.py": ""}, skipped},
		{"a file", map[string]string{"new/foo.egg-info": good}, dev},
		{"a file only named .egg-info", map[string]string{"new/.egg-info": good}, dev},
		{"a link", map[string]string{"new/foo.egg-info": "->../src/foo.egg-info"}, dev},
		{"a link to nowhere", map[string]string{"new/foo.egg-info": "->gone"}, fails},
		{"a folder without PKG-INFO", map[string]string{"new/foo.egg-info/METADATA": good}, fails},
		{"PKG-INFO goes before METADATA", map[string]string{
			"new/foo.egg-info/PKG-INFO": good, "new/foo.egg-info/METADATA": "Name: bar\nVersion: 2\n",
		}, dev},
		{"PKG-INFO that is a folder", map[string]string{"new/foo.egg-info/PKG-INFO/METADATA": good}, dev},
		{"PKG-INFO that is a folder without metadata", map[string]string{"new/foo.egg-info/PKG-INFO/x": ""}, noVersion},
		{"two egg-infos", map[string]string{
			"new/foo.egg-info/PKG-INFO": good, "new/bar.egg-info/PKG-INFO": good,
		}, fails},
		{"requires.txt is read", map[string]string{
			"new/foo.egg-info/PKG-INFO": good, "new/foo.egg-info/requires.txt": bogus,
		}, fails},
		{"requires.txt beside a file is read", map[string]string{
			"new/foo.egg-info": good, "new/requires.txt": bogus,
		}, fails},
		{"installed-files.txt is not read", map[string]string{
			"new/foo.egg-info/PKG-INFO": good, "new/foo.egg-info/installed-files.txt": "\n\xff",
		}, dev},
		{"no version", map[string]string{"new/foo.egg-info": nameful}, noVersion},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := linked("/host/new\n", tc.files)
			p, err := pypi.Read(fsys, sitePackages, "x.egg-link", pypi.Env{HostRoot: "/host"})
			if diff := cmp.Diff(tc.want, outcome(p, err)); diff != "" {
				t.Errorf("(-want +got)\n%s%v", diff, err)
			}
		})
	}
}

// An egg-link with "dist-info" in its name is an egg-link all the same; one
// that is not a file is skipped.
func TestEggLinkItself(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files site
		want  string
	}{
		{"a file", site{"x.dist-info.egg-link": "/host/lib/src"}, dev},
		{"a folder", site{"x.dist-info.egg-link/": ""}, skipped},
		{"a link", site{"x.dist-info.egg-link": "->l", "l": "/host/lib/src"}, dev},
		{"a link to nowhere", site{"x.dist-info.egg-link": "->gone"}, skipped},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := tc.files.fs()
			fsys["lib/src/foo.egg-info"] = &fstest.MapFile{Data: []byte(good)}
			p, err := pypi.Read(fsys, sitePackages, "x.dist-info.egg-link", pypi.Env{HostRoot: "/host"})
			if diff := cmp.Diff(tc.want, outcome(p, err)); diff != "" {
				t.Errorf("(-want +got)\n%s%v", diff, err)
			}
		})
	}
}

// The text of the error is all an administrator gets to see of a skipped link.
func TestEggLinkOutsideGivesItsReason(t *testing.T) {
	_, err := pypi.Read(linked("/home/me/src\n", nil), sitePackages, "x.egg-link", pypi.Env{HostRoot: "/host/root"})
	if err == nil || !strings.Contains(err.Error(), "outside") || !strings.Contains(err.Error(), `"/home/me/src"`) {
		t.Errorf("got %v", err)
	}
}
