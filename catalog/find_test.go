package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"kernelindexer/catalog"
	"kernelindexer/condaenv/matchspec"
)

// findable is a store with the pitfalls of names: a library and its R binding
// of one name, R packages under their three names, and pip's packages.
func findable(t testing.TB) *catalog.Catalog {
	t.Helper()
	return loadPair(t, collate(t,
		kernel("Python/astro/1.0", "3.11",
			"numpy 2.3.1 python py311h0_0 conda-forge", "openssl 3.5.1 python h7b32b05_0 conda-forge",
			"r-thing 1.0 python pypi_0 pypi", "ruamel.yaml 0.18 python py311h1_0 conda-forge",
			"scikit-learn 1.7 python pypi_0 pypi", "torch 2.5.1 python cuda126_0 pytorch"),
		kernel("Python/old/9", "3.9", "numpy 1.26.4 python py39h0_0 pkgs/main", "weird 1..2 python py_0 conda-forge"),
		kernel("R/bio/1.9", "4.4", "BiocGenerics 0.52.0 r", "bioconductor-deseq2 1.46.0 conda r44_0 bioconda", "DESeq2 1.46.0 r", "Rcpp 1.0.11 r", "sf 1.0-14 r"),
		kernel("R/bio/1.10", "4.5", "openssl 3.5.1 conda h7b32b05_0 conda-forge", "openssl 2.3.3 r", "r-openssl 2.3.3 conda r45_0 conda-forge",
			"r-sf 1.0_20 conda r45_0 conda-forge", "Rcpp 1.0.14 r", "sf 1.0-20 r"),
		kernel("R/lib/1", "4.5", "openssl 3.5.1 conda h7b32b05_0 conda-forge"),
	))
}

// brief writes an answer in lines: kernel, packages, and what is missing.
func brief(a catalog.Answer) []string {
	lines := []string{}
	line := func(m catalog.Match) string {
		s := m.Key().String() + ":"
		for _, p := range m.Packages {
			s += fmt.Sprintf(" %s %s(%s)", p.Name, p.Version, p.Source)
		}
		return s
	}
	for _, m := range a.Matches {
		lines = append(lines, line(m))
	}
	for _, n := range a.NearMisses {
		s := "near " + line(n.Match)
		for _, u := range n.Missing {
			s += fmt.Sprintf(" [%s: %s %d]", u.Spec, u.Reason, len(u.Found))
		}
		lines = append(lines, s)
	}
	return lines
}

