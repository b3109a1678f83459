package catalog

import (
	"cmp"
	"iter"
	"slices"
	"sort"

	"kernelindexer/manifests"
)

// pack is one package of the index. Its rows are a run of Catalog.postings or,
// if the document has other rows than the kernels, of Catalog.kept.
type pack struct {
	name       textID
	start, end uint32
	kept       bool
}

// posting is one row of the package index: a place in Catalog.held.
type posting = uint32

// keptPosting is one row of a package index that differs. Its kernel may be
// one that the collated file does not have.
type keptPosting struct{ kernel, at uint32 }

// Package is one package name with the kernels that have it.
type Package struct {
	c     *Catalog
	index uint32
}

// Package returns the package of exactly that name. Case matters.
func (c *Catalog) Package(name string) (Package, bool) {
	i, found := sort.Find(len(c.packages), func(i int) int { return cmp.Compare(name, c.text.at(c.packages[i].name)) })
	if !found {
		return Package{}, false
	}
	return Package{c, uint32(i)}, true
}

// Packages yields all packages of the index in the order of the file, the byte
// order of their names.
func (c *Catalog) Packages() iter.Seq[Package] {
	return func(yield func(Package) bool) {
		for i := range c.packages {
			if !yield(Package{c, uint32(i)}) {
				return
			}
		}
	}
}

func (p Package) data() *pack { return &p.c.packages[p.index] }

// Number returns where the package stands in the file, from 0.
func (p Package) Number() int { return int(p.index) }

// Name returns the name of the package. It may be empty, see [Row.Name].
func (p Package) Name() string { return p.c.text.at(p.data().name) }

// Len returns the number of rows, which the documents call kernel_count: a
// kernel with an R entry and a conda record of one name counts twice.
func (p Package) Len() int { return int(p.data().end - p.data().start) }

// Rows yields the rows in the order of the file, which is the order of the
// kernels in a file of ours.
func (p Package) Rows() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		c, d := p.c, p.data()
		if d.kept {
			for _, at := range c.kept[d.start:d.end] {
				if !yield(Row{c, at.kernel, at.at}) {
					return
				}
			}
			return
		}
		kernel := uint32(0)
		for _, at := range c.postings[d.start:d.end] {
			kernel = c.kernelOf(at, kernel)
			if !yield(Row{c, kernel, at}) {
				return
			}
		}
	}
}

// kernelOf returns the kernel that a place in held belongs to, looking from the
// given kernel on: in steps that double, because rows of a package come in the
// order of the kernels and most often from one of the next.
func (c *Catalog) kernelOf(at posting, from uint32) uint32 {
	low, high := int(from), int(from)
	for step := 1; high < len(c.ends) && c.ends[high] <= at; step *= 2 {
		low, high = high+1, high+step
	}
	high = min(high, len(c.ends))
	for low < high {
		if mid := int(uint(low+high) / 2); c.ends[mid] <= at {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return uint32(low)
}

// in returns the package's postings within a kernel. It may be asked only if
// nothing was kept.
func (p Package) in(k Kernel) []posting { return p.c.within(p.data(), k) }

// within returns the postings of a name, which are not kept ones, within a
// kernel.
func (c *Catalog) within(name *pack, k Kernel) []posting {
	run := c.postings[name.start:name.end]
	start, end := k.bounds()
	first, _ := slices.BinarySearch(run, start)
	run = run[first:]
	last := 0
	for last < len(run) && run[last] < end {
		last++
	}
	return run[:last]
}

// Entry returns a copy of the package as it stands in the package index.
func (p Package) Entry() manifests.PackageEntry {
	e := manifests.PackageEntry{Name: p.Name(), KernelCount: p.Len(), Kernels: make([]manifests.KernelRef, 0, p.Len())}
	for r := range p.Rows() {
		e.Kernels = append(e.Kernels, r.Ref())
	}
	return e
}
