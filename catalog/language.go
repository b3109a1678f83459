package catalog

import (
	"cmp"
	"iter"
	"slices"
	"sort"
)

// language is a run of Catalog.families.
type language struct {
	name       textID
	start, end uint32
	kernels    int
}

// family is the versions of one kernel name in one language: a run of
// Catalog.grouped.
type family struct {
	language, name textID
	start, end     uint32
}

// Language is a language directory with kernels in it.
type Language struct {
	c     *Catalog
	index int
}

// Languages yields the languages, sorted by name in byte order.
func (c *Catalog) Languages() iter.Seq[Language] {
	return func(yield func(Language) bool) {
		for i := range c.languages {
			if !yield(Language{c, i}) {
				return
			}
		}
	}
}

// Language returns the language of that name. Case matters.
func (c *Catalog) Language(name string) (Language, bool) {
	i, found := sort.Find(len(c.languages), func(i int) int { return cmp.Compare(name, c.text.at(c.languages[i].name)) })
	if !found {
		return Language{}, false
	}
	return Language{c, i}, true
}

// Name returns the name of the directory, e.g. Python.
func (l Language) Name() string { return l.c.text.at(l.c.languages[l.index].name) }

// Len returns the number of kernels, each version counted.
func (l Language) Len() int { return l.c.languages[l.index].kernels }

// Families yields the different kernel names in the order of their first
// appearance in the file, which is byte order in a file of ours.
func (l Language) Families() iter.Seq[Family] {
	return func(yield func(Family) bool) {
		for i := l.c.languages[l.index].start; i < l.c.languages[l.index].end; i++ {
			if !yield(Family{l.c, i}) {
				return
			}
		}
	}
}

// Family returns the kernels of that name. Case matters.
func (l Language) Family(name string) (Family, bool) {
	for f := range l.Families() {
		if f.Name() == name {
			return f, true
		}
	}
	return Family{}, false
}

// Family is all versions of one kernel.
type Family struct {
	c     *Catalog
	index uint32
}

func (f Family) kernels() []uint32 {
	d := f.c.families[f.index]
	return f.c.grouped[d.start:d.end]
}

// Name returns the name that the versions share.
func (f Family) Name() string { return f.c.text.at(f.c.families[f.index].name) }

// Len returns the number of versions, at least 1.
func (f Family) Len() int { return len(f.kernels()) }

// Kernels yields the versions in the order of the file, which is version order
// in a file of ours.
func (f Family) Kernels() iter.Seq[Kernel] {
	return func(yield func(Kernel) bool) {
		for _, number := range f.kernels() {
			if !yield(Kernel{f.c, number}) {
				return
			}
		}
	}
}

// group makes languages and families of the kernels. The kernels of a language
// or of a name need not stand together in a file of the original.
func (c *Catalog) group() {
	type title struct{ language, name textID }
	first := map[title]int{} // number of the kernel where a family begins
	begin := make([]int, c.kernelCount)
	for i := range begin {
		t := title{c.kernels[i].language, c.kernels[i].name}
		if _, known := first[t]; !known {
			first[t] = i
		}
		begin[i] = first[t]
	}
	c.grouped = make([]uint32, c.kernelCount)
	for i := range c.grouped {
		c.grouped[i] = uint32(i)
	}
	slices.SortFunc(c.grouped, func(a, b uint32) int {
		return cmp.Or(
			cmp.Compare(c.text.at(c.kernels[a].language), c.text.at(c.kernels[b].language)),
			cmp.Compare(begin[a], begin[b]), cmp.Compare(a, b))
	})
	for i, number := range c.grouped {
		k := &c.kernels[number]
		if begin[number] == int(number) {
			c.families = append(c.families, family{k.language, k.name, uint32(i), uint32(i)})
		}
		c.families[len(c.families)-1].end++
	}
	c.groupFamilies()
}

func (c *Catalog) groupFamilies() {
	for i, f := range c.families {
		if i == 0 || c.families[i-1].language != f.language {
			c.languages = append(c.languages, language{name: f.language, start: uint32(i)})
		}
		l := &c.languages[len(c.languages)-1]
		l.end = uint32(i) + 1
		l.kernels += int(f.end - f.start)
	}
}
