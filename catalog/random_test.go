package catalog_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// dice makes documents by chance. Few different texts make many coincidences.
type dice struct{ *rand.Rand }

func (d dice) of(texts ...string) string { return texts[d.IntN(len(texts))] }

func (d dice) name() string {
	return d.of("", "numpy", "NumPy", "r-sf", "sf", "a", "\"", "\\\x00\x1f\x7f", "é\u2028", "Σ", "İ", "\U0001f40d", "openssl", "<&>", fmt.Sprint("x", d.IntN(40)))
}

func (d dice) pkg() manifests.Package {
	p := manifests.Package{Name: d.name(), Version: d.of("", "1", "1.10", "2", "\t"), Source: manifests.Source(d.of("r", "conda", "python"))}
	if d.IntN(2) == 0 {
		p.Build, p.Channel = d.of("", "0", "h1_0", "py_0"), d.of("", "conda-forge", "bioconda")
	}
	return p
}

// kernels makes kernels of ours: sorted, but versions in any order.
func (d dice) kernels(n int) []manifests.Manifest {
	seen := map[manifests.KernelKey]bool{}
	var list []manifests.Manifest
	for range d.IntN(n + 1) {
		m := manifests.Manifest{
			Language: d.of("R", "Python", "r", "é"), KernelName: d.of("a", "b", "\"c\"", "İ", "d d"), KernelVersion: d.of("1", "1.10", "1.9", "é\u2028"),
			LanguageVersion: d.of("", "unknown", "4.5.1"), IndexedDate: "2026-01-31T04:00:00Z", Fingerprint: d.of("", "v1:x"),
			KernelInfo: manifests.KernelInfo{Description: d.of("", "what it is"), Maintainer: d.of("", "Ann"), Deprecated: d.IntN(2) == 0, Default: d.IntN(2) == 0},
		}
		if seen[m.Key()] {
			continue
		}
		seen[m.Key()] = true
		for range d.IntN(12) {
			m.Packages = append(m.Packages, d.pkg())
		}
		manifests.SortPackages(m.Packages)
		m.Packages = slices.Compact(m.Packages)
		list = append(list, m)
	}
	slices.SortStableFunc(list, func(a, b manifests.Manifest) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.KernelName, b.KernelName))
	})
	return list
}

// original makes documents of the original's kind of ours: in any order, with
// packages twice, and an index that may have been written some kernels later.
func (d dice) original(t *testing.T, p pair) pair {
	kernels, packages := documents(t, p)
	d.Shuffle(len(kernels), func(i, j int) { kernels[i], kernels[j] = kernels[j], kernels[i] })
	for i := range kernels {
		e := &kernels[i]
		if len(e.Packages) > 0 && d.IntN(2) == 0 {
			e.Packages = append(e.Packages, e.Packages[d.IntN(len(e.Packages))])
			e.PackageCount++
		}
	}
	for i := range packages {
		rows := packages[i].Kernels
		switch d.IntN(4) {
		case 0:
			d.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		case 1:
			rows[0].KernelVersion += d.of("", "+1")
		}
	}
	if len(packages) > 0 && d.IntN(4) == 0 {
		packages = packages[1:]
	}
	return encode(t, kernels, packages, "")
}

// Whatever the documents say, the catalog says the same.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(60) {
		d := dice{rand.New(rand.NewPCG(seed, 0))}
		ours := collate(t, d.kernels(20)...)
		original := d.original(t, ours)
		verify(t, ours, loadPair(t, ours))
		verify(t, original, loadPair(t, original))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// Kernels without packages between those with some are stepped over when the
// kernel of a row is looked for.
func TestManyEmptyKernels(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(7, 0))}
	var list []manifests.Manifest
	for i := range 1000 {
		m := kernel(fmt.Sprintf("R/k%04d/1", i), "4.5.1")
		if d.IntN(50) == 0 {
			m.Packages = []manifests.Package{pkg("sf 1 r"), pkg("zoo 1 r")}
		}
		list = append(list, m)
	}
	p := collate(t, list...)
	verify(t, p, loadPair(t, p))
}

func FuzzLoad(f *testing.F) {
	for _, p := range []pair{goodPair(f), originalPair(f), collate(f), encode(f, nil, nil, "")} {
		f.Add([]byte(p.collated), []byte(p.index))
	}
	kernels, packages := documents(f, goodPair(f))
	p := encode(f, kernels, packages, "")
	f.Add([]byte(p.collated), []byte(p.index))
	f.Add([]byte(originalPair(f).collated), []byte(p.index))
	f.Fuzz(func(t *testing.T, collated, index []byte) {
		p := pair{string(collated), string(index)}
		c, err := load(p)
		if err != nil {
			return
		}
		verify(t, p, c)
		for query := range map[string]int{"Σ": 0, "\xff": 0, "A": 0} {
			collect(c.Search(query), catalog.Package.Name)
		}
	})
}

// A Python distribution without a name is a package with the empty name.
func TestEmptyPackageName(t *testing.T) {
	p := collate(t, kernel("R/a/1", "4"), manifests.Manifest{
		Language: "R", KernelName: "b", KernelVersion: "1", IndexedDate: "2026-01-31T04:00:00Z",
		Packages: []manifests.Package{{Version: "1", Source: manifests.SourceR}, {Name: "x", Version: "1", Source: manifests.SourceR}},
	})
	c := loadPair(t, p)
	verify(t, p, c)
	diff(t, "search", []string{"", "x"}, collect(c.Search(""), catalog.Package.Name))
	diff(t, "filter", []string{"b"}, collect(c.Kernels(catalog.Filter{Packages: []string{""}}), catalog.Kernel.Name))
}
