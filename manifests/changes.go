package manifests

import "slices"

// Changes is index_changes.json: what the last runs changed, for people who
// want to know why their kernel is not what it was. It is written with the pair
// by [Dir.PublishWithChanges] and bounded in every direction.
type Changes struct {
	// Runs are those that changed something, the newest first. Each begins
	// where the next one ended.
	Runs []Run `json:"runs"`
	// Gone are kernels that are no more, those that went last first. A kernel
	// that comes back is dropped.
	Gone []GoneKernel `json:"gone"`
}

// The bounds of [Changes] beside [MaxChangesBytes].
const (
	// MaxRuns is how many runs are kept.
	MaxRuns = 100
	// MaxListedKernels is how many kernels a run lists of each kind: added,
	// removed, changed.
	MaxListedKernels = 1000
	// MaxListedPackages is how many packages a changed kernel lists.
	MaxListedPackages = 50
	// MaxGone is how many kernels that are gone are kept.
	MaxGone = 1000
	// maxRunBytes bounds a run: names can be long. The newest run and all that
	// is gone always fit into MaxChangesBytes.
	maxRunBytes = 1 << 20
	// maxListBytes bounds the packages of a changed kernel.
	maxListBytes = 32 << 10
)

// Run is what one publication changed. The lists hold the first kernels there
// are, in the order of the collated file; the counts are of all.
type Run struct {
	// Generation is that of the pair the run published, Previous that of the
	// one it replaced. Previous is empty where there was none to compare with:
	// then all kernels count as added.
	Generation string `json:"generation"`
	Previous   string `json:"previous_generation,omitempty"`
	// IndexedDate is the date of the pair.
	IndexedDate  string          `json:"indexed_date"`
	TotalKernels int             `json:"total_kernels"` // after the run
	AddedCount   int             `json:"added_count"`
	RemovedCount int             `json:"removed_count"`
	ChangedCount int             `json:"changed_count"`
	Added        []AddedKernel   `json:"added"`
	Removed      []KernelKey     `json:"removed"`
	Changed      []ChangedKernel `json:"changed"`
}

// AddedKernel is a kernel that the index before did not have.
type AddedKernel struct {
	KernelKey
	PackageCount int `json:"package_count"`
}

// ChangedKernel is a kernel that both indexes have and that is not the same.
// That it was indexed again is no change.
type ChangedKernel struct {
	KernelKey
	// LanguageVersion is that of the language, before and after.
	LanguageVersion VersionChange `json:"language_version"`
	// InfoChanged says that what the maintainer says is another (kernel.yaml).
	InfoChanged bool          `json:"info_changed"`
	Counts      PackageCounts `json:"package_counts"`
	// Packages are the first of those that are not the same, in the order of
	// [SortPackages].
	Packages []ChangedPackage `json:"packages"`
}

// More returns how many changed packages are not listed.
func (k *ChangedKernel) More() int { return k.Counts.different() - len(k.Packages) }

// VersionChange is a version before and after, which may be equal.
type VersionChange struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

// PackageCounts is what became of the packages of a kernel.
type PackageCounts struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
	Changed int `json:"changed"` // another version, build or channel
	Same    int `json:"same"`
}

func (n *PackageCounts) different() int { return n.Added + n.Removed + n.Changed }

// PackageChange says what became of a package.
type PackageChange string

// What can become of a package, by the rule of [MatchPackages].
const (
	PackageAdded   PackageChange = "added"   // only the kernel of the new index has it
	PackageRemoved PackageChange = "removed" // only the kernel of the old index has it
	PackageChanged PackageChange = "changed" // both have it, not in the same version, build and channel
)

// ChangedPackage is a package that is not the same. An added one has no version
// before, a removed one none after, and one that was merely built anew has the
// same twice. A version may be empty, as [Package.Version].
type ChangedPackage struct {
	Change PackageChange `json:"change"`
	Name   string        `json:"name"`
	Source Source        `json:"source"`
	Before string        `json:"before,omitempty"`
	After  string        `json:"after,omitempty"`
}

// GoneKernel is a kernel that an earlier index had.
type GoneKernel struct {
	KernelKey
	// LastSeen and Generation are of the last index that had it.
	LastSeen   string `json:"last_seen"`
	Generation string `json:"generation"`
}

// Leading returns the runs that led to a generation, the newest first. A run
// that was killed before it renamed the pair has left an entry that leads
// elsewhere, and nothing leads to a pair that was made without this document.
func (c *Changes) Leading(generation string) []Run {
	at := slices.IndexFunc(c.Runs, func(r Run) bool { return r.Generation == generation })
	if at < 0 {
		return nil
	}
	return c.Runs[at:]
}

// add puts a run on top, which replaced an index of the date lastSeen. What does
// not lead to where the run began goes.
func (c *Changes) add(r Run, lastSeen string) {
	runs := append([]Run{r}, c.Leading(r.Previous)...)
	c.Runs = runs[:min(len(runs), MaxRuns)]
	gone := make([]GoneKernel, 0, len(r.Removed)+len(c.Gone))
	for _, key := range r.Removed {
		gone = append(gone, GoneKernel{KernelKey: key, LastSeen: lastSeen, Generation: r.Previous})
	}
	for _, k := range c.Gone {
		if !slices.Contains(r.Removed, k.KernelKey) { // else a run that was killed had seen it go
			gone = append(gone, k)
		}
	}
	c.Gone = gone[:min(len(gone), MaxGone)]
}
