package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"kernelindexer/catalog"
	"kernelindexer/manifests"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

var testTime = time.Date(2026, 1, 31, 4, 5, 6, 0, time.UTC)

// pair is both documents.
type pair struct{ collated, index string }

// memFile is a manifests.Output in memory.
type memFile struct{ bytes.Buffer }

func (m *memFile) WriteAt(p []byte, at int64) (int, error) { return copy(m.Bytes()[at:], p), nil }

// collate makes the documents that we publish of kernels in their final order.
func collate(t testing.TB, kernels ...manifests.Manifest) pair {
	t.Helper()
	c, x := &memFile{}, &bytes.Buffer{}
	_, err := manifests.Collate(context.Background(), func(yield func(manifests.Entry, error) bool) {
		for _, m := range kernels {
			if !yield(manifests.NewEntry(m), nil) {
				return
			}
		}
	}, testTime, manifests.Outputs{Collated: c, Index: x})
	if err != nil {
		t.Fatal(err)
	}
	return pair{c.String(), x.String()}
}

func load(p pair) (*catalog.Catalog, error) {
	fsys := fstest.MapFS{
		manifests.CollatedName:     {Data: []byte(p.collated), Mode: 0o644},
		manifests.PackageIndexName: {Data: []byte(p.index), Mode: 0o644},
	}
	collated, index := manifests.PairIn(fsys)
	return catalog.Load(context.Background(), collated, index)
}

func loadPair(t testing.TB, p pair) *catalog.Catalog {
	t.Helper()
	c, err := load(p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// documents reads what a pair says, without a catalog.
func documents(t testing.TB, p pair) (kernels []manifests.Entry, packages []manifests.PackageEntry) {
	t.Helper()
	_, err := manifests.ReadCollated(strings.NewReader(p.collated), func(e manifests.Entry) error {
		e.Fingerprint = ""
		kernels = append(kernels, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = manifests.ReadPackageIndex(strings.NewReader(p.index), func(e manifests.PackageEntry) error {
		packages = append(packages, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return kernels, packages
}

// encode writes documents that say just this, in this order; of the original if
// there is no generation.
func encode(t testing.TB, kernels []manifests.Entry, packages []manifests.PackageEntry, generation string) pair {
	t.Helper()
	header := `{"indexed_date":"2026-01-31T04:05:06Z",`
	if generation != "" {
		header += `"generation":"` + generation + `",`
	}
	return pair{
		header + fmt.Sprintf(`"total_kernels":%d,"kernels":%s}`, len(kernels), array(t, kernels)),
		header + fmt.Sprintf(`"total_packages":%d,"packages":%s}`, len(packages), array(t, packages)),
	}
}

func array[E any](t testing.TB, list []E) string {
	t.Helper()
	if len(list) == 0 {
		return "[]"
	}
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// pkg makes a package from "name version source [build channel]".
func pkg(s string) manifests.Package {
	f := strings.Fields(s)
	p := manifests.Package{Name: f[0], Version: f[1], Source: manifests.Source(f[2])}
	if len(f) == 5 {
		p.Build, p.Channel = f[3], f[4]
	}
	return p
}

// kernel makes a manifest; the path is language/name/version.
func kernel(path, languageVersion string, packages ...string) manifests.Manifest {
	f := strings.Split(path, "/")
	m := manifests.Manifest{
		Language: f[0], KernelName: f[1], KernelVersion: f[2], LanguageVersion: languageVersion,
		IndexedDate: "2026-01-31T04:00:00Z", Fingerprint: "v1:" + path,
	}
	for _, p := range packages {
		m.Packages = append(m.Packages, pkg(p))
	}
	return m
}

// key parses language/name/version.
func key(path string) manifests.KernelKey {
	f := strings.Split(path, "/")
	return manifests.KernelKey{Language: f[0], Name: f[1], Version: f[2]}
}

// goodPair is a small store of ours: two languages, versions in version order,
// an empty kernel, a package of two sources, and one build in two kernels.
func goodPair(t testing.TB) pair {
	t.Helper()
	newer := kernel("R/pecan/1.10", "4.5.1", "openssl 3.5.1 conda h7b32b05_0 conda-forge", "sf 1.0-21 r", "r-sf 1.0_21 conda r45_0 conda-forge")
	newer.KernelInfo = manifests.KernelInfo{
		Description: "PEcAn <b>&\u2028é", Maintainer: "Ann", Deprecated: true, DeprecationNote: "use 1.9", Default: true,
	}
	return collate(t,
		kernel("Python/astro/1.0", "3.11", "_libgcc_mutex 0.1 python main defaults", "astropy 7.1.0 python", "NumPy 2.3.1 python py311h0_0 conda-forge"),
		kernel("Python/empty/1.0", "unknown"),
		kernel("R/pecan/1.9", "4.5.1", "openssl 3.5.1 conda h7b32b05_0 conda-forge", "openssl 2.3.3 r", "sf 1.0-20 r", "Rcpp 1.0.14 r"),
		newer)
}

func diff(t testing.TB, what string, want, got any, opts ...cmp.Option) {
	t.Helper()
	if d := cmp.Diff(want, got, opts...); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// mustFail checks that err is of a kind and says something.
func mustFail(t testing.TB, err, kind error, text string) {
	t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(fmt.Sprint(err), text) {
		t.Errorf("error %v, want %v with %q", err, kind, text)
	}
}

// golden compares with a file in testdata, which it writes if UPDATE is set.
func golden(t testing.TB, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, name, string(want), string(got))
}
