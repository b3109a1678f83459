package pypi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/rootfs"
)

// recorded is testdata/conda.json: what conda's own reader answered to made-up
// input, mostly random mutations of good input, a few of each kind of failure.
type recorded struct {
	Requirement []verdict       `json:"requirement"`  // texts of Requires-Dist
	Requires    []verdict       `json:"requires.txt"` // whole files
	Int         []verdict       `json:"int"`
	Checksum    []verdict       `json:"checksum"`
	Record      []verdict       `json:"RECORD"` // whole files
	Name        [][2]string     `json:"name"`   // as written, normalised
	Package     []packageAnswer `json:"package"`
}

// verdict is an input, and whether conda takes it.
type verdict struct {
	text string
	ok   bool
}

func (v *verdict) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[2]any{&v.text, &v.ok})
}

// packageAnswer is a tree of files, and what conda makes of one anchor in it.
// In all strings @SP@ is site-packages, @ROOT@ the absolute path of the tree
// and @BASE@ its last part.
type packageAnswer struct {
	Anchor  Anchor
	Anchors []Anchor // of the whole folder, if there are others
	Files   map[string]string
	Base64  map[string]string // more files
	Links   map[string]string
	Dirs    []string
	Python  string // version, 3.11.8 if empty
	Cwd     string // working directory, the root if empty
	Want    struct {
		Package
		Result string // ok, skipped, noversion or crash
	}
}

func loadRecorded(t *testing.T) recorded {
	t.Helper()
	r, err := readRecorded()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readRecorded() (recorded, error) {
	var r recorded
	data, err := os.ReadFile("testdata/conda.json")
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(data, &r)
}

func TestVerdictsOfConda(t *testing.T) {
	r := loadRecorded(t)
	for _, tc := range []struct {
		name     string
		verdicts []verdict
		check    func(string) error
	}{
		{"requirement", r.Requirement, checkRequirement},
		{"requires.txt", r.Requires, func(s string) error {
			for _, requirement := range parseRequires(s) {
				if err := checkRequirement(requirement); err != nil {
					return err
				}
			}
			return nil
		}},
		{"int", r.Int, func(s string) error {
			if !isInt([]byte(s)) {
				return errors.New("no integer")
			}
			return nil
		}},
		{"checksum", r.Checksum, func(s string) error { return checkSum([]byte(s)) }},
		{"RECORD", r.Record, func(s string) error {
			return checkRecord(universalNewlines([]byte(s)), "", "3.11.8")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if len(tc.verdicts) == 0 {
				t.Fatal("nothing recorded")
			}
			for _, v := range tc.verdicts {
				if err := tc.check(v.text); (err == nil) != v.ok {
					t.Errorf("%q: got error %v, conda takes it: %v", v.text, err, v.ok)
				}
			}
		})
	}
}

func TestNamesOfConda(t *testing.T) {
	r := loadRecorded(t)
	if len(r.Name) == 0 {
		t.Fatal("nothing recorded")
	}
	for _, n := range r.Name {
		if got := normalName(n[0]); got != n[1] {
			t.Errorf("normalName(%q) = %q, want %q", n[0], got, n[1])
		}
	}
}

func TestPackagesOfConda(t *testing.T) {
	r := loadRecorded(t)
	if len(r.Package) == 0 {
		t.Fatal("nothing recorded")
	}
	for i, a := range r.Package {
		root := t.TempDir()
		a.build(t, root)
		fsys, err := rootfs.Open(root)
		if err != nil {
			t.Fatal(err)
		}
		anchors, err := Anchors(fsys, recordedSite)
		if err != nil {
			t.Errorf("package %d: %v", i, err)
		}
		want := a.Anchors
		if want == nil {
			want = []Anchor{a.Anchor}
		}
		if diff := cmp.Diff(want, anchors); diff != "" {
			t.Errorf("package %d: anchors (-conda +got)\n%s", i, diff)
		}
		env := Env{Prefix: "p", PythonVersion: a.Python, WorkDir: path.Clean(a.Cwd), HostRoot: root}
		if a.Python == "" {
			env.PythonVersion = "3.11.8"
		}
		p, err := Read(fsys, recordedSite, a.Anchor, env)
		got := a.Want
		got.Package, got.Result = p, resultOf(err)
		if got != a.Want {
			t.Errorf("package %d, %s: got %+v, error %v; conda: %+v", i, a.Anchor, got, err, a.Want)
		}
		if err := fsys.Close(); err != nil {
			t.Error(err)
		}
	}
}

const recordedSite = "p/lib/python3.11/site-packages"

func resultOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrSkipped):
		return "skipped"
	case errors.Is(err, ErrNoVersion):
		return "noversion"
	}
	return "crash"
}

// build lays the files below root.
func (a packageAnswer) build(t *testing.T, root string) {
	t.Helper()
	words := strings.NewReplacer("@SP@", recordedSite, "@ROOT@", root, "@BASE@", path.Base(root))
	place := func(name string) string {
		full := filepath.Join(root, words.Replace(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		return full
	}
	for _, dir := range append(a.Dirs, "@SP@") {
		if err := os.MkdirAll(place(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]string{}
	for name, text := range a.Files {
		files[name] = text
	}
	for name, encoded := range a.Base64 {
		data, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(data)
	}
	for name, text := range files {
		if err := os.WriteFile(place(name), []byte(words.Replace(text)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range a.Links {
		if err := os.Symlink(words.Replace(target), place(name)); err != nil {
			t.Fatal(err)
		}
	}
}
