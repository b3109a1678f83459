package testrepo

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Prefix is one conda environment. Fill in what it holds, then write it.
type Prefix struct {
	// Packages is what conda installed.
	Packages []Package
	// Pip is what other installers put into site-packages; it is written only if
	// there is a Python among Packages.
	Pip []DistInfo
	// Library is what install.packages put into lib/R/library.
	Library []RPackage
	// Created is when conda made the prefix; zero is 2024-01-01.
	Created time.Time
	// Conda is the version of the conda that did; "" is 25.7.0.
	Conda string
	// Specs is what the user asked for.
	Specs []string
	// Files are further files, by their path relative to the prefix.
	Files map[string]string
}

// Add makes the packages of the recipes and adds them. It returns the prefix,
// so that one can be made in a single expression.
func (p *Prefix) Add(recipes ...Recipe) *Prefix {
	for _, r := range recipes {
		p.Packages = append(p.Packages, r.Make())
	}
	return p
}

// SitePackages returns the folder of Python's packages relative to the prefix,
// "" if there is no Python.
func (p *Prefix) SitePackages() string {
	for _, pkg := range p.Packages {
		if pkg.Record.Name == "python" {
			return "lib/python" + majorMinor(pkg.Record.Version) + "/site-packages"
		}
	}
	return ""
}

// WriteTo writes the prefix into dir, which is created with its parents. Files
// that are there already are replaced, others stay.
func (p *Prefix) WriteTo(dir string) error {
	w := newTree(dir)
	for _, pkg := range p.Packages {
		w.buf = pkg.Record.AppendJSON(w.buf[:0])
		if err := w.write("conda-meta/"+pkg.Record.FileName(), w.buf); err != nil {
			return err
		}
		if err := p.writeOwned(w, pkg); err != nil {
			return err
		}
	}
	if err := p.writeForeign(w); err != nil {
		return err
	}
	for name, content := range p.Files {
		if err := w.write(name, []byte(content)); err != nil {
			return err
		}
	}
	return w.write("conda-meta/history", p.history())
}

func (p *Prefix) writeOwned(w *tree, pkg Package) error {
	for _, d := range pkg.Dists {
		if err := w.writeDist(p.SitePackages(), d); err != nil {
			return err
		}
	}
	for _, r := range pkg.R {
		if err := w.writeR(r); err != nil {
			return err
		}
	}
	if pkg.Record.Name == "r-base" {
		// The translations of R's own messages lie in the library and are no package.
		return w.write("lib/R/library/translations/DESCRIPTION",
			[]byte("Package: translations\nVersion: "+pkg.Record.Version+"\nTitle: The R Translations Package\n"))
	}
	return nil
}

func (p *Prefix) writeForeign(w *tree) error {
	if site := p.SitePackages(); site != "" {
		for _, d := range p.Pip {
			if err := w.writeDist(site, d); err != nil {
				return err
			}
		}
	}
	for _, r := range p.Library {
		if err := w.writeR(r); err != nil {
			return err
		}
	}
	return nil
}

// history returns the text of conda-meta/history after one transaction.
func (p *Prefix) history() []byte {
	created, version := p.Created, p.Conda
	if created.IsZero() {
		created = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if version == "" {
		version = "25.7.0"
	}
	var linked []string
	for _, pkg := range p.Packages {
		r := &pkg.Record
		linked = append(linked, "+"+channelName(r.Channel)+"/"+r.Subdir+"::"+r.Dist()+"\n")
	}
	slices.Sort(linked)
	b := fmt.Appendf(nil, "==> %s <==\n", created.Format(time.DateTime))
	b = fmt.Appendf(b, "# cmd: /opt/conda/bin/conda create -p %s\n", strings.Join(append([]string{"."}, p.Specs...), " "))
	b = fmt.Appendf(b, "# conda version: %s\n%s", version, strings.Join(linked, ""))
	if len(p.Specs) > 0 {
		b = fmt.Appendf(b, "# update specs: ['%s']\n", strings.Join(p.Specs, "', '"))
	}
	return b
}

// channelName is the canonical name: that of pkgs/main and its siblings is defaults.
func channelName(location string) string {
	_, path, _ := strings.Cut(strings.TrimPrefix(location, "https://"), "/")
	if strings.HasPrefix(path, "pkgs/") {
		return "defaults"
	}
	return path
}
