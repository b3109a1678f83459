package catalog

import (
	"iter"
	"strings"

	"kernelindexer/condaenv/pystr"
)

// Filter selects kernels: those that every given condition holds for.
type Filter struct {
	Language string   // exactly this language directory; "" is any
	Name     string   // part of the kernel's name, whatever the case
	Packages []string // the kernel has packages of exactly these names
}

// Kernels yields the kernels that the filter selects, in the order of the file.
// The zero filter selects all.
func (c *Catalog) Kernels(f Filter) iter.Seq[Kernel] {
	name := pystr.Lower(f.Name)
	return func(yield func(Kernel) bool) {
		for i := range c.kernelCount {
			k := Kernel{c, uint32(i)}
			if f.Language != "" && k.Language() != f.Language ||
				!strings.Contains(pystr.Lower(k.Name()), name) || !k.hasAll(f.Packages) {
				continue
			}
			if !yield(k) {
				return
			}
		}
	}
}

func (k Kernel) hasAll(names []string) bool {
	for _, name := range names {
		if !k.Has(name) {
			return false
		}
	}
	return true
}
