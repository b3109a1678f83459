package manifests

import (
	"cmp"
	"slices"
)

// MatchPackages is the rule by which two states of a kernel, or two kernels,
// are compared. It pairs the packages of both lists and calls each for every
// pair: before is nil for a package that is only in the second list, after for
// one that is only in the first.
//
// Packages are the same by name and source: an R library's entry is not conda's
// record of it. Where a list has a package more than once, equal ones are
// paired first, and the others in the order of their versions, which versions
// knows (as cmp.Compare); what is then left over is alone. The pairs come in the
// order of [SortPackages]. The lists may be in any order and are not changed.
func MatchPackages(before, after []Package, versions func(a, b string) int, each func(before, after *Package)) {
	before, after = byThing(before), byThing(after)
	for len(before) > 0 || len(after) > 0 {
		b, a := sameThing(before), sameThing(after)
		switch order := compareFirst(before, after); {
		case order < 0:
			a = 0
		case order > 0:
			b = 0
		}
		if b <= 1 && a <= 1 {
			each(only(before[:b]), only(after[:a]))
		} else {
			matchThing(before[:b], after[:a], versions, each)
		}
		before, after = before[b:], after[a:]
	}
}

// matchThing pairs packages of one name and source.
func matchThing(before, after []Package, versions func(a, b string) int, each func(before, after *Package)) {
	byVersion := func(x, y Package) int {
		return cmp.Or(versions(x.Version, y.Version), comparePackages(x, y))
	}
	before, after = slices.SortedFunc(slices.Values(before), byVersion), slices.SortedFunc(slices.Values(after), byVersion)
	left := before[:0]
	for _, p := range before {
		at := slices.Index(after, p)
		if at < 0 {
			left = append(left, p)
			continue
		}
		same := after[at]
		each(&p, &same)
		after = slices.Delete(after, at, at+1)
	}
	for i := range max(len(left), len(after)) {
		each(only(left[min(i, len(left)):]), only(after[min(i, len(after)):]))
	}
}

// byThing returns the packages by name and source, most often as they are.
func byThing(list []Package) []Package {
	if slices.IsSortedFunc(list, compareThings) {
		return list
	}
	return slices.SortedStableFunc(slices.Values(list), compareThings)
}

func compareThings(a, b Package) int {
	return cmp.Or(compareFold(a.Name, b.Name), cmp.Compare(a.Source, b.Source))
}

// compareFirst compares the first packages of two lists by name and source;
// what is there is before what is not.
func compareFirst(x, y []Package) int {
	switch {
	case len(y) == 0:
		return -1
	case len(x) == 0:
		return 1
	}
	return compareThings(x[0], y[0])
}

// sameThing returns how many packages at the beginning are of one name and
// source.
func sameThing(list []Package) int {
	n := 0
	for n < len(list) && list[n].Name == list[0].Name && list[n].Source == list[0].Source {
		n++
	}
	return n
}

// only returns the first package, nil if there is none.
func only(list []Package) *Package {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}
