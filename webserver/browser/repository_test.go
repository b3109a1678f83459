//go:build browser

package browser_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"kernelindexer/testrepo"
)

// The kernels have the names, the sizes and the stories of those of a real site; what is in them is made up.
//
//	Python/astro/1.0        332 distributions
//	R/Rbioconductor/3.20    106 packages of conda, 31 of R
//	R/ctmm/0.1              198 and 54; sf 1.0-14, Rcpp 1.0.11
//	R/pecan/1.9             202 and 14
//	R/pecan/1.91            399 and 356; sf 1.0-20, Rcpp 1.0.14; from 1.9: 600 added, 61 removed, 83 changed, 72 the same
//	R/climate/0.9           a kernel that is gone from the second index on
const (
	astro, bioconductor, ctmm = "Python/astro/1.0", "R/Rbioconductor/3.20", "R/ctmm/0.1"
	pecan9, pecan91, climate  = "R/pecan/1.9", "R/pecan/1.91", "R/climate/0.9"
)

// versions are those that a story needs, by kernel and package.
var versions = map[string]string{
	pecan9 + " aws-c-auth": "0.9.1", pecan91 + " aws-c-auth": "0.9.0",
	pecan91 + " sf": "1.0_20", ctmm + " sf": "1.0_14", pecan91 + " Rcpp": "1.0.14", ctmm + " Rcpp": "1.0.11",
	astro + " numpy": "1.26.4", astro + " scipy": "1.14.1", astro + " astropy": "6.1.4",
	pecan91 + " ggplot2": "3.5.2",
}

// ages are the kernels in the order of their making: a package is newer in a later one.
var ages = map[string]uint32{climate: 0, ctmm: 0, pecan9: 1, bioconductor: 3, astro: 4, pecan91: 5}

// version returns the version of a package in a kernel: that of its story, else one that follows from the words.
func version(kernel, name string) string {
	if v := versions[kernel+" "+name]; v != "" {
		return v
	}
	h := fnv.New32a()
	fmt.Fprint(h, name)
	n := h.Sum32()
	return fmt.Sprintf("%d.%d.%d", 1+n%4, n/4%12+ages[kernel], n/50%10)
}

// named returns n names: the well-known ones, then made-up ones.
func named(n int, known string, format string) []string {
	names := strings.Fields(known)
	for i := len(names); i < n; i++ {
		names = append(names, fmt.Sprintf(format, i))
	}
	return names[:n]
}

// builder makes one kernel.
type builder struct {
	path      string
	python, r string // versions
	testrepo.Prefix
}

// conda adds packages of conda with the versions that another kernel has, "" for its own.
func (b *builder) conda(like string, names ...string) *builder {
	for _, name := range names {
		b.Add(testrepo.Recipe{Kind: testrepo.Library, Name: name, Version: version(orOwn(like, b), name), Files: 4})
	}
	return b
}

// condaR adds packages of R that conda installed: one of its own, and one in the library.
func (b *builder) condaR(names ...string) *builder {
	for _, name := range names {
		b.Add(testrepo.Recipe{
			Kind: testrepo.RCompiled, Name: "r-" + strings.ToLower(name), Folder: name, Version: version(b.path, name), R: b.r,
			Files: 4,
		})
	}
	return b
}

// library adds packages of R that install.packages put there.
func (b *builder) library(names ...string) *builder {
	for _, name := range names {
		b.Library = append(b.Library, testrepo.NewRPackage(name, version(b.path, name), b.r))
	}
	return b
}

// distributions adds packages of Python.
func (b *builder) distributions(names ...string) *builder {
	for _, name := range names {
		b.Add(testrepo.Recipe{
			Kind: testrepo.PythonNoarch, Name: strings.ToLower(name), Dist: name, Version: version(b.path, name), Python: b.python,
			Files: 4,
		})
	}
	return b
}

func orOwn(like string, b *builder) string {
	if like == "" {
		return b.path
	}
	return like
}

