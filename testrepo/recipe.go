package testrepo

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is what a package contains, and so what its record and its files look like.
type Kind string

// The kinds of packages.
const (
	// Library is compiled for one platform: lib, include, share.
	Library Kind = "lib"
	// Data is the same everywhere (noarch: generic).
	Data Kind = "data"
	// Meta has no files, only dependencies.
	Meta Kind = "meta"
	// Interpreter is Python itself, RBase R itself with its base packages.
	Interpreter Kind = "python"
	RBase       Kind = "rbase"
	// PythonNoarch and PythonCompiled have a dist-info in site-packages,
	// PythonPlain depends on Python but has none, as metapackages do.
	PythonNoarch   Kind = "py"
	PythonCompiled Kind = "pyx"
	PythonPlain    Kind = "pym"
	// RNoarch and RCompiled are packages of the R library.
	RNoarch   Kind = "r"
	RCompiled Kind = "rx"
)

func (k Kind) isPython() bool { return k == PythonNoarch || k == PythonCompiled || k == PythonPlain }
func (k Kind) isR() bool      { return k == RNoarch || k == RCompiled }

// CondaForge is the location of the channel that a [Recipe] takes by default.
const CondaForge = "https://conda.anaconda.org/conda-forge"

// Recipe says of a conda package what cannot be made up. Only Kind, Name and
// Version are required; Python and R where the kind asks for them.
type Recipe struct {
	Kind          Kind
	Name, Version string
	// Build is the build string. "" is one of the form that Kind has, numbered
	// Number. A * stands for the part that is a hash.
	Build  string
	Number int
	// Channel is the location of the channel without subdir; "" is [CondaForge].
	Channel string
	License string
	// Depends are further dependencies; those on Python and R that every
	// package of the kind has are added.
	Depends, Constrains []string
	// Python (3.11.8) and R (4.3.3) are the versions in the prefix.
	Python, R string
	// Dist and Module are what the package is called in METADATA and in
	// site-packages, Folder in the R library; "" is what Name suggests.
	Dist, Module, Folder string
	// Requires is what Requires-Dist lists, or Imports in the R library.
	Requires []string
	// Files is the number of paths besides those of metadata; 0 is one that
	// depends on the name.
	Files int
	// Built is the build time, to the millisecond; zero is one in 2023.
	Built time.Time
	// Salt makes the made-up parts of otherwise equal packages differ.
	Salt string
}

// Make makes the package. The same recipe makes the same package.
func (r Recipe) Make() Package {
	p, layout := r.prepare()
	n := r.Files
	if n == 0 {
		n = newDice("files", r.Name).between(4, 20)
	}
	if layout != nil {
		for path := range layout {
			if n--; n < 0 {
				break
			}
			p.addPath(path)
		}
	}
	p.finish()
	return p
}

// prepare makes the package with the paths that its kind must have, and the
// layout of the others.
func (r Recipe) prepare() (Package, iter.Seq[Path]) {
	r.setDefaults()
	p := Package{Record: r.record()}
	d := newDice("layout", r.Salt, r.Name)
	minor := majorMinor(r.Python)
	switch r.Kind {
	case Library:
		return p, libraryLayout(r.Name, d)
	case Data:
		return p, dataLayout(r.Name, d)
	case Interpreter:
		return p, interpreterLayout(minor, d)
	case PythonNoarch, PythonCompiled:
		site := "lib/python" + minor + "/site-packages"
		p.addDist(DistInfo{Name: r.Dist, Version: r.Version, Installer: "conda", Requires: r.Requires}, site)
		return p, pythonLayout(site, modules(r.Module, d), minor, r.Kind == PythonCompiled)
	case RBase:
		for _, name := range basePackages {
			p.addR(NewBaseRPackage(name, r.Version))
		}
		return p, rBaseLayout(d)
	case RNoarch, RCompiled:
		p.addR(r.rPackage())
		return p, rLayout(r.Folder, r.Kind == RCompiled, d)
	default: // Meta, PythonPlain.
		return p, nil
	}
}

