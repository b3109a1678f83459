package catalog_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

func briefly(list []catalog.Differ) []string {
	lines := []string{}
	for _, d := range list {
		s := string(d.Change) + " " + d.Name + "(" + string(d.Source) + ")"
		for _, e := range []*catalog.Edition{d.A, d.B} {
			s += " "
			if e != nil {
				s += strings.TrimRight(e.Version+"="+e.Build, "=")
			}
		}
		lines = append(lines, strings.TrimRight(s, " "))
	}
	return lines
}

// get returns a kernel that is there.
func get(t testing.TB, c *catalog.Catalog, path string) catalog.Kernel {
	t.Helper()
	k, ok := c.Kernel(key(path))
	if !ok {
		t.Fatalf("no kernel %s", path)
	}
	return k
}

func TestCompare(t *testing.T) {
	c := loadPair(t, collate(t,
		kernel("R/k/1", "4.4",
			"apart 1 r", "Both 1.9 conda h_0 c", "both 1.9 r", "build 1 conda h_0 c", "channel 1 conda h_0 c", "down 2.0 conda h_0 c",
			"gone 1 r", "moved 1 conda h_0 c", "same 1.0 conda h_0 c", "spelled 1.0-14 r", "strange 1..2 r", "twice 1 r", "twice 2 r", "zero 1 r"),
		kernel("R/k/2", "4.5",
			"apart 1.post1 r", "Both 1.10 conda h_0 c", "both 1.8 r", "build 1 conda h_1 c", "channel 1 conda h_0 d", "down 2.0rc1 conda h_0 c",
			"moved 1 r", "new 1 r", "same 1.0 conda h_0 c", "spelled 1.0.14 r", "strange 0.1 r", "twice 2 r", "twice 3 r", "twice 4 r", "zero 1.0 r")))
	got := catalog.Compare(get(t, c, "R/k/1"), get(t, c, "R/k/2"))
	diff(t, "packages", []string{
		"upgraded apart(r) 1 1.post1",
		"upgraded Both(conda) 1.9=h_0 1.10=h_0",
		"downgraded both(r) 1.9 1.8",
		"rebuilt build(conda) 1=h_0 1=h_1",
		"rebuilt channel(conda) 1=h_0 1=h_0",
		"downgraded down(conda) 2.0=h_0 2.0rc1=h_0",
		"removed gone(r) 1",
		"removed moved(conda) 1=h_0",
		"added moved(r)  1",
		"added new(r)  1",
		"same same(conda) 1.0=h_0 1.0=h_0",
		"rebuilt spelled(r) 1.0-14 1.0.14",
		"upgraded strange(r) 1..2 0.1",
		"same twice(r) 2 2",
		"upgraded twice(r) 1 3",
		"added twice(r)  4",
		"rebuilt zero(r) 1 1.0",
	}, briefly(got.Packages))
	diff(t, "counts", catalog.Counts{Added: 3, Removed: 2, Upgraded: 4, Downgraded: 2, Rebuilt: 4, Same: 2}, got.Counts)
	if got.Counts.Changed() != 10 || got.A.Key() != key("R/k/1") || got.B.Key() != key("R/k/2") {
		t.Errorf("%+v", got)
	}
}

var opposite = map[catalog.Change]catalog.Change{
	catalog.Added: catalog.Removed, catalog.Removed: catalog.Added, catalog.Upgraded: catalog.Downgraded,
	catalog.Downgraded: catalog.Upgraded, catalog.Rebuilt: catalog.Rebuilt, catalog.Same: catalog.Same,
}

// From b to a everything is the other way round, and from a to a nothing
// changes; no package is lost or counted twice.
func TestCompareIsAntisymmetric(t *testing.T) {
	for seed := range uint64(150) {
		d := dice{rand.New(rand.NewPCG(seed, 2))}
		kernels := []manifests.Manifest{kernel("R/k/1", "4"), kernel("R/k/2", "4")}
		for i := range kernels {
			for range d.IntN(25) {
				kernels[i].Packages = append(kernels[i].Packages, d.findable())
			}
			manifests.SortPackages(kernels[i].Packages)
			kernels[i].Packages = slices.Compact(kernels[i].Packages)
		}
		c := loadPair(t, collate(t, kernels...))
		a, b := get(t, c, "R/k/1"), get(t, c, "R/k/2")
		there, back := catalog.Compare(a, b), catalog.Compare(b, a)
		var turned []catalog.Differ
		var inA, inB []manifests.Package
		for _, p := range back.Packages {
			turned = append(turned, catalog.Differ{Change: opposite[p.Change], Name: p.Name, Source: p.Source, A: p.B, B: p.A})
		}
		for _, p := range there.Packages {
			inA, inB = appendEdition(inA, p, p.A), appendEdition(inB, p, p.B)
		}
		diff(t, "there and back", sortDiffers(there.Packages), sortDiffers(turned))
		diff(t, "packages of a", sortAll(a), sortAllOf(inA))
		diff(t, "packages of b", sortAll(b), sortAllOf(inB))
		if same := catalog.Compare(a, a).Counts; same != (catalog.Counts{Same: a.Len()}) {
			t.Errorf("with itself: %+v", same)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func appendEdition(list []manifests.Package, d catalog.Differ, e *catalog.Edition) []manifests.Package {
	if e == nil {
		return list
	}
	return append(list, manifests.Package{Name: d.Name, Source: d.Source, Version: e.Version, Build: e.Build, Channel: e.Channel})
}

func sortDiffers(list []catalog.Differ) []string {
	lines := briefly(list)
	for i, d := range list {
		for _, e := range []*catalog.Edition{d.A, d.B} {
			if e != nil {
				lines[i] += "|" + e.Channel
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func sortAll(k catalog.Kernel) []manifests.Package { return sortAllOf(k.Entry().Packages) }

func sortAllOf(list []manifests.Package) []manifests.Package {
	list = append([]manifests.Package{}, list...)
	slices.SortFunc(list, func(a, b manifests.Package) int {
		return slices.Compare([]string{a.Name, string(a.Source), a.Version, a.Build, a.Channel}, []string{b.Name, string(b.Source), b.Version, b.Build, b.Channel})
	})
	return list
}

func TestNewestKernelsOfAFamily(t *testing.T) {
	c := loadPair(t, collate(t, kernel("R/k/odd version", "4"), kernel("R/k/1.9", "4"), kernel("R/k/1.10", "4"), kernel("R/k/1.10.0", "4")))
	l, _ := c.Language("R")
	f, _ := l.Family("k")
	var got []string
	for _, k := range f.Newest() {
		got = append(got, k.Version())
	}
	diff(t, "newest first", []string{"1.10", "1.10.0", "1.9", "odd version"}, got)
}
