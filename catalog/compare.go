package catalog

import (
	"cmp"
	"slices"

	"kernelindexer/manifests"
)

// Change says what became of a package from one kernel to another.
type Change string

// The changes there are. The direction is that of conda's order of versions,
// for all sources; a text that is no version is below all that are.
const (
	Added      Change = "added"      // only the second kernel has it
	Removed    Change = "removed"    // only the first has it
	Upgraded   Change = "upgraded"   // to a higher version
	Downgraded Change = "downgraded" // to a lower version
	Rebuilt    Change = "rebuilt"    // the same version in order, but another build, channel or spelling of the version
	Same       Change = "same"       // nothing changed
)

// Comparison is what differs between two kernels, A and B. As JSON:
//
//	{"a":{"language":"R","kernel_name":"pecan","kernel_version":"1.9"},"b":{…},
//	 "counts":{"added":600,"removed":61,"upgraded":60,"downgraded":23,"rebuilt":0,"same":72},
//	 "packages":[{"change":"upgraded","name":"sf","source":"r",
//	   "a":{"version":"1.0-14","build":"","channel":""},"b":{"version":"1.0-20","build":"","channel":""}}]}
type Comparison struct {
	A        Named    `json:"a"`
	B        Named    `json:"b"`
	Counts   Counts   `json:"counts"`
	Packages []Differ `json:"packages"` // all of both, by name whatever the case, and source
}

// Counts is how many packages changed in which way.
type Counts struct {
	Added      int `json:"added"`
	Removed    int `json:"removed"`
	Upgraded   int `json:"upgraded"`
	Downgraded int `json:"downgraded"`
	Rebuilt    int `json:"rebuilt"`
	Same       int `json:"same"`
}

// Changed returns how many packages both kernels have, and not the same.
func (n Counts) Changed() int { return n.Upgraded + n.Downgraded + n.Rebuilt }

func (n *Counts) add(c Change) {
	switch c {
	case Added:
		n.Added++
	case Removed:
		n.Removed++
	case Upgraded:
		n.Upgraded++
	case Downgraded:
		n.Downgraded++
	case Rebuilt:
		n.Rebuilt++
	default:
		n.Same++
	}
}

// Differ is one package of either kernel or both. A is nil of an added one, B
// of a removed one.
type Differ struct {
	Change Change           `json:"change"`
	Name   string           `json:"name"`
	Source manifests.Source `json:"source"`
	A      *Edition         `json:"a,omitempty"`
	B      *Edition         `json:"b,omitempty"`
}

// Edition is which of a package a kernel has.
type Edition struct {
	Version string `json:"version"`
	Build   string `json:"build"`
	Channel string `json:"channel"`
}

// Compare says what differs from kernel a to kernel b, which may be of
// different catalogs. Packages are the same by name and source: an R library's
// entry is not conda's record of it. Where a kernel has a package more than
// once, equal ones are paired first, and then in the order of their versions.
func Compare(a, b Kernel) Comparison {
	c := Comparison{A: named(a.Key()), B: named(b.Key()), Packages: []Differ{}}
	x, y := a.sorted(), b.sorted()
	for len(x) > 0 || len(y) > 0 {
		nx, ny := sameThing(x), sameThing(y)
		switch order := compareThings(x, y); {
		case order < 0:
			ny = 0
		case order > 0:
			nx = 0
		}
		c.pair(x[:nx], y[:ny])
		x, y = x[nx:], y[ny:]
	}
	return c
}

// sorted returns the packages by name, source and version.
func (k Kernel) sorted() []manifests.Package {
	list := make([]manifests.Package, 0, k.Len())
	for r := range k.Rows() {
		list = append(list, r.Package())
	}
	folded := make(map[string]string, len(list))
	for _, p := range list {
		folded[p.Name] = lower(p.Name)
	}
	slices.SortFunc(list, func(a, b manifests.Package) int {
		return cmp.Or(
			cmp.Compare(folded[a.Name], folded[b.Name]), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Source, b.Source),
			compareVersions(a.Version, b.Version), cmp.Compare(a.Version, b.Version),
			cmp.Compare(a.Build, b.Build), cmp.Compare(a.Channel, b.Channel))
	})
	return list
}

// sameThing returns how many packages at the beginning are of one name and
// source.
func sameThing(list []manifests.Package) int {
	n := 0
	for n < len(list) && list[n].Name == list[0].Name && list[n].Source == list[0].Source {
		n++
	}
	return n
}

// compareThings compares the first packages of two lists by name and source;
// what is there is before what is not.
func compareThings(x, y []manifests.Package) int {
	switch {
	case len(y) == 0:
		return -1
	case len(x) == 0:
		return 1
	}
	return cmp.Or(
		cmp.Compare(lower(x[0].Name), lower(y[0].Name)), cmp.Compare(x[0].Name, y[0].Name), cmp.Compare(x[0].Source, y[0].Source))
}

// pair notes the packages of one name and source, of which there is nearly
// always one in each kernel.
func (c *Comparison) pair(x, y []manifests.Package) {
	for i := 0; i < len(x); {
		at := slices.Index(y, x[i])
		if at < 0 {
			i++
			continue
		}
		c.note(Same, &x[i], &y[at])
		x, y = without(x, i), without(y, at)
	}
	for i := range max(len(x), len(y)) {
		switch {
		case i >= len(y):
			c.note(Removed, &x[i], nil)
		case i >= len(x):
			c.note(Added, nil, &y[i])
		default:
			c.note(direction(x[i].Version, y[i].Version), &x[i], &y[i])
		}
	}
}

func without(list []manifests.Package, i int) []manifests.Package {
	return slices.Concat(list[:i], list[i+1:])
}

func direction(from, to string) Change {
	switch compareVersions(from, to) {
	case -1:
		return Upgraded
	case 1:
		return Downgraded
	default:
		return Rebuilt
	}
}

func (c *Comparison) note(change Change, a, b *manifests.Package) {
	d := Differ{Change: change}
	if a != nil {
		d.Name, d.Source, d.A = a.Name, a.Source, &Edition{a.Version, a.Build, a.Channel}
	}
	if b != nil {
		d.Name, d.Source, d.B = b.Name, b.Source, &Edition{b.Version, b.Build, b.Channel}
	}
	c.Counts.add(change)
	c.Packages = append(c.Packages, d)
}
