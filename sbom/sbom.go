// Package sbom writes bills of materials: CycloneDX 1.6, in JSON, with a package URL for what has one. It knows packages
// by what installed them, and neither kernels nor environments.
package sbom

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// Bill is a bill of materials.
type Bill struct {
	// Subject is what consists of the packages, Made when they were looked at (RFC 3339), and Notes what there is no
	// field for.
	Subject cdx.Component
	Made    string
	Notes   []cdx.Property
	// Serial are the values that the serial number is made of: a bill with the same ones is the same bill.
	Serial []string
	// Libraries are the packages. Those of one library know of each other, see [Package].
	Libraries [][]Package
}

// Write writes the bill. The same bill is written with the same bytes.
func (b *Bill) Write(w io.Writer) error {
	return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).
		EncodeVersion(b.document(), cdx.SpecVersion1_6)
}

func (b *Bill) document() *cdx.BOM {
	doc := cdx.NewBOM()
	doc.SerialNumber = serialNumber(b.Serial)
	doc.Metadata = &cdx.Metadata{Timestamp: b.Made, Component: &b.Subject}
	if len(b.Notes) > 0 {
		doc.Metadata.Properties = &b.Notes
	}
	components := []cdx.Component{}
	for _, library := range b.Libraries {
		records := bioconductor(library)
		for _, p := range library {
			components = append(components, p.component(len(components)+1, records))
		}
	}
	doc.Components = &components
	return doc
}

// serialNumber is a UUID of our own making (RFC 9562, version 8), the same for the same values.
func serialNumber(values []string) string {
	sum := sha256.Sum256([]byte(strings.Join(values, "\x00")))
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
