package sbom

import (
	"fmt"
	"regexp"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"
)

// Origin is what installed a package, and so where it is from as far as anybody knows.
type Origin uint8

// The origins there are.
const (
	Unknown Origin = iota // also of projects that were installed in place
	Conda
	PyPI // pip and its kin
	R    // an entry of an R library
)

// Package is a package of a library. An entry of an R library is given as one of CRAN: whether it came from elsewhere is
// not recorded, save where conda's record of it, which is in the same library, is called bioconductor-<name>.
type Package struct {
	Name, Version  string
	Origin         Origin
	Build, Channel string // of conda
	Notes          []cdx.Property
}

func (p Package) component(number int, records map[string]bool) cdx.Component {
	c := cdx.Component{
		BOMRef: fmt.Sprintf("package-%d", number), Type: cdx.ComponentTypeLibrary,
		Name: p.Name, Version: p.Version, PackageURL: p.url(records),
	}
	if len(p.Notes) > 0 {
		c.Properties = &p.Notes
	}
	return c
}

// url returns the package URL (of the types conda, pypi and cran of its specification): conda's with build and channel,
// pip's under its normal name, and R's, but for what is part of R or of Bioconductor; else "".
func (p Package) url(records map[string]bool) string {
	u := packageurl.PackageURL{Name: p.Name, Version: p.Version}
	switch p.Origin {
	case Conda:
		u.Type = packageurl.TypeConda
		for _, q := range []packageurl.Qualifier{{Key: "build", Value: p.Build}, {Key: "channel", Value: p.Channel}} {
			if q.Value != "" {
				u.Qualifiers = append(u.Qualifiers, q)
			}
		}
	case PyPI:
		u.Type, u.Name = packageurl.TypePyPi, normal(p.Name)
	case R:
		if PartOfR(p.Name) || p.Version == "" || records[normal(p.Name)] {
			return ""
		}
		u.Type = packageurl.TypeCran
	case Unknown:
		return ""
	}
	if u.Name == "" {
		return ""
	}
	return u.ToString()
}

// bioconductor returns which entries of an R library, by their normal names, conda's records say are of Bioconductor.
func bioconductor(library []Package) map[string]bool {
	records := map[string]bool{}
	for _, p := range library {
		if name, ok := strings.CutPrefix(normal(p.Name), "bioconductor-"); ok && p.Origin == Conda {
			records[name] = true
		}
	}
	return records
}

var separators = regexp.MustCompile(`[-_.]+`)

// normal is a name in which different spellings are the same (PEP 503). Conda spells R's names so, too.
func normal(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// PartOfR reports whether an entry of an R library is part of R, and in no repository (src/library in R's sources).
func PartOfR(name string) bool { return partOfR[name] }

var partOfR = map[string]bool{
	"base": true, "compiler": true, "datasets": true, "graphics": true, "grDevices": true, "grid": true, "methods": true,
	"parallel": true, "splines": true, "stats": true, "stats4": true, "tcltk": true, "tools": true, "utils": true,
}
