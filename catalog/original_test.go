package catalog_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

func originalPair(t testing.TB) pair {
	t.Helper()
	ar, err := txtar.ParseFile(filepath.Join("testdata", "original.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return pair{string(ar.Files[0].Data), string(ar.Files[1].Data)}
}

func edit(t testing.TB, text, from, to string) string {
	t.Helper()
	if !strings.Contains(text, from) {
		t.Fatalf("nothing like %q to edit", from)
	}
	return strings.Replace(text, from, to, 1)
}

// Files of the original are served as they stand, in their own orders.
func TestOriginalAsItStands(t *testing.T) {
	p := originalPair(t)
	c := loadPair(t, p)
	verify(t, p, c)

	l, _ := c.Language("R")
	diff(t, "families", []string{"stats", "geo"}, collect(l.Families(), catalog.Family.Name))
	f, _ := l.Family("stats")
	diff(t, "versions", []string{"2.10", "2.9"}, collect(f.Kernels(), catalog.Kernel.Version))
	k, _ := c.Kernel(key("R/stats/2.10"))
	diff(t, "R before conda", []string{"zoo", "MASS", "zlib", "_r-mutex"}, collect(k.Rows(), catalog.Row.Name))
	if k, _ = c.Kernel(key("R/stats/2.9")); k.ManifestPath() != "./R/stats/2.9/package_manifest.json" {
		t.Errorf("manifest path %q", k.ManifestPath())
	}
	if c.Generation() != "" || c.IndexedDate() != "2025-11-20T21:12:32Z" || c.Headers().Index.IndexedDate != "2025-11-20T21:12:35Z" {
		t.Errorf("headers %+v", c.Headers())
	}
}

// The original looks at the kernels once for each document. What changed in
// between makes them differ, and either is served as it is.
func TestOriginalDocumentsMayDiffer(t *testing.T) {
	good := originalPair(t)
	for name, p := range map[string]pair{
		"version":           {good.collated, edit(t, good.index, `"package_version": "1.8-14"`, `"package_version": "1.8-15"`)},
		"source":            {good.collated, edit(t, good.index, `"source": "r"`, `"source": "conda"`)},
		"kernel of index":   {good.collated, edit(t, good.index, `"kernel_version": "2.10"`, `"kernel_version": "2.11"`)},
		"language of index": {good.collated, edit(t, good.index, `"kernel_language": "R"`, `"kernel_language": "Julia"`)},
		"name":              {good.collated, edit(t, good.index, `"name": "MASS"`, `"name": "MASSIVE"`)},
		"no index":          {good.collated, `{"indexed_date":"2025-11-20T21:12:35Z","total_packages":0,"packages":[]}`},
		"no kernels":        {`{"indexed_date":"2025-11-20T21:12:35Z","total_kernels":0,"kernels":[]}`, good.index},
		"package of kernel": {edit(t, good.collated, `"name": "MASS"`, `"name": "MASSIVE"`), good.index},
	} {
		t.Run(name, func(t *testing.T) { verify(t, p, loadPair(t, p)) })
	}
}

// A kernel that only the index names is no kernel.
func TestKernelOfIndexOnly(t *testing.T) {
	p := originalPair(t)
	p.index = edit(t, p.index, `"kernel_version": "2.10"`, `"kernel_version": "2.11"`)
	c := loadPair(t, p)
	if _, ok := c.Kernel(key("R/stats/2.11")); ok {
		t.Error("found as a kernel")
	}
	mass, _ := c.Package("MASS")
	for r := range mass.Rows() {
		if _, ok := r.Kernel(); ok || r.Key() != key("R/stats/2.11") {
			t.Errorf("row of %s, a kernel: %v", r.Key(), ok)
		}
	}
	diff(t, "kernels that have it", []manifests.KernelKey{key("R/stats/2.10")},
		collect(c.Kernels(catalog.Filter{Packages: []string{"MASS"}}), catalog.Kernel.Key))
}

// Rows in another order than the kernels' are no contradiction, but kept.
func TestOrderOfIndexRowsIsKept(t *testing.T) {
	for name, p := range map[string]pair{"ours": goodPair(t), "original": originalPair(t)} {
		t.Run(name, func(t *testing.T) {
			kernels, packages := documents(t, p)
			for i := range packages {
				slices.Reverse(packages[i].Kernels)
			}
			generation := loadPair(t, p).Generation()
			p := encode(t, kernels, packages, generation)
			verify(t, p, loadPair(t, p))
		})
	}
}
