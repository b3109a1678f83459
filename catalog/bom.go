package catalog

import (
	"fmt"
	"io"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"kernelindexer/manifests"
	"kernelindexer/sbom"
)

// propertyPrefix is the name space of what CycloneDX has no field for.
const propertyPrefix = "kernel-indexer:"

// noteOnR says what a package URL of an R package is worth.
const noteOnR = "an entry of the R library is given as a package of CRAN; whether it came from Bioconductor or elsewhere " +
	"is not recorded, save where conda has a bioconductor record of it"

// writeBOM writes the bill of materials.
func (k Kernel) writeBOM(w io.Writer) error {
	b := &sbom.Bill{
		Subject: cdx.Component{
			BOMRef: "kernel", Type: cdx.ComponentTypePlatform, Group: k.Language(), Name: k.Name(), Version: k.Version(),
			Description: k.Info().Description,
		},
		Made: k.IndexedDate(),
		Notes: []cdx.Property{
			{Name: propertyPrefix + "generation", Value: k.c.Generation()},
			{Name: propertyPrefix + "language_version", Value: k.LanguageVersion()},
			{Name: propertyPrefix + "note", Value: noteOnR},
		},
		Serial: []string{k.c.Generation(), k.IndexedDate(), k.Language(), k.Name(), k.Version()},
	}
	packages := make([]sbom.Package, 0, k.Len())
	for r := range k.Rows() {
		packages = append(packages, material(r.Package()))
	}
	b.Libraries = [][]sbom.Package{packages}
	if err := b.Write(w); err != nil {
		return fmt.Errorf("write bill of materials of %s: %w", k.Key(), err)
	}
	return nil
}

// materials are where packages of an origin are from.
var materials = map[origin]sbom.Origin{fromConda: sbom.Conda, fromPip: sbom.PyPI, fromProject: sbom.Unknown, fromR: sbom.R}

func material(p manifests.Package) sbom.Package {
	m := sbom.Package{Name: p.Name, Version: p.Version, Origin: materials[originOf(p)], Build: p.Build, Channel: p.Channel}
	m.Notes = []cdx.Property{{Name: propertyPrefix + "source", Value: string(p.Source)}}
	for _, more := range []cdx.Property{{Name: "build", Value: p.Build}, {Name: "channel", Value: p.Channel}} {
		if more.Value != "" {
			m.Notes = append(m.Notes, cdx.Property{Name: propertyPrefix + more.Name, Value: more.Value})
		}
	}
	return m
}
