package catalog

import (
	"cmp"
	"iter"
	"sort"

	"kernelindexer/manifests"
)

// kernel is what a collated file says of one kernel. Where its
// packages are, Catalog.ends says.
type kernel struct {
	language, name, version textID
	languageVersion         textID
	indexedDate             textID
	manifestPath            textID
	description, maintainer textID
	deprecationNote         textID
	deprecated, isDefault   bool
}

// Kernel is one version of one kernel.
type Kernel struct {
	c      *Catalog
	number uint32
}

// Kernel returns the kernel with the key. Case matters.
func (c *Catalog) Kernel(key manifests.KernelKey) (Kernel, bool) {
	i, found := sort.Find(len(c.byKey), func(i int) int { return compareKeys(key, c.key(c.byKey[i])) })
	if !found {
		return Kernel{}, false
	}
	return Kernel{c, c.byKey[i]}, true
}

func compareKeys(a, b manifests.KernelKey) int {
	return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
}

func (c *Catalog) key(number uint32) manifests.KernelKey {
	k := &c.kernels[number]
	return manifests.KernelKey{Language: c.text.at(k.language), Name: c.text.at(k.name), Version: c.text.at(k.version)}
}

func (k Kernel) data() *kernel { return &k.c.kernels[k.number] }

func (k Kernel) text(n textID) string { return k.c.text.at(n) }

// Number returns where the kernel stands in the file, from 0.
func (k Kernel) Number() int { return int(k.number) }

// Key returns language, name and version.
func (k Kernel) Key() manifests.KernelKey { return k.c.key(k.number) }

// Language returns the language directory, e.g. R.
func (k Kernel) Language() string { return k.text(k.data().language) }

// Name returns the name, e.g. pecan.
func (k Kernel) Name() string { return k.text(k.data().name) }

// Version returns the version of the kernel, e.g. 1.9.
func (k Kernel) Version() string { return k.text(k.data().version) }

// LanguageVersion returns the version of R, Python or another language in the
// kernel, or what the file says instead, such as unknown.
func (k Kernel) LanguageVersion() string { return k.text(k.data().languageVersion) }

// IndexedDate returns when the kernel was indexed.
func (k Kernel) IndexedDate() string { return k.text(k.data().indexedDate) }

// ManifestPath returns where the manifest is, relative to the kernel root.
func (k Kernel) ManifestPath() string { return k.text(k.data().manifestPath) }

// Info returns what the kernel's maintainer says about it.
func (k Kernel) Info() manifests.KernelInfo {
	d := k.data()
	return manifests.KernelInfo{
		Description: k.text(d.description), Maintainer: k.text(d.maintainer),
		Deprecated: d.deprecated, DeprecationNote: k.text(d.deprecationNote), Default: d.isDefault,
	}
}

// bounds returns where the kernel's packages are in Catalog.held.
func (k Kernel) bounds() (start, end uint32) {
	if k.number > 0 {
		start = k.c.ends[k.number-1]
	}
	return start, k.c.ends[k.number]
}

// Len returns the number of packages.
func (k Kernel) Len() int {
	start, end := k.bounds()
	return int(end - start)
}

// Rows yields the packages in the order of the file. That is sorted in a file
// of ours; the original lists R packages first.
func (k Kernel) Rows() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		start, end := k.bounds()
		for at := start; at < end; at++ {
			if !yield(Row{k.c, k.number, at}) {
				return
			}
		}
	}
}

// Named yields the kernel's packages of exactly that name: more than one where
// a library and its R binding are called the same.
func (k Kernel) Named(name string) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		if !k.c.inverse {
			k.scan(name, yield)
			return
		}
		p, ok := k.c.Package(name)
		if !ok {
			return
		}
		for _, at := range p.in(k) {
			if !yield(Row{k.c, k.number, at}) {
				return
			}
		}
	}
}

// Has reports whether the kernel has a package of exactly that name.
func (k Kernel) Has(name string) bool {
	for range k.Named(name) {
		return true
	}
	return false
}

// scan is Named where the package index is no help, which happens with
// documents of the original.
func (k Kernel) scan(name string, yield func(Row) bool) {
	for r := range k.Rows() {
		if r.Name() == name && !yield(r) {
			return
		}
	}
}

// Entry returns a copy of the kernel as it stands in the collated file, save
// its fingerprint, which is the indexer's own and not kept.
func (k Kernel) Entry() manifests.Entry {
	e := manifests.Entry{
		Manifest: manifests.Manifest{
			KernelName: k.Name(), KernelVersion: k.Version(), Language: k.Language(),
			LanguageVersion: k.LanguageVersion(), IndexedDate: k.IndexedDate(),
			Packages: make([]manifests.Package, 0, k.Len()), KernelInfo: k.Info(),
		},
		ManifestPath: k.ManifestPath(), PackageCount: k.Len(),
	}
	for r := range k.Rows() {
		e.Packages = append(e.Packages, r.Package())
	}
	return e
}
