package catalog

import (
	"cmp"
	"slices"
)

// MaxListed is how many packages of a kernel an answer lists for one spec. More
// than a few have the same name only where the name is a pattern.
const MaxListed = 100

// describe says what a kernel has of what is wanted, and what it has not.
func (f *finder) describe(number uint32) NearMiss {
	k := Kernel{f.c, number}
	near := NearMiss{Match: Match{Named: named(k.Key()), Packages: []MatchedPackage{}}}
	for i, w := range f.wanted {
		if f.satisfied[i].has(number) {
			for _, p := range f.list(w, k, func(r Row) bool { return w.fulfils(f.c, f.c.held[r.at]) }) {
				near.Packages = append(near.Packages, MatchedPackage{w.text, p})
			}
			continue
		}
		u := Unmatched{Spec: w.text, Reason: "not installed", Found: []Installed{}}
		if f.present[i].has(number) {
			u.Found = f.list(w, k, func(Row) bool { return true })
			u.Reason = w.reason(u.Found[0])
		}
		near.Missing = append(near.Missing, u)
	}
	return near
}

// list returns the packages of a kernel that a spec is about: those of exactly
// its name first, else in the order of the file.
func (f *finder) list(w *wanted, k Kernel, choose func(Row) bool) []Installed {
	var rows []Row
	for _, r := range w.rows(k) {
		if choose(r) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(w.strangeness(a.Name()), w.strangeness(b.Name())), cmp.Compare(a.at, b.at))
	})
	list := make([]Installed, 0, min(len(rows), MaxListed))
	for _, r := range rows[:min(len(rows), MaxListed)] {
		list = append(list, r.installed())
	}
	return list
}

// strangeness is 0 for the name as it was written.
func (w *wanted) strangeness(name string) int {
	if i := slices.Index(w.exact, name); i >= 0 {
		return i
	}
	return len(w.exact)
}

// rows returns the rows of a kernel that the spec is about, in any order.
func (w *wanted) rows(k Kernel) []Row {
	var rows []Row
	c := k.c
	add := func(n naming, at uint32) {
		if w.isNamed(c, n, &c.releases[c.held[at].release]) {
			rows = append(rows, Row{c, k.number, at})
		}
	}
	if len(w.names) <= k.Len() {
		for _, n := range w.names {
			for _, at := range c.within(&c.names[n.name], k) {
				add(n, at)
			}
		}
		return rows
	}
	w.indexNames(c)
	start, end := k.bounds()
	for at := start; at < end; at++ {
		if n, ok := w.byText[c.releases[c.held[at].release].name]; ok {
			add(n, at)
		}
	}
	return rows
}
