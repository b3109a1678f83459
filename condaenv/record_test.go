package condaenv

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/pyjson"
)

// recordWith is the JSON of a record x-1-0 with further members.
func recordWith(members string) string {
	if members != "" {
		members = ", " + members
	}
	return `{"name": "x", "version": "1", "build": "0", "build_number": 0` + members + `}`
}

// TestFieldRules is conda's validation of a record's fields, one line a rule.
func TestFieldRules(t *testing.T) {
	tests := []struct {
		members string
		ok      bool
	}{
		{``, true},
		// integers: booleans are integers to Python, fractions are not
		{`"build_number": true`, true},
		{`"build_number": -99999999999999999999`, true},
		{`"build_number": 0.0`, false},
		{`"build_number": "0"`, false},
		{`"build_number": null`, false},
		{`"size": 1.5`, false},
		{`"size": null`, true},
		{`"size": "1"`, false},
		{`"legacy_bz2_size": false`, true},
		{`"timestamp": 1.5`, true},
		{`"timestamp": NaN`, true},
		{`"timestamp": null`, true},
		{`"timestamp": ""`, false},
		{`"indexed_timestamp": []`, false},
		// lists of text: an object counts as the list of its keys
		{`"depends": null`, false},
		{`"depends": "python"`, false},
		{`"depends": ["a", 1]`, false},
		{`"depends": {"a": 1}`, true},
		{`"constrains": null`, false},
		{`"constrains": [null]`, false},
		{`"files": null`, true},
		{`"files": "a"`, false},
		{`"files": [1]`, false},
		{`"files": {"a": []}`, true},
		{`"flags": null`, true},
		{`"flags": "x"`, false},
		{`"requested_specs": null`, true},
		{`"requested_specs": "x"`, false},
		{`"_requested_specs": null, "requested_specs": "x"`, true},
		// features
		{`"track_features": "a b"`, true},
		{`"track_features": ["a"]`, true},
		{`"track_features": null`, false},
		{`"features": 1`, false},
		{`"features": [1]`, false},
		// text: numbers become text
		{`"license": 3`, true},
		{`"license": null`, true},
		{`"license": ["MIT"]`, false},
		{`"subdir": null`, true},
		{`"subdir": {}`, false},
		{`"url": []`, false},
		{`"fn": null`, true},
		{`"filename": null`, false},
		{`"fn": "a", "filename": null`, true},
		{`"filename": "a"`, true},
		// enumerations
		{`"noarch": "Python"`, true},
		{`"noarch": true`, true},
		{`"noarch": null`, true},
		{`"noarch": "no"`, true},
		{`"noarch": "1.5"`, true},
		{`"noarch": "\u0661"`, true},
		{`"noarch": "other"`, false},
		{`"noarch": 1`, false},
		{`"package_type": "noarch_python"`, true},
		{`"package_type": "NOARCH_PYTHON"`, true},
		{`"package_type": "Noarch_python"`, false},
		{`"package_type": "conda"`, false},
		{`"package_type": null`, true},
		{`"platform": "osx"`, true},
		{`"platform": "Linux"`, false},
		{`"platform": null`, true},
		// channel
		{`"channel": null`, true},
		{`"channel": {}`, true},
		{`"channel": 5`, false},
		{`"schannel": null`, false},
		{`"channel": "a", "schannel": null`, true},
		// link
		{`"link": null`, true},
		{`"link": {"source": ""}`, true},
		{`"link": {"source": "a", "type": 1}`, true},
		{`"link": {"source": "a", "type": 5}`, false},
		{`"link": {"source": "a", "type": "Hard-Link"}`, true},
		{`"link": {"source": "a", "type": "sym"}`, false},
		{`"link": {"type": 1}`, false},
		{`"link": []`, false},
		{`"link": "a"`, false},
		// paths_data
		{`"paths_data": null`, true},
		{`"paths_data": {"paths_version": 1, "paths": []}`, true},
		{`"paths_data": {"paths_version": 1, "paths": {}}`, true},
		{`"paths_data": {"paths_version": 1}`, false},
		{`"paths_data": {"paths": []}`, false},
		{`"paths_data": {"paths_version": "1", "paths": []}`, false},
		{`"paths_data": {"paths_version": 1, "paths": null}`, false},
		{`"paths_data": {"paths_version": 1, "paths": ["a"]}`, false},
		{`"paths_data": []`, false},
		{`"self": 1`, false},
	}
	for _, tt := range tests {
		t.Run(tt.members, func(t *testing.T) {
			r, err := new(recordParser).parse("x-1-0.json", []byte(recordWith(tt.members)))
			if err != nil {
				t.Fatal(err)
			}
			if (r.problem == nil) != tt.ok {
				t.Errorf("problem %v, want ok %v", r.problem, tt.ok)
			}
		})
	}
}