func (r *Recipe) setDefaults() {
	r.Channel = cmp.Or(r.Channel, CondaForge)
	if r.Kind == Interpreter {
		r.Python = r.Version
	}
	if r.Kind == RBase {
		r.R = r.Version
	}
	r.Dist = cmp.Or(r.Dist, r.Name)
	r.Module = cmp.Or(r.Module, importName(r.Dist))
	r.Folder = cmp.Or(r.Folder, rFolder(r.Name))
	r.Build = r.build()
	r.Number = buildNumber(r.Build)
	if r.Built.IsZero() {
		r.Built = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
		d := newDice("built", r.Name, r.Version, r.Build)
		r.Built = r.Built.Add(time.Duration(d.between(0, 364*24*3600*1000)) * time.Millisecond)
	}
}

// build returns the build string, as the tools that make packages form it: what
// it was built against, a hash of that, the number.
func (r *Recipe) build() string {
	hash := "h" + newDice("build", r.Name, r.Version, r.Python, r.R).hex(7)
	python := "py" + strings.ReplaceAll(majorMinor(r.Python), ".", "")
	onR := "r" + strings.ReplaceAll(majorMinor(r.R), ".", "")
	form := r.Build
	if form == "" {
		form = "*_" + strconv.Itoa(r.Number)
	}
	switch r.Kind {
	case Interpreter:
		if r.Build == "" {
			form += "_cpython"
		}
	case PythonNoarch, PythonPlain:
		hash = "pyhd8ed1ab"
	case PythonCompiled:
		hash = python + hash
	case RNoarch:
		hash = onR + "hc72bb7e"
	case RCompiled:
		hash = onR + hash
	default:
	}
	return strings.Replace(form, "*", hash, 1)
}

// buildNumber takes the number from the last part of the build string that is
// one; there is none in names such as conda_forge.
func buildNumber(build string) int {
	number := 0
	for part := range strings.SplitSeq(build, "_") {
		if n, err := strconv.Atoi(part); err == nil {
			number = n
		}
	}
	return number
}

func (r *Recipe) record() Record {
	rec := Record{
		Name: r.Name, Version: r.Version, Build: r.Build, BuildNumber: r.Number,
		Channel: r.Channel, Subdir: "linux-64", License: r.License,
		Depends: r.Depends, Constrains: r.Constrains,
		Timestamp: r.Built.UnixMilli(), Salt: r.Salt,
	}
	switch r.Kind {
	case Data:
		rec.Subdir, rec.Noarch = "noarch", "generic"
	case Interpreter:
		if slices.Contains([]string{"3.13", "3.14"}, majorMinor(r.Version)) {
			rec.SitePackages = "lib/python" + majorMinor(r.Version) + "/site-packages"
		}
	case PythonNoarch, PythonPlain:
		rec.Subdir, rec.Noarch = "noarch", "python"
		rec.Depends = append([]string{"python >=3.8"}, r.Depends...)
	case PythonCompiled:
		rec.Depends = append([]string{
			"python " + pin(majorMinor(r.Python)),
			fmt.Sprintf("python_abi %s.* *_cp%s", majorMinor(r.Python), strings.ReplaceAll(majorMinor(r.Python), ".", "")),
		}, r.Depends...)
	case RNoarch:
		rec.Subdir, rec.Noarch = "noarch", "generic"
		fallthrough
	case RCompiled:
		rec.Depends = append([]string{"r-base " + pin(majorMinor(r.R))}, r.Depends...)
	default:
	}
	return rec
}

// rFolder guesses what the package of R is called that a conda package holds.
func rFolder(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "r-"), "bioconductor-")
}

// pin returns the condition that keeps a package on one minor version: 3.11
// becomes >=3.11,<3.12.0a0.
func pin(minor string) string {
	i := strings.LastIndexByte(minor, '.') + 1
	n, _ := strconv.Atoi(minor[i:])
	return ">=" + minor + ",<" + minor[:i] + strconv.Itoa(n+1) + ".0a0"
}

// majorMinor returns the first two parts of a version.
func majorMinor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// rPackage is the folder in the library. conda has no dash in a version, so
// 1.0-14 is called 1.0_14 there.
func (r *Recipe) rPackage() RPackage {
	p := NewRPackage(r.Folder, strings.ReplaceAll(r.Version, "_", "-"), r.R)
	if r.Kind == RCompiled {
		p.Compiled(r.R)
	}
	p.Set("Imports", strings.Join(r.Requires, ", "))
	if strings.HasPrefix(r.Name, "bioconductor-") {
		p.Set("Repository", "")
		p.Set("git_url", "https://git.bioconductor.org/packages/"+r.Folder)
	}
	return p
}
