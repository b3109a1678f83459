package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"kernelindexer/catalog"
)

// PEP 503, and lower case as Python sees it.
func TestFold(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "numpy": "numpy", "NumPy": "numpy", "ruamel.yaml": "ruamel-yaml", "ruamel_-.yaml": "ruamel-yaml", "a--b": "a-b",
		"_libgcc_mutex": "-libgcc-mutex", "x_": "x-", "-": "-", "...": "-", "É_é": "é-é", "Σ.Σ": "σ-ς", "\U0001f40d_": "\U0001f40d-",
	} {
		if got := catalog.Fold(name); got != want {
			t.Errorf("%q folds to %q, want %q", name, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, name := range []string{"", "R6", "a-_.b", "__", "İ.", "\xff-"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		folded := catalog.Fold(name)
		if catalog.Fold(folded) != folded || strings.ContainsAny(folded, "._") || strings.Contains(folded, "--") {
			t.Errorf("%q folds to %q", name, folded)
		}
	})
}

// The names of an R package are one, and never the library's.
func TestNamesThatMeanTheSame(t *testing.T) {
	c := loadPair(t, collate(t,
		kernel("R/bioc/1", "4", "bioconductor-openssl 1 conda r_0 c"), kernel("R/conda/1", "4", "openssl 1 conda h_0 c"),
		kernel("R/library/1", "4", "openssl 1 r"), kernel("R/pip/1", "4", "r-openssl 1 python pypi_0 pypi"),
		kernel("R/record/1", "4", "r-openssl 1 conda r_0 c")))
	for spec, want := range map[string]string{
		"openssl":              "bioc conda library record",
		"OpenSSL":              "bioc conda library record",
		"r-openssl":            "bioc library pip record",
		"R_openssl":            "bioc library pip record",
		"bioconductor.OpenSSL": "bioc library record",
		"r-r-openssl":          "",
	} {
		var got []string
		for _, m := range find(t, c, catalog.Query{Specs: []string{spec}}).Matches {
			got = append(got, m.Name)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s is in %v, want %s", spec, got, want)
		}
	}
}