// TestPathRules is the validation of the entries of paths_data.
func TestPathRules(t *testing.T) {
	tests := []struct {
		entry string
		ok    bool
	}{
		{`"_path": "a", "path_type": "hardlink"`, true},
		{`"_path": 1, "path_type": "pyc_file"`, true},
		{`"path_type": "hardlink"`, false},
		{`"_path": null, "path_type": "hardlink"`, false},
		{`"_path": "a"`, false},
		{`"_path": "a", "path_type": "hard"`, false},
		{`"_path": "a", "path_type": "s\u006fftlink"`, true},
		{`"\u005fpath": "a", "path_type": "softlink"`, true},
		{`"_path": "a", "path_type": "softlink", "file_mode": "binary"`, true},
		{`"_path": "a", "path_type": "softlink", "file_mode": ""`, false},
		{`"_path": "a", "path_type": "softlink", "file_mode": null`, true},
		{`"_path": "a", "path_type": "softlink", "no_link": []`, true},
		{`"_path": "a", "path_type": "softlink", "sha256": []`, false},
		{`"_path": "a", "path_type": "softlink", "sha256_in_prefix": {}`, false},
		{`"_path": "a", "path_type": "softlink", "prefix_placeholder": null`, true},
		{`"_path": "a", "path_type": "softlink", "size_in_bytes": 1.0`, false},
		{`"_path": "a", "path_type": "softlink", "size_in_bytes": null`, true},
		{`"_path": "a", "path_type": "softlink", "inode_paths": [1]`, false},
		{`"_path": "a", "path_type": "softlink", "inode_paths": null`, true},
		{`"_path": "a", "path_type": "softlink", "unknown": [{"deep": [1]}]`, true},
		{`"_path": "a", "path_type": "bad", "path_type": "softlink"`, true}, // the last of equal keys counts
		{`"_path": "a", "path_type": "softlink", "path_type": "bad"`, false},
		{`"_path": "a", "path_type": "softlink", "self": 1`, false},
	}
	for _, tt := range tests {
		t.Run(tt.entry, func(t *testing.T) {
			doc := recordWith(`"paths_data": {"paths_version": 1, "paths": [{"_path": "z", "path_type": "directory"}, {` + tt.entry + `}]}`)
			r, err := new(recordParser).parse("x-1-0.json", []byte(doc))
			if err != nil {
				t.Fatal(err)
			}
			if (r.problem == nil) != tt.ok {
				t.Errorf("problem %v, want ok %v", r.problem, tt.ok)
			}
		})
	}
}

// TestAcceptingARecord is what the file's name has to do with it.
func TestAcceptingARecord(t *testing.T) {
	doc := recordWith("")
	tests := []struct {
		file, doc string
		want      string // "", "ignored", or a part of the error
	}{
		{"x-1-0.json", doc, ""},
		{".x-1-0.json", strings.Replace(doc, `"x"`, `".x"`, 1), ""},
		{"a-b-1-0.json", strings.Replace(doc, `"x"`, `"a-b"`, 1), ""},
		{"-1-0.json", strings.Replace(doc, `"x"`, `""`, 1), ""},
		{"X-1-0.json", doc, "ignored"},
		{"x-1-1.json", doc, "ignored"},
		{"x-1-0.json", strings.Replace(doc, `"1"`, `1`, 1), "ignored"},
		{"x-2-0.json", recordWith(`"depends": 5`), "ignored"}, // even if the rest is nonsense
		{"x-0.json", doc, "two dashes"},
		{".json", doc, "two dashes"},
		{"x-1-0.json", `{"name": "x", "version": "1", "build_string": "0"}`, `no field "build"`},
		{"x-1-0.json", `[]`, "not a JSON object"},
		{"x-0.json", `[`, "not readable as JSON"}, // the JSON is read first
		{"x-1-0.json", doc + "x", "extra data"},
		{"x-1-0.json", "", "not readable as JSON"},
	}
	for _, tt := range tests {
		_, err := new(recordParser).parse(tt.file, []byte(tt.doc))
		switch {
		case tt.want == "":
			if err != nil {
				t.Errorf("%s %s: %v", tt.file, tt.doc, err)
			}
		case tt.want == "ignored":
			if !errors.Is(err, errMismatch) {
				t.Errorf("%s %s: %v, want it ignored", tt.file, tt.doc, err)
			}
		case err == nil || !strings.Contains(err.Error(), tt.want):
			t.Errorf("%s %s: %v, want %q", tt.file, tt.doc, err, tt.want)
		}
	}
}

