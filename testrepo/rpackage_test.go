package testrepo_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/testrepo"
)

// TestPackageRDSIsWhatRWrites compares with a package that R 4.2.2 installed:
// all kinds of dependencies, conditions, text that is not ASCII.
func TestPackageRDSIsWhatRWrites(t *testing.T) {
	description, err := os.ReadFile("testdata/toy.pkg/DESCRIPTION")
	if err != nil {
		t.Fatal(err)
	}
	p := testrepo.RPackage{Folder: "toy.pkg", Fields: parseDescription(string(description))}
	if diff := cmp.Diff(string(description), string(p.Description())); diff != "" {
		t.Errorf("DESCRIPTION: -R +ours:\n%s", diff)
	}
	ours, err := p.PackageRDS()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := os.ReadFile("testdata/toy.pkg/package.rds")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(gunzip(t, theirs), gunzip(t, ours)) {
		t.Errorf("package.rds differs from R's:\n%s", cmp.Diff(gunzip(t, theirs), gunzip(t, ours)))
	}
}

func TestPackageRDSRefusesWhatRRefuses(t *testing.T) {
	tests := map[string]struct{ field, value, want string }{
		"no Built":            {"Built", "", "four parts"},
		"Built without parts": {"Built", "R 4.3.3", "four parts"},
		"Built by no version": {"Built", "R devel; ; 2024; unix", "no version"},
		"version of dashes":   {"Imports", "methods (>= -)", "no version"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := testrepo.NewRPackage("sf", "1.0-14", "4.3.3")
			p.Set(tt.field, tt.value)
			if _, err := p.PackageRDS(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestSetKeepsBuiltLast(t *testing.T) {
	p := testrepo.NewRPackage("sf", "1.0-14", "4.3.3")
	p.Set("Imports", "DBI (>= 0.8)")
	p.Set("License", "GPL-2")
	p.Set("Repository", "")
	p.Compiled("4.3.3")
	text := string(p.Description())
	for _, want := range []string{"\nImports: DBI (>= 0.8)\nBuilt: R 4.3.3; x86_64-conda-linux-gnu; ", "\nLicense: GPL-2\n", "\nNeedsCompilation: yes\n"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "Repository:") || strings.Count(text, "License:") != 1 {
		t.Errorf("a field is left over in\n%s", text)
	}
}

// parseDescription takes apart what [testrepo.RPackage.Description] joins.
func parseDescription(text string) []testrepo.Field {
	var fields []testrepo.Field
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, " ") {
			fields[len(fields)-1].Value += "\n" + line
			continue
		}
		name, value, _ := strings.Cut(line, ": ")
		fields = append(fields, testrepo.Field{Name: name, Value: value})
	}
	return fields
}

func gunzip(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
