package catalog

import (
	"context"

	"kernelindexer/manifests"
)

// Catalog is one published pair. It never changes: all methods of it and of its
// views may be called concurrently, and none of them fails.
type Catalog struct {
	pair     manifests.Pair
	text     arena
	releases []release // every different one once

	// kernels are in the order of the file. Those from kernelCount on have a
	// name only: they are what an index of the original names beyond them.
	kernels     []kernel
	kernelCount int
	held        []holding // one kernel's after the other's
	ends        []uint32  // by number of the kernel: where its packages end in held
	byKey       []uint32  // numbers of kernels, sorted by key
	languages   []language
	families    []family
	grouped     []uint32 // numbers of kernels, family by family

	packages []pack    // in the order of the file: byte order of the names
	postings []posting // each package's ascending
	kept     []keptPosting
	inverse  bool // the index says what the kernels say: nothing was kept, nothing is missing
	lower    lowerNames

	names  []pack    // the names that kernels have, in byte order; none is kept
	folded []foldKey // sorted by the text of the key
	ranked []uint32  // numbers of kernels by language, name, and version from the newest

	json fragments
}

// Load reads both documents, as [manifests.LoadPair] does: streaming, and with
// its errors. Beyond what it checks, a pair with a generation must agree in
// each row: an index that does not say what the kernels say is
// [manifests.ErrInvalid]. Documents of the original, which wrote one after the
// other from two looks at the kernels, may differ and are taken as they stand.
//
// A pair that is not taken leaves nothing behind: the caller goes on with the
// catalog it has.
func Load(ctx context.Context, collated, index manifests.Location) (*Catalog, error) {
	return load(ctx, collated, index, defaultLimits())
}

func load(ctx context.Context, collated, index manifests.Location, l limits) (*Catalog, error) {
	b := newBuilder(l)
	pair, err := manifests.LoadPair(ctx, collated, index, b.addKernel, b.addPackage)
	if err != nil {
		return nil, err
	}
	return b.finish(pair)
}

// Generation returns the digest that names the content, or "" for documents of
// the original.
func (c *Catalog) Generation() string { return c.pair.Collated.Generation }

// IndexedDate returns when the kernels were collated, e.g.
// 2026-01-31T04:05:06Z. The index of the original can be some seconds younger,
// see [Catalog.Headers].
func (c *Catalog) IndexedDate() string { return c.pair.Collated.IndexedDate }

// Headers returns what both documents say beside their content.
func (c *Catalog) Headers() manifests.Pair { return c.pair }

// Stats is how much there is in a catalog.
type Stats struct {
	Kernels  int // kernels, each version counted
	Packages int // different names in the package index
	Rows     int // packages of all kernels together
}

// Stats returns how much there is in the catalog. How many kernels a language
// has, [Language.Len] tells.
func (c *Catalog) Stats() Stats {
	return Stats{Kernels: c.kernelCount, Packages: len(c.packages), Rows: c.rowCount()}
}

// rowCount leaves out what an index of the original has beyond its kernels.
func (c *Catalog) rowCount() int {
	if len(c.ends) == 0 {
		return 0
	}
	return int(c.ends[len(c.ends)-1])
}
