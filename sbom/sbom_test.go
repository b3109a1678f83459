package sbom_test

import (
	"bytes"
	"regexp"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"

	"kernelindexer/sbom"
)

// decoded writes a bill and reads it.
func decoded(t *testing.T, b *sbom.Bill) *cdx.BOM {
	t.Helper()
	var text bytes.Buffer
	if err := b.Write(&text); err != nil {
		t.Fatal(err)
	}
	var doc cdx.BOM
	if err := cdx.NewBOMDecoder(&text, cdx.BOMFileFormatJSON).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return &doc
}

// TestPackageURLs: a package has a URL where it is known where it is from.
func TestPackageURLs(t *testing.T) {
	for _, test := range []struct {
		p    sbom.Package
		want string
	}{
		{sbom.Package{Name: "numpy", Version: "2.3", Origin: sbom.Conda, Build: "py_0", Channel: "conda-forge"}, "pkg:conda/numpy@2.3?build=py_0&channel=conda-forge"},
		{sbom.Package{Name: "numpy", Version: "2.3", Origin: sbom.Conda}, "pkg:conda/numpy@2.3"},
		{sbom.Package{Name: "Ruamel._YAML", Version: "1", Origin: sbom.PyPI, Build: "pypi_0", Channel: "pypi"}, "pkg:pypi/ruamel-yaml@1"},
		{sbom.Package{Name: "sf", Version: "1.0-16", Origin: sbom.R}, "pkg:cran/sf@1.0-16"},
		{sbom.Package{Name: "sf", Origin: sbom.R}, ""},
		{sbom.Package{Name: "base", Version: "4.5.1", Origin: sbom.R}, ""},
		{sbom.Package{Name: "base", Version: "1", Origin: sbom.Conda}, "pkg:conda/base@1"},
		{sbom.Package{Name: "mine", Version: "1"}, ""},
		{sbom.Package{Version: "1", Origin: sbom.Conda}, ""},
	} {
		doc := decoded(t, &sbom.Bill{Libraries: [][]sbom.Package{{test.p}}})
		if got := (*doc.Components)[0].PackageURL; got != test.want {
			t.Errorf("%+v: %q, want %q", test.p, got, test.want)
		}
	}
}

// TestBioconductorIsNotCRAN: what conda has from Bioconductor is no package of CRAN; a record of another library says
// nothing.
func TestBioconductorIsNotCRAN(t *testing.T) {
	entry := sbom.Package{Name: "DESeq2", Version: "1.44.0", Origin: sbom.R}
	record := sbom.Package{Name: "bioconductor-deseq2", Version: "1.44.0", Origin: sbom.Conda}
	doc := decoded(t, &sbom.Bill{Libraries: [][]sbom.Package{{entry, record}, {entry}}})
	var got []string
	for _, c := range *doc.Components {
		got = append(got, c.BOMRef+" "+c.PackageURL)
	}
	want := []string{"package-1 ", "package-2 pkg:conda/bioconductor-deseq2@1.44.0", "package-3 pkg:cran/DESeq2@1.44.0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSerialNumber: it is a UUID, the same for the same values and another for others.
func TestSerialNumber(t *testing.T) {
	serial := func(values ...string) string { return decoded(t, &sbom.Bill{Serial: values}).SerialNumber }
	if s := serial("a", "b"); !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(s) {
		t.Error(s)
	}
	first, again := serial("a", "b"), serial("a", "b")
	if first != again || first == serial("ab") || first == serial("b", "a") {
		t.Error("serial numbers do not tell bills apart")
	}
}
