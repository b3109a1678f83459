package catalog

import "kernelindexer/manifests"

// Changes is what became of the kernels from one catalog to the next. The lists
// are in the order of kernels in an answer, and none is nil.
type Changes struct {
	Added   []manifests.KernelKey
	Removed []manifests.KernelKey
	Changed []ChangedKernel
}

// Empty reports whether nothing changed.
func (d Changes) Empty() bool { return len(d.Added)+len(d.Removed)+len(d.Changed) == 0 }

// ChangedKernel is a kernel that both catalogs have and that is not the same.
// That it was indexed again is no change.
type ChangedKernel struct {
	Key      manifests.KernelKey
	Language [2]string // the version of the language, before and after
	Info     bool      // what the maintainer says changed
	Counts   Counts    // of its packages
	Packages []Differ  // those that changed, in the order of a [Comparison]
}

// Diff says what changed from catalog before to catalog after. A caller that
// keeps or shows it decides how many packages of a kernel are worth it.
func Diff(before, after *Catalog) Changes {
	d := Changes{Added: []manifests.KernelKey{}, Removed: []manifests.KernelKey{}, Changed: []ChangedKernel{}}
	for _, number := range before.ranked {
		if key := before.key(number); !after.has(key) {
			d.Removed = append(d.Removed, key)
		}
	}
	for _, number := range after.ranked {
		b := Kernel{after, number}
		a, known := before.Kernel(b.Key())
		if !known {
			d.Added = append(d.Added, b.Key())
			continue
		}
		if changed, differs := diffKernels(a, b); differs {
			d.Changed = append(d.Changed, changed)
		}
	}
	return d
}

func (c *Catalog) has(key manifests.KernelKey) bool {
	_, ok := c.Kernel(key)
	return ok
}

// diffKernels compares two states of one kernel. Nearly all kernels are what
// they were, which is found without sorting anything.
func diffKernels(a, b Kernel) (ChangedKernel, bool) {
	d := ChangedKernel{Key: b.Key(), Language: [2]string{a.LanguageVersion(), b.LanguageVersion()}, Info: a.Info() != b.Info()}
	if !sameRows(a, b) {
		c := Compare(a, b)
		d.Counts = c.Counts
		for _, p := range c.Packages {
			if p.Change != Same {
				d.Packages = append(d.Packages, p)
			}
		}
	} else {
		d.Counts.Same = b.Len()
	}
	return d, d.Info || d.Language[0] != d.Language[1] || len(d.Packages) > 0
}

// sameRows reports whether both kernels list the same packages in the same
// order.
func sameRows(a, b Kernel) bool {
	if a.Len() != b.Len() {
		return false
	}
	start, _ := a.bounds()
	from, _ := b.bounds()
	for i := range uint32(a.Len()) {
		if (Row{a.c, a.number, start + i}).Package() != (Row{b.c, b.number, from + i}).Package() {
			return false
		}
	}
	return true
}
