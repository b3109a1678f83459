package catalog

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"kernelindexer/manifests"
)

// Format is a way to write down what a kernel has for other tools.
type Format string

// The formats there are.
const (
	// Environment is an environment.yml, which conda env create reads.
	Environment Format = "environment"
	// Explicit is a list of URLs behind @EXPLICIT, which conda create reads.
	Explicit Format = "explicit"
	// Requirements is a requirements.txt, which pip install -r reads.
	Requirements Format = "requirements"
	// CycloneDX is a bill of materials, CycloneDX 1.6 in JSON.
	CycloneDX Format = "cyclonedx"
)

// Formats returns all formats.
func Formats() []Format { return []Format{Environment, Explicit, Requirements, CycloneDX} }

// FileName returns the name that the file has by custom, "" for no format.
func (f Format) FileName() string {
	switch f {
	case Environment:
		return "environment.yml"
	case Explicit:
		return "explicit.txt"
	case Requirements:
		return "requirements.txt"
	case CycloneDX:
		return "bom.cdx.json"
	default:
		return ""
	}
}

var (
	// ErrFormat says that there is no such format.
	ErrFormat = errors.New("unknown format")
	// ErrNotExplicit says that the documents do not tell what @EXPLICIT takes:
	// from which URL each package came.
	ErrNotExplicit = errors.New("the index does not record the URLs of packages that @EXPLICIT lists")
)

// Export writes the kernel in a format: the same bytes for the same kernel of
// the same generation, unless it was indexed again. What a format has no place for, or what a package says in
// characters that the format's tools would take for something else, stands in
// comments. Errors are [ErrFormat], [ErrNotExplicit], before anything is
// written, or an error of w.
func (k Kernel) Export(w io.Writer, f Format) error {
	switch f {
	case Environment:
		return k.writeEnvironment(w)
	case Requirements:
		return k.writeRequirements(w)
	case CycloneDX:
		return k.writeBOM(w)
	case Explicit:
		return fmt.Errorf("%s: %w", k.Key(), ErrNotExplicit)
	default:
		return fmt.Errorf("%w %q", ErrFormat, string(f))
	}
}

// developChannel is where conda says that projects under development are from,
// which pip installed in place.
const developChannel = "<develop>"

// origin says what installed a package.
type origin uint8

const (
	fromConda   origin = iota
	fromPip            // from an index, as far as is known
	fromProject        // in place, from a directory that nobody else has
	fromR              // an entry of the R library
)

func originOf(p manifests.Package) origin {
	switch {
	case p.Source == manifests.SourceR:
		return fromR
	case p.Channel == pypiChannel:
		return fromPip
	case p.Channel == developChannel:
		return fromProject
	default:
		return fromConda
	}
}

// condaR returns which R packages, by their folded names, conda has records of,
// and by which record.
func (k Kernel) condaR() map[string]string {
	records := map[string]string{}
	for r := range k.Rows() {
		p := r.Package()
		folded := fold(p.Name)
		if of := rPackage(folded); of != "" && originOf(p) == fromConda {
			records[of] = folded
		}
	}
	return records
}

// plain are texts that mean nothing but themselves in any of the formats.
var plain = regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z_.:+!/-]*$`)

// remark returns a text as it may stand in a comment: on one line whatever it
// is.
func remark(s string) string {
	if plain.MatchString(s) {
		return s
	}
	return strconv.QuoteToASCII(s)
}

// remarkPackage names a package and its version in a comment.
func remarkPackage(p manifests.Package) string {
	if p.Version == "" {
		return remark(p.Name)
	}
	return remark(p.Name) + " " + remark(p.Version)
}
