package image

import (
	"context"
	"io/fs"
	"path"
	"strings"

	"kernelindexer/condaenv"
)

// Kind is what manages a place with packages.
type Kind string

// The kinds of places.
const (
	CondaPrefix  Kind = "conda"  // what `conda list` shows, and the R library of the prefix
	SitePackages Kind = "python" // a site-packages or dist-packages folder outside of conda prefixes
	RLibrary     Kind = "r"      // an R library outside of conda prefixes
)

// Package is one package of a place. Build and Channel are conda's, as in package condaenv.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Source  Source `json:"source"`
	Build   string `json:"build,omitempty"`
	Channel string `json:"channel,omitempty"`
}

// Source is what kind of package a package is.
type Source string

// The sources of packages.
const (
	Conda  Source = "conda"
	Python Source = "python" // what pip and its kin installed
	R      Source = "r"      // an entry of an R library
)

// Prefix is one place of an image that has packages, sorted by name; those of a conda prefix come before those of its R
// library.
type Prefix struct {
	Path     string    `json:"path"` // absolute, in the image
	Kind     Kind      `json:"kind"`
	Packages []Package `json:"packages"`
	Warnings []string  `json:"warnings,omitempty"`
	// Error is why the packages could not be read, for people; there are none then. An image with a broken prefix is
	// still an image.
	Error string `json:"error,omitempty"`
}

// maxPrefixes is how many places of an image are read. The rest are left out with a warning.
const maxPrefixes = 200

// Packages finds the places in the file system of an image in which packages are installed, and reads them as the
// indexer reads kernels: conda prefixes (a directory with conda-meta/history), and outside of them site-packages folders
// and R libraries. Caches of unpacked conda packages are passed over. The error is the context's, or the machine's.
func Packages(ctx context.Context, fsys fs.FS) ([]Prefix, error) {
	found, err := findPlaces(ctx, fsys)
	if err != nil {
		return nil, err
	}
	conda := condaenv.NewFiles(fsys, "/")
	prefixes := make([]Prefix, 0, len(found))
	for _, p := range found {
		prefix := Prefix{Path: path.Join("/", p.path), Kind: p.kind, Packages: []Package{}}
		if len(prefixes) >= maxPrefixes {
			prefix.Error = "not read: the image has too many places with packages"
			prefixes = append(prefixes, prefix)
			break
		}
		switch p.kind {
		case CondaPrefix:
			err = prefix.readConda(ctx, fsys, conda, p.path)
		case SitePackages:
			err = prefix.readPython(ctx, fsys, p.path)
		case RLibrary:
			err = prefix.readR(fsys, p.path)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			prefix.Packages, prefix.Error = []Package{}, printable(err.Error())
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

func (p *Prefix) readConda(ctx context.Context, fsys fs.FS, conda *condaenv.Files, dir string) error {
	list, err := conda.List(ctx, dir)
	if err != nil {
		return err
	}
	for _, pkg := range list.Packages {
		source := Conda
		if pkg.Channel == "pypi" || pkg.Channel == "<develop>" {
			source = Python
		}
		p.Packages = append(p.Packages, Package{
			Name: pkg.Name, Version: pkg.Version, Source: source, Build: pkg.Build, Channel: pkg.Channel,
		})
	}
	p.warn(list.Warnings)
	library, err := condaenv.Library(ctx, fsys, dir)
	if err != nil {
		return err
	}
	for _, pkg := range library.Packages {
		p.Packages = append(p.Packages, Package{Name: pkg.Name, Version: pkg.Version, Source: R})
	}
	p.warn(library.Warnings)
	return nil
}

// maxWarnings is how many warnings of a place are kept.
const maxWarnings = 20

func (p *Prefix) warn(texts []string) {
	for _, text := range texts {
		if len(p.Warnings) < maxWarnings {
			p.Warnings = append(p.Warnings, printable(text))
		}
	}
}

// printable makes text of a foreign file fit for a JSON document.
func printable(text string) string {
	const most = 500
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
