package environment

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"

	"kernelindexer/k8s/image"
)

// WriteBOM writes the packages of an environment as a CycloneDX 1.6 bill of materials in JSON. The same environment gives
// the same document.
func WriteBOM(w io.Writer, e *Environment, prefixes []image.Prefix) error {
	if err := cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).
		EncodeVersion(bom(e, prefixes), cdx.SpecVersion1_6); err != nil {
		return fmt.Errorf("write bill of materials of %s: %w", e.FullName, err)
	}
	return nil
}

func bom(e *Environment, prefixes []image.Prefix) *cdx.BOM {
	b := cdx.NewBOM()
	b.SerialNumber = serialNumber(e)
	b.Metadata = &cdx.Metadata{
		Timestamp: e.UpdatedAt.UTC().Format(time.RFC3339),
		Component: &cdx.Component{
			BOMRef: "environment", Type: cdx.ComponentTypeContainer, Name: e.Name, Version: e.Tag,
			PackageURL: imageURL(e),
		},
	}
	components := []cdx.Component{}
	for _, prefix := range prefixes {
		for _, p := range prefix.Packages {
			components = append(components, component(p, prefix.Path, len(components)+1))
		}
	}
	b.Components = &components
	return b
}

func component(p image.Package, where string, number int) cdx.Component {
	properties := []cdx.Property{{Name: "kernel-jobs:source", Value: string(p.Source)}, {Name: "kernel-jobs:path", Value: where}}
	return cdx.Component{
		BOMRef: fmt.Sprintf("package-%d", number), Type: cdx.ComponentTypeLibrary, Name: p.Name, Version: p.Version,
		PackageURL: packageURL(p), Properties: &properties,
	}
}

// packageURL is where a package comes from, as far as that is recorded: an entry of an R library may be from anywhere,
// but has a name of CRAN in nearly all cases.
func packageURL(p image.Package) string {
	u := packageurl.PackageURL{Name: p.Name, Version: p.Version}
	switch p.Source {
	case image.Conda:
		u.Type = packageurl.TypeConda
		for _, q := range []packageurl.Qualifier{{Key: "build", Value: p.Build}, {Key: "channel", Value: p.Channel}} {
			if q.Value != "" {
				u.Qualifiers = append(u.Qualifiers, q)
			}
		}
	case image.Python:
		u.Type, u.Name = packageurl.TypePyPi, strings.ToLower(strings.ReplaceAll(p.Name, "_", "-"))
	case image.R:
		u.Type = packageurl.TypeCran
	}
	if u.Name == "" || u.Type == packageurl.TypeCran && u.Version == "" {
		return ""
	}
	return u.ToString()
}

func imageURL(e *Environment) string {
	repository, digest, ok := strings.Cut(e.Image, "@")
	if !ok {
		return ""
	}
	u := packageurl.PackageURL{
		Type: packageurl.TypeOCI, Name: repository[strings.LastIndexByte(repository, '/')+1:], Version: digest,
		Qualifiers: packageurl.Qualifiers{{Key: "repository_url", Value: repository}},
	}
	return u.ToString()
}

// serialNumber is a UUID of our own making (RFC 9562, version 8), the same for the same revision.
func serialNumber(e *Environment) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s", e.ID, e.Revision, e.Image))
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
