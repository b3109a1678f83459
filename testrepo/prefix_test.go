package testrepo_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/testrepo"
)

func ExamplePrefix() {
	dir, err := os.MkdirTemp("", "prefix")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	p := testrepo.Prefix{Pip: []testrepo.DistInfo{testrepo.NewDistInfo("Flask", "3.0.3")}}
	p.Add(
		testrepo.Recipe{Kind: testrepo.Interpreter, Name: "python", Version: "3.11.9"},
		testrepo.Recipe{Kind: testrepo.PythonNoarch, Name: "six", Version: "1.16.0", Python: "3.11.9"},
	)
	if err := p.WriteTo(dir); err != nil {
		panic(err)
	}
	anchors, _ := filepath.Glob(filepath.Join(dir, p.SitePackages(), "*.dist-info"))
	for _, a := range anchors {
		fmt.Println(filepath.Base(a))
	}
	// Output:
	// Flask-3.0.3.dist-info
	// six-1.16.0.dist-info
}

func TestPrefixHasWhatItWasGiven(t *testing.T) {
	dir := t.TempDir()
	p := &testrepo.Prefix{
		Pip:     []testrepo.DistInfo{testrepo.NewDistInfo("my-tool", "0.1.dev0").Editable("/home/me/my-tool")},
		Library: []testrepo.RPackage{testrepo.NewRPackage("MASS", "7.3-61", "4.3.3")},
		Files:   map[string]string{"kernel.yaml": "default: true\n"},
		Specs:   []string{"python=3.12", "r-base"},
	}
	p.Add(
		testrepo.Recipe{Kind: testrepo.Interpreter, Name: "python", Version: "3.12.8"},
		testrepo.Recipe{Kind: testrepo.RBase, Name: "r-base", Version: "4.3.3"},
		testrepo.Recipe{Kind: testrepo.RCompiled, Name: "r-mass", Version: "7.3_60.0.1", Folder: "MASS", R: "4.3.3"},
		testrepo.Recipe{Kind: testrepo.Library, Name: "zlib", Version: "1.2.13", Build: "h1_0", Channel: "https://repo.anaconda.com/pkgs/main"},
	)
	if err := p.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	if got := len(readRecords(t, dir)); got != 4 {
		t.Errorf("%d records, want 4", got)
	}
	wantParts := map[string]string{
		"conda-meta/history":             "+conda-forge/linux-64::r-mass-7.3_60.0.1-r43h",
		"kernel.yaml":                    "default: true",
		"lib/R/library/MASS/DESCRIPTION": "Version: 7.3-61\n", // install.packages came after conda.
		"lib/R/library/base/DESCRIPTION": "Version: 4.3.3\nPriority: base\n",
		"lib/python3.12/site-packages/my_tool-0.1.dev0.dist-info/direct_url.json": `"url": "file:///home/me/my-tool"`,
		"lib/python3.12/site-packages/my_tool-0.1.dev0.dist-info/RECORD":          "my_tool-0.1.dev0.dist-info/REQUESTED,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n",
	}
	for name, want := range wantParts {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s lacks %q (%v):\n%s", name, want, err, data)
		}
	}
	history, _ := os.ReadFile(filepath.Join(dir, "conda-meta/history"))
	var linked []string
	for line := range strings.Lines(string(history)) {
		if name, _, ok := strings.Cut(line, "::"); ok {
			linked = append(linked, name)
		}
	}
	want := []string{"+conda-forge/linux-64", "+conda-forge/linux-64", "+conda-forge/linux-64", "+defaults/linux-64"}
	if diff := cmp.Diff(want, linked); diff != "" {
		t.Errorf("channels in history: -want +got:\n%s", diff)
	}
}
