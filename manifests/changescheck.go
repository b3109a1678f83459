package manifests

import (
	"cmp"
	"slices"
)

// Validate checks the bounds, dates, generations and counts, that each run
// begins where the next one ended, and that no list has a kernel twice.
// Failures are [ErrInvalid].
func (c *Changes) Validate() error {
	switch {
	case c.Runs == nil:
		return invalid("no runs array")
	case c.Gone == nil:
		return invalid("no gone array")
	case len(c.Runs) > MaxRuns:
		return invalid("%d runs are more than %d", len(c.Runs), MaxRuns)
	case len(c.Gone) > MaxGone:
		return invalid("%d kernels that are gone are more than %d", len(c.Gone), MaxGone)
	}
	for i := range c.Runs {
		r := &c.Runs[i]
		if err := r.check(); err != nil {
			return invalid("run %d: %w", i, err)
		}
		if i > 0 && c.Runs[i-1].Previous != r.Generation {
			return invalid("run %d began with generation %q, the one before it ended with %s", i-1, c.Runs[i-1].Previous, r.Generation)
		}
	}
	return c.checkGone()
}

func (c *Changes) checkGone() error {
	seen := kernelSet{}
	for _, k := range c.Gone {
		err := cmp.Or(seen.add(k.KernelKey), checkTime("last_seen", k.LastSeen), checkGeneration(k.Generation))
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) check() error {
	err := cmp.Or(checkGeneration(r.Generation), checkTime("indexed_date", r.IndexedDate))
	if err == nil && r.Previous != "" {
		err = checkGeneration(r.Previous)
	}
	if err != nil {
		return err
	}
	if r.Generation == r.Previous {
		return invalid("it leads from generation %s to the same", r.Generation)
	}
	return cmp.Or(
		checkList("added", r.Added, r.AddedCount), checkList("removed", r.Removed, r.RemovedCount),
		checkList("changed", r.Changed, r.ChangedCount), r.checkTotals(), r.checkKernels())
}

// checkList checks the length of a list of kernels, which may be cut.
func checkList[K any](name string, list []K, count int) error {
	switch {
	case list == nil:
		return invalid("no %s array", name)
	case len(list) > MaxListedKernels:
		return invalid("%s lists more than %d kernels", name, MaxListedKernels)
	case len(list) > count:
		return invalid("%s_count is %d, %d are listed", name, count, len(list))
	}
	return nil
}

func (r *Run) checkTotals() error {
	if max(r.TotalKernels, r.AddedCount, r.RemovedCount, r.ChangedCount) > MaxKernels ||
		r.AddedCount+r.ChangedCount > r.TotalKernels {
		return invalid("%d kernels were added and %d changed, and there are %d", r.AddedCount, r.ChangedCount, r.TotalKernels)
	}
	if r.Previous == "" && (r.AddedCount != r.TotalKernels || r.RemovedCount > 0) {
		return invalid("a first index adds all of its %d kernels and removes none", r.TotalKernels)
	}
	return nil
}

func (r *Run) checkKernels() error {
	seen := kernelSet{}
	for _, k := range r.Added {
		if k.PackageCount < 0 {
			return invalid("kernel %s has %d packages", k.KernelKey, k.PackageCount)
		}
		if err := seen.add(k.KernelKey); err != nil {
			return err
		}
	}
	for _, k := range r.Removed {
		if err := seen.add(k); err != nil {
			return err
		}
	}
	for i := range r.Changed {
		if err := cmp.Or(seen.add(r.Changed[i].KernelKey), r.Changed[i].check()); err != nil {
			return err
		}
	}
	return nil
}

func (k *ChangedKernel) check() error {
	n := k.Counts
	switch {
	case k.Packages == nil:
		return invalid("kernel %s: no packages array", k.KernelKey)
	case len(k.Packages) > MaxListedPackages:
		return invalid("kernel %s lists more than %d packages", k.KernelKey, MaxListedPackages)
	case min(n.Added, n.Removed, n.Changed, n.Same) < 0 || max(n.Added, n.Removed, n.Changed, n.Same) > noRow:
		return invalid("kernel %s: package_counts are impossible", k.KernelKey)
	case n.different() == 0 && !k.InfoChanged && k.LanguageVersion.Before == k.LanguageVersion.After:
		return invalid("kernel %s did not change", k.KernelKey)
	}
	var listed PackageCounts
	for _, p := range k.Packages {
		if err := p.check(); err != nil {
			return invalid("kernel %s: %w", k.KernelKey, err)
		}
		listed.add(p.Change)
	}
	if listed.Added > n.Added || listed.Removed > n.Removed || listed.Changed > n.Changed {
		return invalid("kernel %s lists more packages than it counts", k.KernelKey)
	}
	if !slices.IsSortedFunc(k.Packages, compareChanged) {
		return invalid("kernel %s: its packages are not sorted", k.KernelKey)
	}
	return nil
}

func (n *PackageCounts) add(c PackageChange) {
	switch c {
	case PackageAdded:
		n.Added++
	case PackageRemoved:
		n.Removed++
	case PackageChanged:
		n.Changed++
	default:
		n.Same++
	}
}

func compareChanged(a, b ChangedPackage) int {
	return compareThings(Package{Name: a.Name, Source: a.Source}, Package{Name: b.Name, Source: b.Source})
}

func (p *ChangedPackage) check() error {
	switch {
	case !p.Source.known():
		return invalid("package %q has unknown source %q", p.Name, p.Source)
	case p.Change == PackageAdded && p.Before == "", p.Change == PackageRemoved && p.After == "", p.Change == PackageChanged:
		return nil
	}
	return invalid("package %q cannot be %q from %q to %q", p.Name, p.Change, p.Before, p.After)
}

// kernelSet is kernels that came by.
type kernelSet map[KernelKey]struct{}

// add refuses a kernel that was there before, and names that are none.
func (s kernelSet) add(k KernelKey) error {
	if _, twice := s[k]; twice {
		return invalid("kernel %s appears twice", k)
	}
	s[k] = struct{}{}
	return k.check()
}
