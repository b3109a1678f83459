package catalog_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// named is a catalog of packages with these names, in byte order.
func named(t testing.TB, names ...string) *catalog.Catalog {
	t.Helper()
	m := kernel("R/names/1", "4.5.1")
	for _, name := range names {
		m.Packages = append(m.Packages, manifests.Package{Name: name, Version: "1", Source: manifests.SourceR})
	}
	return loadPair(t, collate(t, m))
}

func TestSearch(t *testing.T) {
	c := named(t, "NumPy", "R6", "i̇x", "numpy", "numpy-base", "pynum", "x", "y", "İX", "ΟΔΟΣ", "ΣΑΣ", "οδοσ", "K")
	for query, want := range map[string][]string{
		"numpy":     {"NumPy", "numpy", "numpy-base"},
		"NUMPY":     {"NumPy", "numpy", "numpy-base"},
		"num":       {"NumPy", "numpy", "numpy-base", "pynum"},
		"x":         {"i̇x", "x", "İX"},
		"xy":        nil, // across two names
		"y\xff":     nil,
		"\xff":      nil,
		"\x00":      nil,
		"\n":        nil,
		" numpy":    nil, // not trimmed
		"İ":         {"i̇x", "İX"},
		"i":         {"i̇x", "İX"},
		"k":         {"K"},
		"ς":         {"ΟΔΟΣ", "ΣΑΣ"},
		"ΟΔΟΣ":      {"ΟΔΟΣ"}, // the query has a final sigma, too; the name in small letters has none
		"οδοσ":      {"οδοσ"},
		"Σ":         {"ΣΑΣ", "οδοσ"},
		"numpyy":    nil,
		"numpy-bas": {"numpy-base"},
	} {
		diff(t, query, want, collect(c.Search(query), catalog.Package.Name))
	}
	diff(t, "everything", collect(c.Packages(), catalog.Package.Name), collect(c.Search(""), catalog.Package.Name))
}

func TestFilter(t *testing.T) {
	for _, p := range []pair{goodPair(t), differing(t, goodPair(t))} {
		c := loadPair(t, p)
		for name, test := range map[string]struct {
			f    catalog.Filter
			want []string
		}{
			"all":          {catalog.Filter{}, []string{"Python/astro/1.0", "Python/empty/1.0", "R/pecan/1.9", "R/pecan/1.10"}},
			"language":     {catalog.Filter{Language: "R"}, []string{"R/pecan/1.9", "R/pecan/1.10"}},
			"case":         {catalog.Filter{Language: "r"}, nil},
			"name":         {catalog.Filter{Name: "AST"}, []string{"Python/astro/1.0"}},
			"package":      {catalog.Filter{Packages: []string{"sf"}}, []string{"R/pecan/1.9", "R/pecan/1.10"}},
			"packages":     {catalog.Filter{Packages: []string{"sf", "Rcpp"}}, []string{"R/pecan/1.9"}},
			"none":         {catalog.Filter{Packages: []string{"SF"}}, nil},
			"none at all":  {catalog.Filter{Language: "Python", Packages: []string{"sf"}}, nil},
			"all together": {catalog.Filter{Language: "R", Name: "can", Packages: []string{"r-sf"}}, []string{"R/pecan/1.10"}},
		} {
			diff(t, name, test.want, collect(c.Kernels(test.f), func(k catalog.Kernel) string { return k.Key().String() }))
		}
	}
}

func TestFilterFoldsNames(t *testing.T) {
	c := loadPair(t, collate(t, kernel("R/Rbio/1", "4"), kernel("R/ΟΔΟΣ/1", "4")))
	for name, want := range map[string]string{"rBIO": "Rbio", "b": "Rbio", "οδος": "ΟΔΟΣ"} {
		diff(t, name, []string{want}, collect(c.Kernels(catalog.Filter{Name: name}), catalog.Kernel.Name))
	}
}

// differing makes a pair of the original of p with an index that knows nothing.
func differing(t testing.TB, p pair) pair {
	kernels, _ := documents(t, p)
	return encode(t, kernels, nil, "")
}

// Python wrote the packages of the recording; we write the same bytes.
func TestAppendJSONIsPythons(t *testing.T) {
	f, err := os.Open("testdata/python_dumps.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []string
	var packages []manifests.PackageEntry
	for scan := bufio.NewScanner(f); scan.Scan(); {
		var p manifests.PackageEntry
		if err := json.Unmarshal(scan.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, scan.Text())
		packages = append(packages, p)
	}
	if len(lines) < 9 {
		t.Fatalf("%d lines", len(lines))
	}
	c := loadPair(t, encode(t, nil, packages, ""))
	var got []string
	for p := range c.Packages() {
		got = append(got, string(p.AppendJSON(nil)))
	}
	diff(t, "JSON", lines, got)
}

func TestAppendJSONAppends(t *testing.T) {
	p, _ := loadPair(t, goodPair(t)).Package("sf")
	want := `[{"name":"sf","kernel_count":2,"kernels":[` +
		`{"kernel_name":"pecan","kernel_version":"1.9","package_version":"1.0-20","source":"r","kernel_language":"R"},` +
		`{"kernel_name":"pecan","kernel_version":"1.10","package_version":"1.0-21","source":"r","kernel_language":"R"}]}`
	diff(t, "JSON", want, string(p.AppendJSON([]byte("["))))
}
