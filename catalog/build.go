package catalog

import (
	"slices"
	"strings"

	"kernelindexer/manifests"
)

// builder makes a catalog of the kernels and packages that stream by: first all
// kernels, then all packages. It is thrown away with everything that only
// building needs.
type builder struct {
	c        *Catalog
	limits   limits
	text     *interner
	releases map[release]uint32
	inverted inverted
	agreed   int                            // packages that are in kernels, too
	kernels  map[manifests.KernelKey]uint32 // made when needed
	differs  error                          // the first contradiction between the documents
}

func newBuilder(l limits) *builder {
	return &builder{c: &Catalog{inverse: true}, limits: l, text: newInterner(), releases: map[release]uint32{}}
}

// addKernel takes the next kernel of the collated file.
func (b *builder) addKernel(e manifests.Entry) error {
	number := b.text.number
	k := kernel{
		language: number(e.Language), name: number(e.KernelName), version: number(e.KernelVersion),
		languageVersion: number(e.LanguageVersion), indexedDate: number(e.IndexedDate),
		manifestPath: number(e.ManifestPath),
		description:  number(e.Description), maintainer: number(e.Maintainer),
		deprecationNote: number(e.DeprecationNote),
		deprecated:      e.Deprecated, isDefault: e.Default,
	}
	for i := range e.Packages {
		p := &e.Packages[i]
		r := release{number(p.Name), number(p.Version), number(p.Channel), sourceNumber(p.Source)}
		b.c.held = append(b.c.held, holding{b.release(r), number(p.Build)})
	}
	b.c.kernels = append(b.c.kernels, k)
	b.c.ends = append(b.c.ends, uint32(len(b.c.held)))
	return b.check()
}

// release returns the number of a release.
func (b *builder) release(r release) uint32 {
	if n, ok := b.releases[r]; ok {
		return n
	}
	n := uint32(len(b.c.releases))
	b.releases[r] = n
	b.c.releases = append(b.c.releases, r)
	return n
}

// check says whether everything so far can be counted. It is asked after each
// kernel and package; what one of them adds is bounded by manifests.
func (b *builder) check() error {
	if b.text.text.Len() > b.limits.bytes {
		return tooMuch("bytes of strings")
	}
	if len(b.c.held) > b.limits.rows { // of which there are never fewer than of those kept
		return tooMuch("package rows")
	}
	return nil
}

// finish completes the catalog of documents that manifests found to be a pair.
func (b *builder) finish(pair manifests.Pair) (*Catalog, error) {
	b.turn() // if there was no package
	b.findMissing()
	if b.differs != nil && pair.Collated.Generation != "" {
		return nil, b.differs
	}
	c := b.c
	c.pair = pair
	b.listNames()
	if err := b.foldNames(); err != nil {
		return nil, err
	}
	b.trim()
	c.sortKeys()
	c.rank()
	c.group()
	var err error
	if c.lower, err = c.lowerNames(); err != nil {
		return nil, err
	}
	if c.json, err = c.fragments(); err != nil {
		return nil, err
	}
	return c, nil
}

// trim gives back the space that building took and that appending left over.
func (b *builder) trim() {
	b.releases, b.text.slots = nil, nil
	c := b.c
	c.text = arena(strings.Clone(b.text.text.String()))
	c.releases = slices.Clone(c.releases)
	c.kernels, c.ends = slices.Clone(c.kernels), slices.Clone(c.ends)
	c.held, c.kept, c.packages = slices.Clone(c.held), slices.Clone(c.kept), slices.Clone(c.packages)
	if c.inverse {
		c.names = c.packages
	}
}

// sortKeys prepares [Catalog.Kernel].
func (c *Catalog) sortKeys() {
	c.byKey = make([]uint32, c.kernelCount)
	for i := range c.byKey {
		c.byKey[i] = uint32(i)
	}
	slices.SortFunc(c.byKey, func(a, b uint32) int { return compareKeys(c.key(a), c.key(b)) })
}
