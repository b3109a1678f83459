package webserver

import (
	"strings"

	"kernelindexer/condaenv/matchspec"
	"kernelindexer/manifests"
)

// kernelGroup is the kernels that one thing happened to.
type kernelGroup struct {
	Title   string
	Count   int
	Kernels []changedLine
	More    int
}

// changedLine is a kernel that a run added, removed or changed.
type changedLine struct {
	Key      manifests.KernelKey
	Name     string // language/name/version
	URL      string // "" where there is no page
	Facts    []string
	Packages []string
	More     int
}

// kernelGroups says what happened to kernels, as far as it shows: so many of each kind, so many packages of each.
func kernelGroups(r *manifests.Run, kernels, packages int) []kernelGroup {
	groups := []kernelGroup{{Title: "Added", Count: r.AddedCount}, {Title: "Removed", Count: r.RemovedCount}, {Title: "Changed", Count: r.ChangedCount}}
	for _, k := range r.Added[:min(len(r.Added), kernels)] {
		line := newChangedLine(k.KernelKey)
		line.Facts = []string{count(k.PackageCount, "package")}
		groups[0].Kernels = append(groups[0].Kernels, line)
	}
	for _, k := range r.Removed[:min(len(r.Removed), kernels)] {
		groups[1].Kernels = append(groups[1].Kernels, newChangedLine(k))
	}
	for i := range r.Changed[:min(len(r.Changed), kernels)] {
		groups[2].Kernels = append(groups[2].Kernels, changedLineOf(&r.Changed[i], packages))
	}
	shown := groups[:0]
	for _, g := range groups {
		if g.Count > 0 {
			g.More = g.Count - len(g.Kernels)
			shown = append(shown, g)
		}
	}
	return shown
}

func newChangedLine(k manifests.KernelKey) changedLine { return changedLine{Key: k, Name: k.String()} }

func changedLineOf(k *manifests.ChangedKernel, packages int) changedLine {
	line := newChangedLine(k.KernelKey)
	if v := k.LanguageVersion; v.Before != v.After {
		line.Facts = append(line.Facts, k.Language+" "+v.Before+" → "+v.After)
	}
	if k.InfoChanged {
		line.Facts = append(line.Facts, "its description changed")
	}
	var parts []string
	for _, n := range []struct {
		count int
		what  string
	}{{k.Counts.Added, "added"}, {k.Counts.Removed, "removed"}, {k.Counts.Changed, "changed"}} {
		if n.count > 0 {
			parts = append(parts, count(n.count, "package")+" "+n.what)
		}
	}
	if len(parts) > 0 {
		line.Facts = append(line.Facts, strings.Join(parts, ", "))
	}
	for _, p := range k.Packages[:min(len(k.Packages), packages)] {
		line.Packages = append(line.Packages, packageText(p))
	}
	line.More = k.More() + len(k.Packages) - len(line.Packages)
	return line
}

// packageText says what became of a package, in the words of a comparison.
func packageText(p manifests.ChangedPackage) string {
	name := p.Name
	if name == "" {
		name = "(no name)"
	}
	name += " (" + string(p.Source) + ")"
	if p.Change == manifests.PackageAdded {
		return "added " + name + " " + p.After
	}
	if p.Change == manifests.PackageRemoved {
		return "removed " + name + " " + p.Before
	}
	switch matchspec.CompareVersions(p.Before, p.After) {
	case -1:
		return "upgraded " + name + " " + p.Before + " → " + p.After
	case 1:
		return "downgraded " + name + " " + p.Before + " → " + p.After
	}
	if p.Before == p.After {
		return "rebuilt " + name + " " + p.After
	}
	return "rebuilt " + name + " " + p.Before + " → " + p.After
}

// summaryOf says in a few words what a run did.
func summaryOf(r *manifests.Run) string {
	if r.Previous == "" && r.AddedCount == r.TotalKernels {
		return "First index: " + count(r.TotalKernels, "kernel")
	}
	var parts []string
	for _, g := range kernelGroups(r, 1, 0) {
		what := count(g.Count, "kernel")
		if g.Count == 1 && len(g.Kernels) == 1 {
			what = g.Kernels[0].Name
		}
		parts = append(parts, what+" "+strings.ToLower(g.Title))
	}
	if len(parts) == 0 {
		return "No kernel changed"
	}
	return strings.Join(parts, ", ")
}
