package catalog

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"

	"kernelindexer/manifests"
)

// propertyPrefix is the name space of what CycloneDX has no field for.
const propertyPrefix = "kernel-indexer:"

// noteOnR says what a package URL of an R package is worth.
const noteOnR = "an entry of the R library is given as a package of CRAN; whether it came from Bioconductor or elsewhere " +
	"is not recorded, save where conda has a bioconductor record of it"

// writeBOM writes the bill of materials.
func (k Kernel) writeBOM(w io.Writer) error {
	if err := cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).
		EncodeVersion(k.bom(), cdx.SpecVersion1_6); err != nil {
		return fmt.Errorf("write bill of materials of %s: %w", k.Key(), err)
	}
	return nil
}

func (k Kernel) bom() *cdx.BOM {
	b := cdx.NewBOM()
	b.SerialNumber = k.serialNumber()
	b.Metadata = &cdx.Metadata{
		Timestamp: k.IndexedDate(),
		Component: &cdx.Component{
			BOMRef: "kernel", Type: cdx.ComponentTypePlatform, Group: k.Language(), Name: k.Name(), Version: k.Version(),
			Description: k.Info().Description,
		},
		Properties: &[]cdx.Property{
			{Name: propertyPrefix + "generation", Value: k.c.Generation()},
			{Name: propertyPrefix + "language_version", Value: k.LanguageVersion()},
			{Name: propertyPrefix + "note", Value: noteOnR},
		},
	}
	components := make([]cdx.Component, 0, k.Len())
	records := k.condaR()
	for r := range k.Rows() {
		components = append(components, component(r.Package(), records, len(components)+1))
	}
	b.Components = &components
	return b
}

// serialNumber returns a UUID of our own making (RFC 9562, version 8) that is
// the same for the same kernel, indexed at the same time, of the same
// generation.
func (k Kernel) serialNumber() string {
	sum := sha256.Sum256([]byte(strings.Join(
		[]string{k.c.Generation(), k.IndexedDate(), k.Language(), k.Name(), k.Version()}, "\x00")))
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func component(p manifests.Package, records map[string]string, number int) cdx.Component {
	c := cdx.Component{
		BOMRef: fmt.Sprintf("package-%d", number), Type: cdx.ComponentTypeLibrary,
		Name: p.Name, Version: p.Version, PackageURL: packageURL(p, records),
	}
	properties := []cdx.Property{{Name: propertyPrefix + "source", Value: string(p.Source)}}
	for _, more := range []cdx.Property{{Name: "build", Value: p.Build}, {Name: "channel", Value: p.Channel}} {
		if more.Value != "" {
			properties = append(properties, cdx.Property{Name: propertyPrefix + more.Name, Value: more.Value})
		}
	}
	c.Properties = &properties
	return c
}

// packageURL returns where a package is from as far as is known (the types
// conda, pypi and cran of the package URL specification): conda's with build
// and channel, pip's under its normal name, and R's, but for what is part of R
// or of Bioconductor. Nothing is known of projects in place.
func packageURL(p manifests.Package, records map[string]string) string {
	if p.Name == "" {
		return ""
	}
	u := packageurl.PackageURL{Name: p.Name, Version: p.Version}
	switch originOf(p) {
	case fromConda:
		u.Type = packageurl.TypeConda
		for _, q := range []packageurl.Qualifier{{Key: "build", Value: p.Build}, {Key: "channel", Value: p.Channel}} {
			if q.Value != "" {
				u.Qualifiers = append(u.Qualifiers, q)
			}
		}
	case fromPip:
		u.Type, u.Name = packageurl.TypePyPi, fold(p.Name)
	case fromR:
		if withR[p.Name] || strings.HasPrefix(records[fold(p.Name)], "bioconductor-") || p.Version == "" {
			return ""
		}
		u.Type = packageurl.TypeCran
	default:
		return ""
	}
	return u.ToString()
}
