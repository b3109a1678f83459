package manifests_test

import (
	"bytes"
	"context"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"kernelindexer/manifests"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	testTime  = time.Date(2026, 1, 31, 4, 5, 6, 0, time.UTC)
	pairNames = manifests.Publication{Collated: manifests.CollatedName, Index: manifests.PackageIndexName}
)

// TestMain also runs the helpers that tests start as processes of their own.
func TestMain(m *testing.M) {
	flag.Parse()
	switch os.Getenv("MANIFESTS_TEST_HELPER") {
	case "publish":
		helperPublish()
	case "lock":
		helperLock()
	default:
		os.Exit(m.Run())
	}
}

// memFile is an Output in memory.
type memFile struct{ bytes.Buffer }

func (m *memFile) WriteAt(p []byte, at int64) (int, error) { return copy(m.Bytes()[at:], p), nil }

// readStore reads a whole store from one txtar file, over the files of the
// stores before: a broken twin has only the file with the defect.
func readStore(t testing.TB, names ...string) (fstest.MapFS, string) {
	t.Helper()
	fsys := fstest.MapFS{}
	comment := ""
	for _, name := range names {
		ar, err := txtar.ParseFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		comment = string(ar.Comment)
		for _, f := range ar.Files {
			if len(f.Data) == 0 {
				delete(fsys, f.Name)
				continue
			}
			fsys[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
		}
	}
	return fsys, comment
}

// entries makes a source of manifests in their final order.
func entries(ms ...manifests.Manifest) iter.Seq2[manifests.Entry, error] {
	return func(yield func(manifests.Entry, error) bool) {
		for _, m := range ms {
			if !yield(manifests.NewEntry(m), nil) {
				return
			}
		}
	}
}

// collate returns both documents as text.
func collate(t testing.TB, src iter.Seq2[manifests.Entry, error], now time.Time) (collated, index string, sum manifests.Summary) {
	t.Helper()
	c, x := &memFile{}, &bytes.Buffer{}
	sum, err := manifests.Collate(context.Background(), src, now, manifests.Outputs{Collated: c, Index: x})
	if err != nil {
		t.Fatal(err)
	}
	return c.String(), x.String(), sum
}

// openDir opens a directory for publishing and closes it after the test.
func openDir(t testing.TB, name string, mode manifests.WriteMode) *manifests.Dir {
	t.Helper()
	d, err := manifests.OpenDir(name, mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// publish publishes manifests in an existing directory.
func publish(t testing.TB, dir string, now time.Time, ms ...manifests.Manifest) manifests.Summary {
	t.Helper()
	sum, err := openDir(t, dir, manifests.Atomic).Publish(context.Background(), entries(ms...), now, pairNames)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// files returns the content of all regular files directly in dir.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	for _, e := range list {
		if e.Type().IsRegular() {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			content[e.Name()] = string(data)
		}
	}
	return content
}

func diff(t testing.TB, what string, want, got any, opts ...cmp.Option) {
	t.Helper()
	if d := cmp.Diff(want, got, opts...); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
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

// goodStore is the store of testdata/good.txtar.
func goodStore() []manifests.Manifest {
	astro := kernel("Python/astro/1.0", "3.11",
		"_libgcc_mutex 0.1 python main defaults", "astropy 7.1.0 python", "NumPy 2.3.1 python py311h0_0 conda-forge")
	empty := kernel("Python/empty/1.0", "unknown")
	pecan := kernel("R/pecan/1.9", "4.5.1", "openssl 3.5.1 conda h7b32b05_0 conda-forge", "openssl 2.3.3 r", "sf 1.0-20 r", "Rcpp 1.0.14 r")
	newer := kernel("R/pecan/1.10", "4.5.1", "sf 1.0-21 r", "r-sf 1.0_21 conda r45_0 conda-forge")
	newer.KernelInfo = manifests.KernelInfo{
		Description: "PEcAn <b>&\u2028é", Maintainer: "Ann", Deprecated: true, DeprecationNote: "use 1.9", Default: true,
	}
	return []manifests.Manifest{astro, empty, pecan, newer}
}
