package image

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"kernelindexer/condaenv/pypi"
	"kernelindexer/condaenv/rlib"
)

// foundPlace is a directory that looks as if packages were installed in it.
type foundPlace struct {
	path string
	kind Kind
}

// findPlaces looks through all directories, without following links. What lies in a conda prefix belongs to it, except
// other conda prefixes, such as those in envs/.
func findPlaces(ctx context.Context, fsys fs.FS) ([]foundPlace, error) {
	f := finder{ctx: ctx, fsys: fsys}
	if err := f.look(".", false); err != nil {
		return nil, err
	}
	slices.SortFunc(f.found, func(a, b foundPlace) int { return strings.Compare(a.path, b.path) })
	return f.found, nil
}

type finder struct {
	ctx   context.Context
	fsys  fs.FS
	found []foundPlace
}

func (f *finder) look(dir string, inPrefix bool) error {
	if err := f.ctx.Err(); err != nil {
		return err
	}
	entries, err := fs.ReadDir(f.fsys, dir)
	if err != nil {
		return err
	}
	isPrefix := f.exists(path.Join(dir, condaMeta, historyFile))
	switch {
	case path.Base(dir) == "pkgs" && f.exists(path.Join(dir, cacheMark)):
		return nil
	case isPrefix:
		f.found = append(f.found, foundPlace{dir, CondaPrefix})
	case inPrefix:
	case isSitePackages(dir, entries):
		f.found = append(f.found, foundPlace{dir, SitePackages})
	case f.isLibrary(dir, entries):
		f.found = append(f.found, foundPlace{dir, RLibrary})
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if err := f.look(path.Join(dir, e.Name()), inPrefix || isPrefix); err != nil {
			return err
		}
	}
	return nil
}

func (f *finder) exists(name string) bool {
	info, err := fs.Stat(f.fsys, name)
	return err == nil && info.Mode().IsRegular()
}

// isSitePackages knows the two names that Python gives such a folder (Debian's Python the second), if it has anything.
func isSitePackages(dir string, entries []fs.DirEntry) bool {
	if base := path.Base(dir); base != "site-packages" && base != "dist-packages" {
		return false
	}
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		switch path.Ext(e.Name()) {
		case ".dist-info", ".egg-info", ".egg", ".egg-link":
			return true
		}
		return false
	})
}

// isLibrary knows a folder with at least one installed R package.
func (f *finder) isLibrary(dir string, entries []fs.DirEntry) bool {
	if base := path.Base(dir); base != "library" && base != "site-library" {
		return false
	}
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return !e.Type().IsRegular() && f.exists(path.Join(dir, e.Name(), "Meta", "package.rds"))
	})
}

// readPython reads a site-packages folder with the rules of conda's reader: what it would fail on is an error of the
// folder.
func (p *Prefix) readPython(ctx context.Context, fsys fs.FS, dir string) error {
	anchors, err := pypi.Anchors(fsys, dir)
	if err != nil {
		return err
	}
	env := pypi.Env{Prefix: path.Dir(dir), WorkDir: ".", HostRoot: "/"}
	seen := map[string]int{}
	for _, anchor := range anchors {
		if err := ctx.Err(); err != nil {
			return err
		}
		pkg, err := pypi.Read(fsys, dir, anchor, env)
		switch {
		case errors.Is(err, pypi.ErrSkipped), errors.Is(err, pypi.ErrNoVersion):
			p.warn([]string{path.Join(dir, anchor.Path()) + " ignored: " + err.Error()})
			continue
		case err != nil:
			return err
		}
		row := Package{
			Name: printable(pkg.Name), Version: printable(pkg.Version), Source: Python,
			Build: pkg.Build, Channel: pkg.Channel,
		}
		if at, ok := seen[row.Name]; ok { // of two of one name the later by path, as in a conda prefix
			p.Packages[at] = row
			continue
		}
		seen[row.Name] = len(p.Packages)
		p.Packages = append(p.Packages, row)
	}
	slices.SortFunc(p.Packages, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// readR reads an R library.
func (p *Prefix) readR(fsys fs.FS, dir string) error {
	installed, warnings, err := rlib.Installed(fsys, dir)
	if err != nil {
		return err
	}
	for _, pkg := range installed {
		p.Packages = append(p.Packages, Package{Name: printable(pkg.Name), Version: printable(pkg.Version), Source: R})
	}
	p.warn(warnings)
	return nil
}
