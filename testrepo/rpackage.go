package testrepo

import (
	"compress/gzip"
	"fmt"
	"strings"
)

// RPackage is one folder of an R library: the package's DESCRIPTION as R CMD
// INSTALL completes it.
type RPackage struct {
	// Folder is the name of the folder, which is the package's name for R.
	Folder string
	// Fields are those of DESCRIPTION in their order. Continuation lines are
	// kept in the value, indented as in the file.
	Fields []Field
}

// Field is one field of a DESCRIPTION.
type Field struct{ Name, Value string }

// NewRPackage returns a package as CRAN serves it, built by the given R, both
// versions as R writes them (1.0-14, 4.3.3). Set or change fields with Set.
func NewRPackage(name, version, rVersion string) RPackage {
	return RPackage{Folder: name, Fields: []Field{
		{"Package", name},
		{"Version", version},
		{"Title", "Made-up Package " + name},
		{"Authors@R", `person("A.", "Author", email = "author@example.org",` + "\n" + `    role = c("aut", "cre"))`},
		{"Description", "A package with metadata but without content. It stands for\n    the real package of this name."},
		{"License", "GPL (>= 2)"},
		{"Depends", "R (>= 3.5.0)"},
		{"NeedsCompilation", "no"},
		{"Author", "A. Author [aut, cre]"},
		{"Maintainer", "A. Author <author@example.org>"},
		{"Repository", "CRAN"},
		{"Date/Publication", "2024-01-15 10:20:02 UTC"},
		{"Built", builtBy(rVersion, "")},
	}}
}

// NewBaseRPackage returns a package that belongs to R itself, such as stats.
func NewBaseRPackage(name, rVersion string) RPackage {
	return RPackage{Folder: name, Fields: []Field{
		{"Package", name},
		{"Version", rVersion},
		{"Priority", "base"},
		{"Title", "The R " + strings.ToUpper(name[:1]) + name[1:] + " Package"},
		{"Author", "A. Author"},
		{"Maintainer", "A. Author <author@example.org>"},
		{"Description", "The part of R that is called " + name + "."},
		{"License", "Part of R " + rVersion},
		{"Built", builtBy(rVersion, "")},
	}}
}

// Set gives a field a value, in its place or, if it is new, before Built, which
// R CMD INSTALL writes last. An empty value removes the field.
func (p *RPackage) Set(name, value string) {
	fields := make([]Field, 0, len(p.Fields)+1)
	done := value == ""
	for _, f := range p.Fields {
		if !done && (f.Name == name || f.Name == "Built") {
			fields = append(fields, Field{name, value})
			done = true
		}
		if f.Name != name {
			fields = append(fields, f)
		}
	}
	if !done {
		fields = append(fields, Field{name, value})
	}
	p.Fields = fields
}

// Compiled marks the package as one with a shared library, which has a platform.
func (p *RPackage) Compiled(rVersion string) {
	p.Set("NeedsCompilation", "yes")
	p.Set("Built", builtBy(rVersion, "x86_64-conda-linux-gnu"))
}

// Description returns the text of the file DESCRIPTION.
func (p RPackage) Description() []byte {
	var b []byte
	for _, f := range p.Fields {
		b = fmt.Appendf(b, "%s: %s\n", f.Name, f.Value)
	}
	return b
}

// PackageRDS returns Meta/package.rds, compressed. It fails on a Built field or
// a version in a dependency that R itself would not take.
func (p RPackage) PackageRDS() ([]byte, error) { return p.packageRDS(gzip.NewWriter(nil)) }

func (p RPackage) packageRDS(z *gzip.Writer) ([]byte, error) {
	data, err := packageRDS(p.Fields)
	if err != nil {
		return nil, fmt.Errorf("package %s: %w", p.Folder, err)
	}
	return gzipped(z, data)
}

func field(fields []Field, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// builtBy returns the field Built; a package without compiled code has no platform.
func builtBy(rVersion, platform string) string {
	return "R " + rVersion + "; " + platform + "; 2024-02-01 12:00:00 UTC; unix"
}

// basePackages are those that come with R itself and need no record of their own.
var basePackages = []string{
	"base", "compiler", "datasets", "grDevices", "graphics", "grid", "methods",
	"parallel", "splines", "stats", "stats4", "tcltk", "tools", "utils",
}
