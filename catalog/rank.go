package catalog

import (
	"cmp"
	"slices"

	"kernelindexer/condaenv/matchspec"
)

// compareVersions is conda's order of versions. It knows versions of R as well,
// for a dash reads as an underscore. A text that is no version is below all
// that are, and among its kind in byte order.
func compareVersions(a, b string) int {
	if a == b {
		return 0
	}
	va, errA := matchspec.ParseVersion(a)
	vb, errB := matchspec.ParseVersion(b)
	switch {
	case errA == nil && errB == nil:
		return va.Compare(vb)
	case errA == nil:
		return 1
	case errB == nil:
		return -1
	default:
		return cmp.Compare(a, b)
	}
}

// rank prepares the order in which answers list kernels: by language and name,
// of one name the newest version first.
func (c *Catalog) rank() {
	c.ranked = slices.Clone(c.byKey)
	slices.SortStableFunc(c.ranked, func(a, b uint32) int {
		x, y := c.key(a), c.key(b)
		return cmp.Or(cmp.Compare(x.Language, y.Language), cmp.Compare(x.Name, y.Name), compareVersions(y.Version, x.Version))
	})
}

// Newest returns the kernels of a family, the newest version first.
func (f Family) Newest() []Kernel {
	list := slices.Collect(f.Kernels())
	slices.SortStableFunc(list, func(a, b Kernel) int {
		return cmp.Or(compareVersions(b.Version(), a.Version()), cmp.Compare(a.Version(), b.Version()))
	})
	return list
}
