package environment

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"

	"kernelindexer/k8s/image"
	"kernelindexer/sbom"
)

// WriteBOM writes the packages of an environment as a CycloneDX 1.6 bill of materials in JSON. The same environment gives
// the same document.
func WriteBOM(w io.Writer, e *Environment, prefixes []image.Prefix) error {
	b := &sbom.Bill{
		Subject: cdx.Component{
			BOMRef: "environment", Type: cdx.ComponentTypeContainer, Name: e.Name, Version: e.Tag, PackageURL: imageURL(e),
		},
		Made:   e.UpdatedAt.UTC().Format(time.RFC3339),
		Serial: []string{e.ID, strconv.FormatInt(e.Revision, 10), e.Image},
	}
	for _, prefix := range prefixes {
		library := make([]sbom.Package, 0, len(prefix.Packages))
		for _, p := range prefix.Packages {
			library = append(library, material(p, prefix.Path))
		}
		b.Libraries = append(b.Libraries, library)
	}
	if err := b.Write(w); err != nil {
		return fmt.Errorf("write bill of materials of %s: %w", e.FullName, err)
	}
	return nil
}

// origins are where packages of a source are from.
var origins = map[image.Source]sbom.Origin{image.Conda: sbom.Conda, image.Python: sbom.PyPI, image.R: sbom.R}

// develop is where conda says that projects are from which were installed in place.
const develop = "<develop>"

// material is a package that is installed somewhere in the image.
func material(p image.Package, where string) sbom.Package {
	origin := origins[p.Source]
	if p.Channel == develop {
		origin = sbom.Unknown
	}
	return sbom.Package{
		Name: p.Name, Version: p.Version, Origin: origin, Build: p.Build, Channel: p.Channel,
		Notes: []cdx.Property{{Name: "kernel-jobs:source", Value: string(p.Source)}, {Name: "kernel-jobs:path", Value: where}},
	}
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
