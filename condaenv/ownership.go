package condaenv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"kernelindexer/condaenv/pyjson"
	"kernelindexer/condaenv/pypi"
	"kernelindexer/rootfs"
)

// sitePackages compares the Python distributions on disk with those the conda records own: a record whose distribution
// is gone leaves the list (conda would delete its file, too), and a distribution nobody owns enters it.
func (e *environment) sitePackages(ctx context.Context) error {
	python := e.byName["python"]
	if python == nil || python.Version == "" {
		return nil
	}
	dir, err := e.findSitePackages(python)
	if err != nil || !dir.exists {
		return err
	}
	owned, err := e.ownedAnchors(python, dir)
	if err != nil {
		return err
	}
	anchors, err := pypi.Anchors(e.lister.fsys, dir.path)
	if err != nil {
		return err
	}
	onDisk := make(map[string]pypi.Anchor, len(anchors))
	for _, a := range anchors {
		onDisk[dir.resolved+"/"+string(a)] = a
	}
	if err := e.dropClobbered(owned, onDisk); err != nil {
		return err
	}
	e.pythonVersion = python.Version
	return e.addUnowned(ctx, dir, owned, onDisk)
}

// dropClobbered takes records out of the list whose anchor is not on disk. A record with two such anchors (by the path
// as written and by the resolved one) makes conda fail.
func (e *environment) dropClobbered(owned map[string]*entry, onDisk map[string]pypi.Anchor) error {
	dropped := map[*entry]bool{}
	for _, anchor := range slices.Sorted(maps.Keys(owned)) {
		pkg := owned[anchor]
		if _, ok := onDisk[anchor]; ok {
			continue
		}
		if dropped[pkg] {
			return fmt.Errorf("record %s: both of its anchors in site-packages are gone", pkg.Name)
		}
		dropped[pkg] = true
		delete(e.byName, pkg.Name)
		e.warnings = append(e.warnings, fmt.Sprintf("record %s-%s-%s left out: its %s is gone",
			pkg.Name, pkg.Version, pkg.Build, anchor))
	}
	return nil
}

// addUnowned reads the anchors that no record owns.
func (e *environment) addUnowned(ctx context.Context, dir sitePackagesDir, owned map[string]*entry,
	onDisk map[string]pypi.Anchor,
) error {
	env := pypi.Env{
		Prefix: dir.prefix, PythonVersion: e.pythonVersion,
		HostRoot: e.lister.host, WorkDir: e.lister.workDir,
	}
	for _, anchor := range slices.Sorted(maps.Keys(onDisk)) {
		if owned[anchor] != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		pkg, err := pypi.Read(e.lister.fsys, dir.path, onDisk[anchor], env)
		switch {
		case errors.Is(err, pypi.ErrSkipped), errors.Is(err, pypi.ErrNoVersion):
			e.warnings = append(e.warnings, fmt.Sprintf("%s ignored: %v", anchor, err))
		case err != nil:
			return err
		default:
			e.byName[pkg.Name] = &entry{Package: Package{
				Name: pkg.Name, Version: pkg.Version, Build: pkg.Build, Channel: pkg.Channel,
			}}
		}
	}
	return nil
}

// ownedAnchors returns the anchors that records own, by their path relative to the resolved prefix. Only records that
// descend from python own anything, each the longest of its anchors. Of two records that claim one anchor the later in
// topological order has it.
func (e *environment) ownedAnchors(python *entry, dir sitePackagesDir) (map[string]*entry, error) {
	g, err := e.graph()
	if err != nil {
		return nil, err
	}
	descendants := g.descendants(g.index[python.Name])
	var rank []int
	claim := func(owned map[string]*entry, anchor string, node int) {
		if other := owned[anchor]; other != nil {
			if rank == nil {
				rank = g.topological()
			}
			if rank[g.index[other.Name]] > rank[node] {
				return
			}
		}
		owned[anchor] = g.nodes[node]
	}
	owned, written := map[string]*entry{}, map[string]*entry{}
	for _, node := range descendants {
		anchors := g.nodes[node].record.anchors
		if a := longestAnchor(anchors, dir.resolved); a != "" {
			claim(owned, a, node)
		}
		if dir.written != dir.resolved {
			if a := longestAnchor(anchors, dir.written); a != "" {
				claim(written, a, node)
			}
		}
	}
	if err := e.resolveAnchors(g, written, owned); err != nil {
		return nil, err
	}
	return owned, nil
}

