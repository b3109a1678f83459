package testrepo

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sample writes the repository of the demonstration into dir, which must be
// empty or absent: fourteen kernels for Python, R and Julia, and what else lies
// about on real shares: an alias of a kernel, hidden folders, a stray file.
//
// It fails on a file system error, and on an embedded table that is not
// consistent, for instance where a kernel lacks a dependency.
func Sample(dir string) error {
	kernels, err := sampleKernels()
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	if err := makeEmpty(dir); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	for path, prefix := range kernels {
		if err := prefix.WriteTo(filepath.Join(dir, path)); err != nil {
			return fmt.Errorf("sample: kernel %s: %w", path, err)
		}
	}
	if err := strays(dir); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	return nil
}

// sampleKernels makes the kernels of the sample, by their paths.
func sampleKernels() (map[string]*Prefix, error) {
	c, err := parseCatalogue(catalogText)
	if err != nil {
		return nil, err
	}
	definitions, err := parseKernels(kernelsText)
	if err != nil {
		return nil, err
	}
	m := maker{catalog: c, published: map[string]artifact{}}
	kernels := map[string]*Prefix{}
	var errs []error
	for _, d := range definitions {
		if kernels[d.path], err = m.prefix(d); err != nil {
			errs = append(errs, fmt.Errorf("kernel %s: %w", d.path, err))
		}
	}
	return kernels, errors.Join(errs...)
}

// strays writes what a repository holds besides kernels.
func strays(dir string) error {
	w := newTree(dir)
	for name, content := range map[string]string{
		"README.txt":              "Kernels for everybody. Ask research-computing@example.org for more.\n",
		"Python/astro/NEWS.txt":   "1.0 is the first kernel for astronomy.\n",
		".snapshot/daily.0/.keep": "",
		// A kernel that is being made: hidden until it is complete.
		"R/.staging/pecan/2.0/conda-meta/history": "",
	} {
		if err := w.write(name, []byte(content)); err != nil {
			return err
		}
	}
	return os.Symlink("1.91", filepath.Join(dir, "R/pecan/latest"))
}

// maker makes prefixes of definitions.
type maker struct {
	catalog catalog
	// published are the packages so far: one that several kernels hold has the
	// same dependencies and the same build time in all of them.
	published map[string]artifact
}

type artifact struct {
	depends []string
	built   time.Time
}

func (m *maker) prefix(d *definition) (*Prefix, error) {
	versions := map[string]string{}
	for name, r := range d.rows {
		versions[name] = r.version
	}
	p := &Prefix{Created: d.date, Conda: d.conda, Specs: d.specs, Pip: d.pip}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(d.rows)) {
		pkg, err := m.pkg(d.rows[name], versions)
		errs = append(errs, err)
		pkg.Record.Requested = requested(name, d.specs)
		pkg.Record.SortedKeys = sortsKeys(d.conda)
		p.Packages = append(p.Packages, pkg)
	}
	for _, name := range slices.Sorted(maps.Keys(d.library)) {
		p.Library = append(p.Library, d.library[name].rPackage(versions["r-base"]))
	}
	if len(d.info) > 0 {
		p.Files = map[string]string{"kernel.yaml": strings.Join(d.info, "\n") + "\n"}
	}
	for _, dist := range d.pip {
		if dist.DirectURL != "" {
			p.addEditable(dist)
		}
	}
	return p, errors.Join(errs...)
}

// addEditable adds the file that points Python to the folder of an editable install.
func (p *Prefix) addEditable(d DistInfo) {
	if p.Files == nil {
		p.Files = map[string]string{}
	}
	_, folder, _ := strings.Cut(strings.TrimSuffix(d.DirectURL, `"}`), "file://")
	p.Files[p.SitePackages()+"/"+d.Modules[0]] = folder + "/src\n"
}

func (m *maker) pkg(r row, versions map[string]string) (Package, error) {
	e, ok := m.catalog[r.name]
	if !ok {
		return Package{}, fmt.Errorf("%s is not in the catalog", r.name)
	}
	recipe := Recipe{
		Kind: e.kind, Name: r.name, Version: r.version, Build: r.build, Channel: r.channel, License: e.license,
		Python: versions["python"], R: versions["r-base"], Dist: e.dist, Module: e.module, Folder: e.folder,
		Files: e.files, Requires: m.catalog.requires(e),
	}
	if strings.Trim(r.build, "0123456789") == "" { // A number alone, or nothing.
		recipe.Build = "*_" + cmp.Or(r.build, "0")
		if e.kind == Interpreter {
			recipe.Build += "_cpython"
		}
	}
	a, err := m.artifact(recipe, e, r, versions)
	if err != nil {
		return Package{}, fmt.Errorf("%s: %w", r.name, err)
	}
	recipe.Depends, recipe.Built = a.depends, a.built
	return recipe.Make(), nil
}

// artifact returns what is the same in all kernels that hold the package.
func (m *maker) artifact(recipe Recipe, e entry, r row, versions map[string]string) (artifact, error) {
	recipe.setDefaults()
	key := recipe.Channel + "/" + recipe.Name + "-" + recipe.Version + "-" + recipe.Build
	if a, ok := m.published[key]; ok {
		return a, m.complete(a, versions)
	}
	a := artifact{built: r.date.Add(-time.Duration(newDice("built", key).between(1, 150*24*3600*1000)) * time.Millisecond)}
	var errs []error
	for _, n := range e.needs {
		spec, err := n.resolve(versions)
		errs = append(errs, err)
		if spec != "" {
			a.depends = append(a.depends, spec)
		}
	}
	m.published[key] = a
	return a, errors.Join(errs...)
}

// complete checks that a kernel has what a package needs that was made for another.
func (m *maker) complete(a artifact, versions map[string]string) error {
	for _, spec := range a.depends {
		name, _, _ := strings.Cut(spec, " ")
		if _, ok := versions[name]; !ok {
			return fmt.Errorf("%s is missing", name)
		}
	}
	return nil
}

func (r rRow) rPackage(rVersion string) RPackage {
	p := NewRPackage(r.name, r.version, rVersion)
	if r.where == "universe" {
		p.Set("Repository", "https://pecanproject.r-universe.dev")
		p.Set("RemoteType", "universe")
	}
	return p
}

// requested returns the specs that name the package.
func requested(name string, specs []string) []string {
	for _, s := range specs {
		if before, _, _ := strings.Cut(s, "="); before == name {
			return []string{s}
		}
	}
	return nil
}

// sortsKeys reports whether a version of conda wrote records with sorted keys:
// 25.7 is the first that did not.
func sortsKeys(conda string) bool {
	year, rest, _ := strings.Cut(conda, ".")
	month, _, _ := strings.Cut(rest, ".")
	y, errYear := strconv.Atoi(year)
	m, errMonth := strconv.Atoi(month)
	return errYear == nil && errMonth == nil && (y < 25 || y == 25 && m < 7)
}
