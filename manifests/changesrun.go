package manifests

import (
	"github.com/go-json-experiment/json"
)

// runList is a run in the making: it counts everything and lists what there is
// room for. A list that had no room for a kernel takes no later one either, so
// that what is listed is the first there are.
type runList struct {
	Run
	room int     // bytes left
	full [3]bool // of the lists
}

// The lists of a run.
const (
	listAdded = iota
	listRemoved
	listChanged
)

func newRunList() runList {
	const head = 512 // more than a run has beside its lists
	return runList{
		Run:  Run{Added: []AddedKernel{}, Removed: []KernelKey{}, Changed: []ChangedKernel{}},
		room: maxRunBytes - head,
	}
}

func (l *runList) added(e *Entry) {
	l.AddedCount++
	k := AddedKernel{e.Key(), len(e.Packages)}
	if l.takes(listAdded, len(l.Added), k) {
		l.Added = append(l.Added, k)
	}
}

func (l *runList) removed(k KernelKey) {
	l.RemovedCount++
	if l.takes(listRemoved, len(l.Removed), k) {
		l.Removed = append(l.Removed, k)
	}
}

func (l *runList) changed(k ChangedKernel) {
	l.ChangedCount++
	if l.takes(listChanged, len(l.Changed), k) {
		l.Changed = append(l.Changed, k)
	}
}

// takes reports whether a list of so many kernels takes another one.
func (l *runList) takes(list, length int, kernel any) bool {
	if l.full[list] || length == MaxListedKernels || !fits(&l.room, kernel) {
		l.full[list] = true
		return false
	}
	return true
}

// fits takes the room for an element of a list, if it is there.
func fits(room *int, element any) bool {
	data, err := json.Marshal(element)
	if err != nil || len(data) >= *room { // names that are no text do not get here
		return false
	}
	*room -= len(data) + len(",")
	return true
}

// changeOf says what changed in a kernel, if anything did.
func changeOf(before, after *Entry, versions func(a, b string) int) (ChangedKernel, bool) {
	k := ChangedKernel{
		KernelKey:       after.Key(),
		LanguageVersion: VersionChange{before.LanguageVersion, after.LanguageVersion},
		InfoChanged:     before.KernelInfo != after.KernelInfo,
		Packages:        []ChangedPackage{},
	}
	room, full := maxListBytes, false
	MatchPackages(before.Packages, after.Packages, versions, func(b, a *Package) {
		p := packageChange(b, a)
		k.Counts.add(p.Change)
		if p.Change == "" || full {
			return
		}
		if full = len(k.Packages) == MaxListedPackages || !fits(&room, p); !full {
			k.Packages = append(k.Packages, p)
		}
	})
	return k, k.InfoChanged || before.LanguageVersion != after.LanguageVersion || k.Counts.different() > 0
}

// packageChange says what became of a package; one that is the same has no
// change.
func packageChange(before, after *Package) ChangedPackage {
	switch {
	case before == nil:
		return ChangedPackage{Change: PackageAdded, Name: after.Name, Source: after.Source, After: after.Version}
	case after == nil:
		return ChangedPackage{Change: PackageRemoved, Name: before.Name, Source: before.Source, Before: before.Version}
	case *before == *after:
		return ChangedPackage{Name: after.Name, Source: after.Source}
	}
	return ChangedPackage{
		Change: PackageChanged, Name: after.Name, Source: after.Source, Before: before.Version, After: after.Version,
	}
}
