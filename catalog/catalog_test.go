package catalog_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp/cmpopts"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

func TestViewsReproduceDocuments(t *testing.T) {
	p := goodPair(t)
	c := loadPair(t, p)
	verify(t, p, c)
	if c.Generation() == "" || c.Generation() != c.Headers().Index.Generation || c.IndexedDate() != "2026-01-31T04:05:06Z" {
		t.Errorf("headers %+v", c.Headers())
	}
	k, _ := c.Kernel(key("R/pecan/1.10"))
	diff(t, "info", manifests.KernelInfo{
		Description: "PEcAn <b>&\u2028é", Maintainer: "Ann", Deprecated: true, DeprecationNote: "use 1.9", Default: true,
	}, k.Info())
	if k.Language() != "R" || k.LanguageVersion() != "4.5.1" || k.IndexedDate() != "2026-01-31T04:00:00Z" || k.ManifestPath() != "R/pecan/1.10/package_manifest.json" {
		t.Errorf("kernel %+v", k.Entry())
	}
}

func TestEmptyPair(t *testing.T) {
	for name, p := range map[string]pair{"ours": collate(t), "original": encode(t, nil, nil, "")} {
		t.Run(name, func(t *testing.T) {
			c := loadPair(t, p)
			verify(t, p, c)
			if c.Stats() != (catalog.Stats{}) {
				t.Errorf("stats %+v", c.Stats())
			}
		})
	}
}

func TestLookUpsOfWhatIsNotThere(t *testing.T) {
	for _, c := range []*catalog.Catalog{loadPair(t, goodPair(t)), loadPair(t, originalPair(t)), loadPair(t, collate(t))} {
		for _, name := range []string{"", " ", "\x00", "\xff", "r", "r/pecan", "zzzz", "\U0010ffff"} {
			if _, ok := c.Package(name); ok {
				t.Errorf("package %q is there", name)
			}
			if _, ok := c.Language(name); ok {
				t.Errorf("language %q is there", name)
			}
			for _, path := range []string{"//", name + "//", "R/" + name + "x/1.9", "R/pecan/" + name, name + "/pecan/1.9"} {
				if _, ok := c.Kernel(key(path)); ok {
					t.Errorf("kernel %s is there", path)
				}
			}
			for l := range c.Languages() {
				if _, ok := l.Family(name); ok {
					t.Errorf("family %q is there", name)
				}
			}
			for k := range c.Kernels(catalog.Filter{}) {
				if k.Has(name) {
					t.Errorf("%s has %q", k.Key(), name)
				}
			}
		}
	}
}