// TestLongestAnchorOfARecord is which entry of files ties a record to site-packages.
func TestLongestAnchorOfARecord(t *testing.T) {
	const dir = "lib/python3.11/site-packages"
	tests := []struct {
		files []string
		want  string
	}{
		{[]string{dir + "/a.dist-info/RECORD"}, dir + "/a.dist-info/RECORD"},
		{[]string{dir + "/a.egg-info"}, dir + "/a.egg-info"},
		{[]string{dir + "/a.egg-info/PKG-INFO"}, dir + "/a.egg-info/PKG-INFO"},
		{[]string{dir + "/a.dist-info/METADATA", dir + "/a.egg/EGG-INFO/PKG-INFO", dir + "/a.egg-link"}, ""},
		{[]string{dir + "/.dist-info/RECORD", dir + "/sub/a.dist-info/RECORD", "./" + dir + "/a.egg-info"}, ""},
		{[]string{dir + "/a.DIST-INFO/RECORD", "site-packages/a.egg-info"}, ""},
		{[]string{dir + "/a.egg-info", dir + "/bb.egg-info", dir + "/cc.egg-info"}, dir + "/bb.egg-info"},
		{[]string{dir + "/ää.egg-info", dir + "/bbb.egg-info"}, dir + "/bbb.egg-info"}, // in characters, not bytes
		{[]string{dir + "/a.egg-info\n"}, dir + "/a.egg-info\n"},
	}
	for _, tt := range tests {
		if got := longestAnchor(tt.files, dir); got != tt.want {
			t.Errorf("longestAnchor(%q) = %q, want %q", tt.files, got, tt.want)
		}
	}
}

// TestAnchorsAreFoundInFiles is that no spelling of an entry hides an anchor.
func TestAnchorsAreFoundInFiles(t *testing.T) {
	doc := recordWith(`"files": ["a\"", "lib/a.dist-info\/RECORD", "x.py", "lib/b.egg-info", "lib/\u0062.egg-inf\u006f", "c.egg-info\n"]`)
	r, err := new(recordParser).parse("x-1-0.json", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range r.anchors {
		if strings.Contains(a, "info") {
			got = append(got, a)
		}
	}
	want := []string{"lib/a.dist-info/RECORD", "lib/b.egg-info", "lib/b.egg-info", "c.egg-info\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestSitePackagesOfAVersion is where a Python of a version keeps its packages.
func TestSitePackagesOfAVersion(t *testing.T) {
	for version, want := range map[string]string{
		"3.11.8": "3.11", "3.13.0rc2": "3.13", "3.9.7_pypy": "3.9", "311": "3.11", "py3.11": "3.11", "1!3.11.2": "1.3112",
		"3": "None", "": "None", "3.": "None", "27": "2.7",
	} {
		if got := majorMinor(version); got != want {
			t.Errorf("majorMinor(%q) = %q, want %q", version, got, want)
		}
	}
}

func TestLanguageVersion(t *testing.T) {
	pkg := func(name, version string) []Package { return []Package{{Name: name, Version: version}} }
	tests := []struct {
		directory      string
		conda, library []Package
		want           string
	}{
		{"Python", pkg("python", "3.11.9"), nil, "3.11"},
		{"PYTHON", pkg("python", "3.13.0rc2"), nil, "3.13"},
		{"Python", pkg("python", "weird"), nil, "unknown"},
		{"Python", nil, nil, "unknown"},
		{"R", pkg("r-base", "4.4.3"), pkg("base", "4.4.2"), "4.4.3"},
		{"R", nil, pkg("base", "4.4.2"), "4.4.2"},
		{"R", pkg("python", "3.11"), nil, "unknown"},
		{"Julia", pkg("julia", "1.10.4"), nil, "1.10.4"},
		{"Perl", pkg("julia", "1.10.4"), nil, "unknown"},
	}
	for _, tt := range tests {
		if got := LanguageOf(tt.directory).Version(tt.conda, tt.library); got != tt.want {
			t.Errorf("%s: version %q, want %q", tt.directory, got, tt.want)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add("x-1-0.json", recordWith(`"files": ["a.egg-info"], "paths_data": {"paths_version": 1, "paths": [{"_path": "a", "path_type": "hardlink"}]}`))
	f.Add("a\xff-1-0.json", "\xff\xfe{\x00}\x00")
	f.Fuzz(func(t *testing.T, file, doc string) {
		r, err := new(recordParser).parse(file, []byte(doc))
		if err == nil && pyjson.FileName(file) != r.name+"-"+r.version+"-"+r.build+".json" {
			t.Errorf("%q is accepted as %q %q %q", file, r.name, r.version, r.build)
		}
	})
}