func find(t testing.TB, c *catalog.Catalog, q catalog.Query) catalog.Answer {
	t.Helper()
	a, err := c.Find(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestFind(t *testing.T) {
	c := findable(t)
	for rule, test := range map[string]struct {
		specs string // separated by ";"
		want  []string
	}{
		"all specs, and the reason of a near miss": {"sf>=1.0;Rcpp>=1.0.12", []string{
			"R/bio/1.10: sf 1.0-20(r) r-sf 1.0_20(conda) Rcpp 1.0.14(r)",
			"near R/bio/1.9: sf 1.0-14(r) [Rcpp>=1.0.12: Rcpp 1.0.11 does not satisfy >=1.0.12 1]",
		}},
		"one of two specs is a near miss": {"numpy>=2;openssl", []string{
			"Python/astro/1.0: numpy 2.3.1(python) openssl 3.5.1(python)",
			"near R/bio/1.10: openssl 3.5.1(conda) openssl 2.3.3(r) r-openssl 2.3.3(conda) [numpy>=2: not installed 0]",
			"near R/lib/1: openssl 3.5.1(conda) [numpy>=2: not installed 0]",
			"near Python/old/9: [numpy>=2: numpy 1.26.4 does not satisfy >=2 1] [openssl: not installed 0]",
		}},
		"a kernel without any is no near miss":       {"scipy", []string{}},
		"a binding is never the library":             {"r-openssl", []string{"R/bio/1.10: r-openssl 2.3.3(conda) openssl 2.3.3(r)"}},
		"a binding is not sought by library version": {"r-openssl>=3", []string{"near R/bio/1.10: [r-openssl>=3: r-openssl 2.3.3 does not satisfy >=3 2]"}},
		"the source can be asked for":                {"openssl[source=r]", []string{"R/bio/1.10: openssl 2.3.3(r)"}},
		"the source is one condition of several": {"openssl[version='>=3', source=\"conda\"]", []string{
			"R/bio/1.10: openssl 3.5.1(conda)", "R/lib/1: openssl 3.5.1(conda)",
		}},
		"bioconductor":                            {"bioconductor-deseq2", []string{"R/bio/1.9: bioconductor-deseq2 1.46.0(conda) DESeq2 1.46.0(r)"}},
		"capitals of the spec come first":         {"DESeq2", []string{"R/bio/1.9: DESeq2 1.46.0(r) bioconductor-deseq2 1.46.0(conda)"}},
		"pip's packages are not R's":              {"thing", []string{}},
		"dots, dashes and underscores":            {"ruamel_yaml;Scikit_Learn", []string{"Python/astro/1.0: ruamel.yaml 0.18(python) scikit-learn 1.7(python)"}},
		"R's dash in versions is an underscore":   {"sf=1.0_14", []string{"R/bio/1.9: sf 1.0-14(r)", "near R/bio/1.10: [sf=1.0_14: sf 1.0-20 does not satisfy 1.0_14.* 2]"}},
		"a version that is none is a miss":        {"weird>=1", []string{"near Python/old/9: [weird>=1: weird 1..2 cannot be compared with >=1: empty version component 1]"}},
		"a version that is none is still text":    {"weird", []string{"Python/old/9: weird 1..2(python)"}},
		"build":                                   {"torch[build=*cuda*]", []string{"Python/astro/1.0: torch 2.5.1(python)"}},
		"another build":                           {"torch=2=cpu*", []string{"near Python/astro/1.0: [torch=2=cpu*: torch 2.5.1 does not satisfy 2 1]"}},
		"another build of the version":            {"torch[build=cpu*]", []string{"near Python/astro/1.0: [torch[build=cpu*]: torch 2.5.1 has build cuda126_0, not cpu* 1]"}},
		"an R library has no builds":              {"Rcpp[build=*_0]", []string{"near R/bio/1.10: [Rcpp[build=*_0]: Rcpp 1.0.14 has no build to satisfy *_0 1]", "near R/bio/1.9: [Rcpp[build=*_0]: Rcpp 1.0.11 has no build to satisfy *_0 1]"}},
		"a conda record beside it may have one":   {"sf[build=r45*]", []string{"R/bio/1.10: r-sf 1.0_20(conda)", "near R/bio/1.9: [sf[build=r45*]: sf 1.0-14 has no build to satisfy r45* 1]"}},
		"channel":                                 {"conda-forge::numpy", []string{"Python/astro/1.0: numpy 2.3.1(python)", "near Python/old/9: [conda-forge::numpy: numpy 1.26.4 is from channel pkgs/main, not conda-forge 1]"}},
		"a channel of the defaults":               {"defaults::numpy", []string{"Python/old/9: numpy 1.26.4(python)", "near Python/astro/1.0: [defaults::numpy: numpy 2.3.1 is from channel conda-forge, not defaults 1]"}},
		"pip's channel":                           {"pypi::scikit-learn", []string{"Python/astro/1.0: scikit-learn 1.7(python)"}},
		"R entries are from no channel":           {"conda-forge::Rcpp<1.0.14", []string{"near R/bio/1.10: [conda-forge::Rcpp<1.0.14: Rcpp 1.0.14 does not satisfy <1.0.14 1]", "near R/bio/1.9: [conda-forge::Rcpp<1.0.14: Rcpp 1.0.11 is not known to be from channel conda-forge 1]"}},
		"a pattern finds R's entries by r-":       {"r-*>=2.3", []string{"R/bio/1.10: openssl 2.3.3(r) r-openssl 2.3.3(conda)", "near Python/astro/1.0: [r-*>=2.3: r-thing 1.0 does not satisfy >=2.3 1]", "near R/bio/1.9: [r-*>=2.3: BiocGenerics 0.52.0 does not satisfy >=2.3 4]"}},
		"a pattern tells what is of bioconductor": {"bioconductor-*", []string{"R/bio/1.9: bioconductor-deseq2 1.46.0(conda)"}},
		"a spec given twice is one":               {"torch;torch; torch ", []string{"Python/astro/1.0: torch 2.5.1(python)"}},
		"newest version first":                    {"Rcpp", []string{"R/bio/1.10: Rcpp 1.0.14(r)", "R/bio/1.9: Rcpp 1.0.11(r)"}},
		"no spec is satisfied by all": {"", []string{
			"Python/astro/1.0:", "Python/old/9:", "R/bio/1.10:", "R/bio/1.9:", "R/lib/1:",
		}},
	} {
		t.Run(rule, func(t *testing.T) {
			specs := strings.Split(test.specs, ";")
			if test.specs == "" {
				specs = nil
			}
			diff(t, test.specs, test.want, brief(find(t, c, catalog.Query{Specs: specs})))
		})
	}
}

func TestFindOptions(t *testing.T) {
	c := findable(t)
	for rule, test := range map[string]struct {
		q    catalog.Query
		want []string
	}{
		"exact names are not folded":            {catalog.Query{Specs: []string{"sf"}, Exact: true}, []string{"R/bio/1.10: sf 1.0-20(r)", "R/bio/1.9: sf 1.0-14(r)"}},
		"exact names have capitals":             {catalog.Query{Specs: []string{"deseq2"}, Exact: true}, []string{}},
		"exact capitals":                        {catalog.Query{Specs: []string{"DESeq2"}, Exact: true}, []string{"R/bio/1.9: DESeq2 1.46.0(r)"}},
		"exact capitals mean conda's name, too": {catalog.Query{Specs: []string{"NumPy>2"}, Exact: true, NearMisses: catalog.Page{Offset: 1}}, []string{"Python/astro/1.0: numpy 2.3.1(python)"}},
		"exact patterns":                        {catalog.Query{Specs: []string{"r-s*"}, Exact: true}, []string{"R/bio/1.10: r-sf 1.0_20(conda)"}},
		"language":                              {catalog.Query{Specs: []string{"openssl"}, Language: "Python"}, []string{"Python/astro/1.0: openssl 3.5.1(python)"}},
		"language is exact":                     {catalog.Query{Specs: []string{"openssl"}, Language: "python"}, []string{}},
		"pages": {
			catalog.Query{Specs: []string{"openssl>=3", "sf>=1.0-20"}, Matches: catalog.Page{Limit: 1}, NearMisses: catalog.Page{Offset: 1, Limit: 1}},
			[]string{"R/bio/1.10: openssl 3.5.1(conda) sf 1.0-20(r) r-sf 1.0_20(conda)", "near R/lib/1: openssl 3.5.1(conda) [sf>=1.0-20: not installed 0]"},
		},
		"pages beyond the end": {catalog.Query{Specs: []string{"openssl"}, Matches: catalog.Page{Offset: 99, Limit: -1}, NearMisses: catalog.Page{Offset: -9}}, []string{}},
	} {
		t.Run(rule, func(t *testing.T) {
			diff(t, rule, test.want, brief(find(t, c, test.q)))
		})
	}
	a := find(t, c, catalog.Query{Specs: []string{"openssl", "sf"}, Matches: catalog.Page{Limit: 1, Offset: 9}, NearMisses: catalog.Page{Limit: 1}})
	if a.TotalMatches != 1 || a.TotalNearMisses != 3 || len(a.Matches) != 0 || len(a.NearMisses) != 1 {
		t.Errorf("totals %d and %d", a.TotalMatches, a.TotalNearMisses)
	}
}

// The JSON of an answer is a contract of the command line and of the service.
func TestAnswerJSON(t *testing.T) {
	c := findable(t)
	data, err := json.Marshal(find(t, c, catalog.Query{Specs: []string{"sf>1.0.19", "Rcpp"}}), jsontext.WithIndent("  "))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "answer.json", append(data, '\n'))
	data, err = json.Marshal(find(t, c, catalog.Query{}))
	if err != nil || strings.Contains(string(data), "null") {
		t.Errorf("%s, %v", data, err)
	}
	data, err = json.Marshal(find(t, c, catalog.Query{Specs: []string{"nothing"}}))
	if err != nil || string(data) != `{"specs":["nothing"],"matches":[],"near_misses":[]}` {
		t.Errorf("%s, %v", data, err)
	}
}

// Faults of a spec say where, in the text that was given.
func TestFindErrors(t *testing.T) {
	c := findable(t)
	for spec, want := range map[string]string{
		"":                              `invalid spec "": no package name found (at byte 0)`,
		"  ":                            `invalid spec "": no package name found (at byte 0)`,
		"numpy >>1":                     `invalid spec "numpy >>1": invalid operator (">>1" at byte 6)`,
		"numpy[source=r,version='>>1']": `invalid spec "numpy[source=r,version='>>1']": invalid operator (">>1" at byte 24)`,
		"numpy[source=x]":               `invalid spec "numpy[source=x]": the sources are conda, python and r ("x" at byte 13)`,
		"numpy[license=MIT]":            `invalid spec "numpy[license=MIT]": not known of the packages in kernels ("license" at byte 6)`,
		"linux-64/x::numpy[subdir=a]":   `invalid spec "linux-64/x::numpy[subdir=a]": not known of the packages in kernels ("subdir" at byte 18)`,
		"numpy-1-0.conda":               `invalid spec "numpy-1-0.conda": not known of the packages in kernels ("url")`,
		"feature@":                      `invalid spec "feature@": not known of the packages in kernels ("track_features")`,
		strings.Repeat("é", 501):        `invalid spec "` + strings.Repeat("é", 20) + `…": longer than 1000 bytes (at byte 1000)`,
	} {
		_, err := c.Find(t.Context(), catalog.Query{Specs: []string{"sf", spec}})
		if e := new(matchspec.ParseError); !errors.As(err, &e) || err.Error() != want {
			t.Errorf("%q: %v\nwant %s", spec, err, want)
		}
	}
	_, err := c.Find(t.Context(), catalog.Query{Specs: make([]string, catalog.MaxSpecs+1)})
	if e := new(matchspec.ParseError); !errors.As(err, &e) || !strings.Contains(e.Reason, "more than 64 specs") {
		t.Errorf("too many specs: %v", err)
	}
}

func TestFindEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	c := findable(t)
	for _, specs := range [][]string{{"*"}, {"numpy"}, {"weird>9"}} {
		if _, err := c.Find(ctx, catalog.Query{Specs: specs}); !errors.Is(err, cause) {
			t.Errorf("%v: %v", specs, err)
		}
	}
}

// What an answer lists of a kernel is bounded.
func TestPatternsListNoMoreThanSome(t *testing.T) {
	var packages []string
	for i := range 3 * catalog.MaxListed {
		packages = append(packages, fmt.Sprintf("p%04d 1 python", i))
	}
	c := loadPair(t, collate(t, kernel("Python/a/1", "3", packages...), kernel("Python/b/1", "3", "p0007 1 python")))
	a := find(t, c, catalog.Query{Specs: []string{"*"}})
	if n := len(a.Matches[0].Packages); n != catalog.MaxListed || len(a.Matches[1].Packages) != 1 {
		t.Errorf("%d packages listed", n)
	}
	a = find(t, c, catalog.Query{Specs: []string{"p*>9"}})
	if n := len(a.NearMisses[0].Missing[0].Found); n != catalog.MaxListed || len(a.NearMisses) != 2 {
		t.Errorf("%d packages listed of near misses", n)
	}
}
