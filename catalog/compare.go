package catalog

import (
	"kernelindexer/condaenv/matchspec"
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
// different catalogs. Which packages are the same is the rule of
// [manifests.MatchPackages].
func Compare(a, b Kernel) Comparison {
	c := Comparison{A: named(a.Key()), B: named(b.Key()), Packages: []Differ{}}
	manifests.MatchPackages(a.packages(), b.packages(), matchspec.CompareVersions, c.note)
	return c
}

// packages returns what the kernel has, in the order of its document.
func (k Kernel) packages() []manifests.Package {
	list := make([]manifests.Package, 0, k.Len())
	for r := range k.Rows() {
		list = append(list, r.Package())
	}
	return list
}

// changeOf says what became of a package. At most one of both is nil.
func changeOf(a, b *manifests.Package) Change {
	switch {
	case a == nil:
		return Added
	case b == nil:
		return Removed
	case *a == *b:
		return Same
	}
	switch matchspec.CompareVersions(a.Version, b.Version) {
	case -1:
		return Upgraded
	case 1:
		return Downgraded
	default:
		return Rebuilt
	}
}

func (c *Comparison) note(a, b *manifests.Package) {
	d := Differ{Change: changeOf(a, b)}
	if a != nil {
		d.Name, d.Source, d.A = a.Name, a.Source, &Edition{a.Version, a.Build, a.Channel}
	}
	if b != nil {
		d.Name, d.Source, d.B = b.Name, b.Source, &Edition{b.Version, b.Build, b.Channel}
	}
	c.Counts.add(d.Change)
	c.Packages = append(c.Packages, d)
}
