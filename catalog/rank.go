package catalog

import (
	"cmp"
	"slices"

	"kernelindexer/condaenv/matchspec"
)

// rank prepares the order in which answers list kernels: by language and name,
// of one name the newest version first.
func (c *Catalog) rank() {
	c.ranked = slices.Clone(c.byKey)
	slices.SortStableFunc(c.ranked, func(a, b uint32) int {
		x, y := c.key(a), c.key(b)
		return cmp.Or(cmp.Compare(x.Language, y.Language), cmp.Compare(x.Name, y.Name), matchspec.CompareVersions(y.Version, x.Version))
	})
}

// Newest returns the kernels of a family, the newest version first.
func (f Family) Newest() []Kernel {
	list := slices.Collect(f.Kernels())
	slices.SortStableFunc(list, func(a, b Kernel) int {
		return cmp.Or(matchspec.CompareVersions(b.Version(), a.Version()), cmp.Compare(a.Version(), b.Version()))
	})
	return list
}
