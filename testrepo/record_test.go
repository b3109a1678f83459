package testrepo_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/testrepo"
)

// goldenRecords are documents of testdata/records. Each was read by conda 26.7.1
// and dumped again (PrefixRecord.dump, indent 2), which gave the same bytes; the
// older one with sorted keys.
func goldenRecords() map[string]testrepo.Record {
	built := time.Date(2024, 3, 1, 12, 0, 0, 123_000_000, time.UTC)
	library := testrepo.Recipe{
		Kind: testrepo.Library, Name: "libpng", Version: "1.6.43", License: "zlib-acknowledgement",
		Depends: []string{"libzlib >=1,<2.0a0"}, Files: 7, Built: built,
	}.Make().Record
	noarch := testrepo.Recipe{
		Kind: testrepo.PythonNoarch, Name: "jinja2", Version: "3.1.4", Dist: "Jinja2", License: "BSD-3-Clause",
		Depends: []string{"markupsafe >=2.0"}, Python: "3.12.8", Files: 4, Built: built,
	}.Make().Record
	requested := testrepo.Recipe{
		Kind: testrepo.Interpreter, Name: "python", Version: "3.13.1", License: "Python-2.0",
		Depends: []string{"openssl >=3,<4.0a0"}, Constrains: []string{"python_abi 3.13.* *_cp313"}, Files: 9, Built: built,
	}.Make().Record
	requested.Requested = []string{"python=3.13"}
	older := testrepo.Recipe{
		Kind: testrepo.RCompiled, Name: "r-mass", Version: "7.3_60.0.1", Folder: "MASS", R: "4.3.3", Files: 9, Built: built,
	}.Make().Record
	older.SortedKeys = true
	escaped := testrepo.Recipe{Kind: testrepo.Meta, Name: "empty", Version: "1", Built: built}.Make().Record
	escaped.License = "\"Quoted\" \\ tab\t line\n DEL\x7f ümlaut \U0001f40d"
	return map[string]testrepo.Record{
		"library": library, "noarch": noarch, "requested": requested, "older": older, "escaped": escaped,
	}
}

func TestRecordHasTheBytesThatCondaWrites(t *testing.T) {
	for name, r := range goldenRecords() {
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile("testdata/records/" + name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(r.AppendJSON(nil))); diff != "" {
				t.Errorf("-conda +ours:\n%s", diff)
			}
		})
	}
}

func TestRecipeFormsTheBuildOfItsKind(t *testing.T) {
	tests := []struct {
		recipe testrepo.Recipe
		want   string // As a prefix: the hash is made up.
		suffix string
		number int
	}{
		{testrepo.Recipe{Kind: testrepo.Library, Number: 3}, "h", "_3", 3},
		{testrepo.Recipe{Kind: testrepo.PythonNoarch, Python: "3.11.9"}, "pyhd8ed1ab", "_0", 0},
		{testrepo.Recipe{Kind: testrepo.PythonCompiled, Python: "3.11.9"}, "py311h", "_0", 0},
		{testrepo.Recipe{Kind: testrepo.RNoarch, R: "4.3.3"}, "r43hc72bb7e", "_0", 0},
		{testrepo.Recipe{Kind: testrepo.RCompiled, R: "4.3.3", Build: "*_2"}, "r43h", "_2", 2},
		{testrepo.Recipe{Kind: testrepo.Interpreter}, "h", "_0_cpython", 0},
		{testrepo.Recipe{Kind: testrepo.Library, Build: "nompi_*_103"}, "nompi_h", "_103", 103},
		{testrepo.Recipe{Kind: testrepo.Meta, Build: "22_linux64_openblas"}, "22_", "linux64_openblas", 22},
		{testrepo.Recipe{Kind: testrepo.Meta, Build: "conda_forge"}, "conda_", "forge", 0},
	}
	for _, tt := range tests {
		tt.recipe.Name, tt.recipe.Version = "pkg", "3.12.1"
		r := tt.recipe.Make().Record
		n := len(tt.want)
		if len(r.Build) < n+len(tt.suffix) || r.Build[:n] != tt.want || r.Build[len(r.Build)-len(tt.suffix):] != tt.suffix || r.BuildNumber != tt.number {
			t.Errorf("%+v: build %q number %d, want %s…%s number %d", tt.recipe, r.Build, r.BuildNumber, tt.want, tt.suffix, tt.number)
		}
	}
}

// FuzzRecordIsValidJSON tries texts of all kinds in a record: the document is
// ASCII, can be parsed, and gives the text back if that was UTF-8.
func FuzzRecordIsValidJSON(f *testing.F) {
	f.Add("plain", false)
	f.Add("\"\\\x00\x1f\x7f\r\n", true)
	f.Add("ü\U0010ffff\xff\xed\xa0\x80", false)
	f.Fuzz(func(t *testing.T, text string, sorted bool) {
		r := testrepo.Record{
			Name: text, License: text, Depends: []string{text}, SortedKeys: sorted,
			Paths: []testrepo.Path{{Name: text, Kind: testrepo.TextPrefix}},
		}
		data := r.AppendJSON(nil)
		var got record
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatalf("%v in\n%s", err, data)
		}
		for _, b := range data {
			if b >= utf8.RuneSelf {
				t.Fatalf("byte %#x in\n%s", b, data)
			}
		}
		if utf8.ValidString(text) && (got.Name != text || got.Depends[0] != text || got.PathsData.Paths[0].Path != text) {
			t.Fatalf("%q came back as %q, %q, %q", text, got.Name, got.Depends, got.PathsData.Paths)
		}
	})
}