// newR begins a kernel of R, with the fourteen packages that are R's own.
func newR(path, r string) *builder {
	b := &builder{path: path, r: r}
	b.Add(testrepo.Recipe{Kind: testrepo.RBase, Name: "r-base", Version: r, Files: 4})
	return b
}

// describe adds what the maintainer says.
func (b *builder) describe(lines ...string) *builder {
	b.Files = map[string]string{"kernel.yaml": strings.Join(lines, "\n") + "\n"}
	return b
}

// kernels returns the made-up kernels by their paths.
func kernels() map[string]*builder {
	made := map[string]*builder{}
	for _, b := range []*builder{newAstro(), newBioconductor(), newCtmm(), newPecan9(), newPecan91(), newClimate()} {
		made[b.path] = b
	}
	return made
}

func newAstro() *builder {
	b := &builder{path: astro, python: "3.11.9"}
	b.Add(testrepo.Recipe{Kind: testrepo.Interpreter, Name: "python", Version: b.python, Files: 4})
	return b.distributions(named(331, pythonNames, "astrotools%03d")...).
		describe("description: Images, spectra and catalogues for astronomy", "maintainer: Astronomy support")
}

func newBioconductor() *builder {
	b := newR(bioconductor, "4.4.3")
	b.conda("", named(105-1, condaNames, "libmade%03d")...).condaR("BiocManager")
	return b.library(strings.Fields(biocNames)...).
		describe("description: Genomics with Bioconductor 3.20", "maintainer: Genomics support", "default: true")
}

func newCtmm() *builder {
	b := newR(ctmm, "4.3.1")
	r := []string{"sf", "Rcpp", "ctmm", "sp", "terra", "raster", "units", "s2", "wk", "classInt", "DBI", "magrittr"}
	b.condaR(r...).conda("", named(197-len(r), condaNames, "libmade%03d")...)
	return b.library(named(40-len(r), "move moveHMM amt adehabitatHR adehabitatLT", "trackdata%02d")...).
		describe("description: Movement of animals as continuous-time models", "deprecated: true",
			"deprecation_note: R/pecan/1.91 has a newer ctmm")
}

// The packages that both versions of pecan have of conda, beside r-base, which changed with the version of R: 72 that
// are the same and 68 that changed.
const samePecan, changedPecan, removedPecan = 72, 68, 61

func pecanNames() []string {
	return named(samePecan+changedPecan+removedPecan, condaNames, "libmade%03d")
}

// sameNames are those that are the same: not the first ones, which the story of aws-c-auth is among.
func sameNames() []string { return pecanNames()[changedPecan : changedPecan+samePecan] }

func newPecan9() *builder {
	b := newR(pecan9, "4.5.1")
	all := pecanNames()
	return b.conda("", all[:changedPecan]...).conda("shared", sameNames()...).conda("", all[changedPecan+samePecan:]...).
		describe("description: Ecosystem models with PEcAn 1.9")
}

func newPecan91() *builder {
	b := newR(pecan91, "4.4.3")
	b.conda("", pecanNames()[:changedPecan]...).conda("shared", sameNames()...)
	r := strings.Fields(rNames)
	b.condaR(r...).conda("", named(258-len(r), "", "pecan-data-%03d")...)
	return b.library(named(342-len(r), "PEcAn.all PEcAn.DB PEcAn.ED PEcAn.LINKAGES PEcAn.SIPNET PEcAn.workflow", "PEcAn.part%03d")...).
		describe("description: Ecosystem models with PEcAn 1.9.1", "maintainer: Ecology support", "default: true")
}

func newClimate() *builder {
	return newR(climate, "4.3.1").conda("", named(20, condaNames, "")...).describe("description: Climate data")
}

// write writes kernels into a repository.
func write(t testing.TB, root string, made map[string]*builder) {
	t.Helper()
	for path, b := range maps.All(made) {
		if err := b.WriteTo(filepath.Join(root, path)); err != nil {
			t.Fatal(err)
		}
	}
}
