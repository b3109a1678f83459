package environment_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
)

// TestBOMOfWhatIsFromNowhere: no package URL is made up for what is part of R, of Bioconductor, or a project in place.
func TestBOMOfWhatIsFromNowhere(t *testing.T) {
	prefix := image.Prefix{Path: "/opt/conda", Kind: image.CondaPrefix, Packages: []image.Package{
		{Name: "bioconductor-deseq2", Version: "1.44.0", Source: image.Conda},
		{Name: "mine", Version: "0.1", Source: image.Python, Channel: "<develop>"},
		{Name: "DESeq2", Version: "1.44.0", Source: image.R},
		{Name: "base", Version: "4.5.1", Source: image.R},
		{Name: "sf", Version: "1.0", Source: image.R},
	}}
	var text bytes.Buffer
	if err := environment.WriteBOM(&text, &environment.Environment{ID: "e", Revision: 1}, []image.Prefix{prefix}); err != nil {
		t.Fatal(err)
	}
	var doc struct{ Components []struct{ PURL string } }
	if err := json.Unmarshal(text.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range doc.Components {
		got = append(got, c.PURL)
	}
	want := []string{"pkg:conda/bioconductor-deseq2@1.44.0", "", "", "", "pkg:cran/sf@1.0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