// graph makes the graph of the records, as the settings of the prefix allow it.
func (e *environment) graph() (*graph, error) {
	if err := e.settings.CheckSpecs(); err != nil {
		return nil, err
	}
	g, err := newGraph(e.order, e.lister.specs)
	if err != nil {
		return nil, err
	}
	cycles, err := e.settings.AllowCycles()
	if err == nil && !cycles && g.hasCycle() {
		err = errors.New("records depend on each other in a circle, which allow_cycles forbids")
	}
	return g, err
}

// resolveAnchors enters anchors that were found by the path of site-packages as written, links resolved, into owned.
func (e *environment) resolveAnchors(g *graph, written, owned map[string]*entry) error {
	if len(written) == 0 {
		return nil
	}
	rank := g.topological()
	anchors := slices.Collect(maps.Keys(written))
	slices.SortFunc(anchors, func(a, b string) int {
		return rank[g.index[written[a].Name]] - rank[g.index[written[b].Name]]
	})
	for _, anchor := range anchors {
		resolved, err := e.resolveInPrefix(anchor)
		if err != nil {
			return fmt.Errorf("record %s: %s: %w", written[anchor].Name, anchor, err)
		}
		owned[resolved] = written[anchor]
	}
	return nil
}

// anchorEndings are the ends of a record's files entries that mark a Python distribution.
var anchorEndings = []string{".egg-info/PKG-INFO", ".dist-info/RECORD", ".egg-info"}

// longestAnchor returns the longest (in characters, the first of equals) of a record's files that is an anchor directly
// in dir, or nothing.
func longestAnchor(files []string, dir string) (longest string) {
	for _, file := range files {
		if isAnchorIn(file, dir) && (longest == "" || pyjson.Len(file) > pyjson.Len(longest)) {
			longest = file
		}
	}
	return longest
}

// isAnchorIn reports whether file is dir, a slash, one part that is not only the ending, and an ending. A final line
// break does not count, as to the regular expression conda uses.
func isAnchorIn(file, dir string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(file, "\n"), dir+"/")
	if !ok {
		return false
	}
	for _, ending := range anchorEndings {
		if part, ok := strings.CutSuffix(rest, ending); ok && part != "" && !strings.Contains(part, "/") {
			return true
		}
	}
	return false
}

// sitePackagesDir is the one folder of an environment in which Python distributions count.
type sitePackagesDir struct {
	written  string // relative to the prefix, as the record or the version says
	resolved string // relative to the resolved prefix, links resolved; "." for the prefix itself
	prefix   string // the resolved prefix, in the file system
	path     string // the resolved folder, in the file system
	exists   bool   // as a folder
}

// findSitePackages finds site-packages by python's record alone.
func (e *environment) findSitePackages(python *entry) (sitePackagesDir, error) {
	dir := sitePackagesDir{written: python.record.sitePackages.text}
	if !python.record.sitePackages.ok {
		dir.written = defaultSitePackages(python.Version)
	}
	var err error
	if dir.resolved, err = e.resolveInPrefix(dir.written); err != nil {
		return dir, fmt.Errorf("site-packages %s: %w", dir.written, err)
	}
	if dir.prefix, err = rootfs.Resolve(e.lister.fsys, e.prefix); err != nil {
		return dir, err
	}
	dir.path = path.Join(dir.prefix, dir.resolved)
	info, err := fs.Stat(e.lister.fsys, dir.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !isNotDirectory(err) {
		return dir, err
	}
	dir.exists = err == nil && info.IsDir()
	return dir, nil
}

// errOutsidePrefix means a path of the environment whose links lead out of it.
var errOutsidePrefix = errors.New("lies outside of the environment")

// resolveInPrefix resolves the links of a path relative to the prefix and returns it relative to the resolved prefix.
func (e *environment) resolveInPrefix(name string) (string, error) {
	prefix, err := rootfs.Resolve(e.lister.fsys, e.prefix)
	if err != nil {
		return "", err
	}
	full := e.prefix + "/" + name
	if strings.HasPrefix(name, "/") {
		if full, err = e.insideRoot(name); err != nil {
			return "", err
		}
	}
	resolved, err := rootfs.Resolve(e.lister.fsys, full)
	if err != nil {
		return "", err
	}
	if resolved == prefix {
		return ".", nil
	}
	rel, ok := strings.CutPrefix(resolved, prefix+"/")
	if !ok && prefix != "." {
		return "", errOutsidePrefix
	}
	if prefix == "." {
		return resolved, nil
	}
	return rel, nil
}

// insideRoot makes an absolute path of the host one of the file system.
func (e *environment) insideRoot(host string) (string, error) {
	rel, ok := strings.CutPrefix(host, strings.TrimSuffix(e.lister.host, "/")+"/")
	if !ok {
		return "", errOutsidePrefix
	}
	return rel, nil
}