// With a generation both documents are of one run: they agree or are damaged.
func TestPairOfOursThatDiffers(t *testing.T) {
	good := goodPair(t)
	for name, test := range map[string]struct{ from, to, text string }{
		"version":     {`"package_version":"1.0-20"`, `"package_version":"1.0-22"`, `package "sf": kernel R/pecan/1.9 does not have it as version "1.0-22" from r`},
		"source":      {`"package_version":"1.0-20","source":"r"`, `"package_version":"1.0-20","source":"conda"`, "from conda"},
		"kernel":      {`"kernel_name":"pecan"`, `"kernel_name":"pecam"`, "kernel R/pecam/1.9 does not have it"},
		"language":    {`"kernel_language":"R"`, `"kernel_language":"r"`, "kernel r/pecan/1.9 does not have it"},
		"name":        {`"name":"sf"`, `"name":"sg"`, "does not have it"},
		"row missing": {`"kernel_count":2,"kernels":[{"kernel_name":"pecan","kernel_version":"1.9","package_version":"1.0-20","source":"r","kernel_language":"R"},`, `"kernel_count":1,"kernels":[`, `package "sf": kernels have 2 rows of it, the index has 1`},
		"row twice":   {`"kernel_version":"1.10","package_version":"1.0-21"`, `"kernel_version":"1.9","package_version":"1.0-20"`, `kernel R/pecan/1.9 does not have it as version "1.0-20"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(pair{good.collated, edit(t, good.index, test.from, test.to)})
			mustFail(t, err, manifests.ErrInvalid, test.text)
		})
	}
	t.Run("package missing", func(t *testing.T) {
		kernels, packages := documents(t, good)
		_, err := load(encode(t, kernels, packages[1:], loadPair(t, good).Generation()))
		mustFail(t, err, manifests.ErrInvalid, "1 packages of the kernels are not in the index")
	})
	t.Run("package of no kernel", func(t *testing.T) {
		kernels, packages := documents(t, good)
		more := packages[len(packages)-1]
		more.Name = "zzz"
		_, err := load(encode(t, kernels, append(packages, more), loadPair(t, good).Generation()))
		mustFail(t, err, manifests.ErrInvalid, `package "zzz": kernel`)
	})
}

// What cannot be taken at all is for manifests to say.
func TestErrorsOfManifests(t *testing.T) {
	good := goodPair(t)
	other := collate(t, kernel("R/pecan/1.9", "4.5.1", "sf 1.0-20 r"))
	for name, test := range map[string]struct {
		p    pair
		kind error
	}{
		"generations":   {pair{good.collated, other.index}, manifests.ErrMismatch},
		"truncated":     {pair{good.collated[:len(good.collated)/2], good.index}, manifests.ErrInvalid},
		"empty":         {pair{good.collated, ""}, manifests.ErrInvalid},
		"only one ours": {pair{originalPair(t).collated, good.index}, manifests.ErrMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(test.p)
			mustFail(t, err, test.kind, "")
		})
	}
	collated, index := manifests.PairIn(fstest.MapFS{})
	if _, err := catalog.Load(t.Context(), collated, index); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no files: %v", err)
	}
}

func TestLoadIsCanceled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	p := goodPair(t)
	collated, index := manifests.PairIn(fstest.MapFS{
		manifests.CollatedName: {Data: []byte(p.collated)}, manifests.PackageIndexName: {Data: []byte(p.index)},
	})
	if _, err := catalog.Load(ctx, collated, index); !errors.Is(err, why) {
		t.Errorf("error %v", err)
	}
}

// A build in two kernels is one holding, and says so.
func TestSameRows(t *testing.T) {
	c := loadPair(t, goodPair(t))
	p, _ := c.Package("openssl")
	rows := collect(p.Rows(), func(r catalog.Row) catalog.Row { return r })
	if len(rows) != 3 || !rows[0].Same(rows[2]) || rows[0].Same(rows[1]) {
		t.Errorf("%d rows", len(rows))
	}
	diff(t, "rows", []manifests.Package{
		pkg("openssl 3.5.1 conda h7b32b05_0 conda-forge"), pkg("openssl 2.3.3 r"), pkg("openssl 3.5.1 conda h7b32b05_0 conda-forge"),
	}, collect(p.Rows(), catalog.Row.Package), cmpopts.EquateEmpty())
}

// Strings as long as documents allow are numbered and found like others.
func TestLongStrings(t *testing.T) {
	m := kernel("R/long/1", "4.5.1")
	for _, n := range []int{1, 127, 128, 253, 254, 255, 256, 257, 65535, 65536, 1 << 20} {
		m.Packages = append(m.Packages, manifests.Package{
			Name: strings.Repeat("n", n), Version: strings.Repeat("v", n+1), Source: manifests.SourceR,
		})
	}
	p := collate(t, m)
	verify(t, p, loadPair(t, p))
}

// A catalog never changes, so any number of readers may share it.
func TestConcurrentReaders(t *testing.T) {
	p := goodPair(t)
	c := loadPair(t, p)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() { verify(t, p, c) })
	}
	readers.Wait()
}

// Loops over views may end early.
func TestViewsEndEarly(t *testing.T) {
	for _, p := range []pair{goodPair(t), originalPair(t)} {
		c := loadPair(t, p)
		for range c.Packages() {
			break
		}
		for range c.Search("s") {
			break
		}
		for k := range c.Kernels(catalog.Filter{}) {
			for range k.Rows() {
				break
			}
		}
		for p := range c.Packages() {
			for r := range p.Rows() {
				k, _ := r.Kernel()
				for range k.Named(p.Name()) {
					break
				}
				break
			}
		}
		for l := range c.Languages() {
			for f := range l.Families() {
				for range f.Kernels() {
					break
				}
				break
			}
			break
		}
	}
}
