package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

func TestNearestPackages(t *testing.T) {
	c := findable(t)
	for typed, want := range map[string]string{
		"numpyy": "numpy", "nmupy": "numpy", "nunpy": "numpy", "numpi": "numpy", "NUMPY": "numpy", "nympu": "",
		"scikit_laern": "scikit-learn", "sckit-lern": "scikit-learn", "scikt-lern-x": "", "sd": "", "sfx": "sf r-sf", "SF": "sf r-sf",
		"opensl": "openssl r-openssl", "desec2": "DESeq2 bioconductor-deseq2", "": "", "x": "", "ruamel_yml": "ruamel.yaml",
		strings.Repeat("n", 101): "", "nümpy": "numpy", "\xff": "",
	} {
		diff(t, typed, want, strings.Join(c.NearestPackages(typed, 5), " "))
	}
	if got := c.NearestPackages("opensl", 1); len(got) != 1 || len(c.NearestPackages("opensl", 0)) != 0 || len(c.NearestPackages("opensl", -1)) != 0 {
		t.Errorf("limit: %v", got)
	}
}

// slips is the restricted distance of Damerau and Levenshtein by its definition.
func slips(a, b []rune) int {
	switch {
	case len(a) == 0 || len(b) == 0:
		return len(a) + len(b)
	case a[0] == b[0]:
		return slips(a[1:], b[1:])
	}
	d := 1 + min(slips(a[1:], b), slips(a, b[1:]), slips(a[1:], b[1:]))
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		d = min(d, 1+slips(a[2:], b[2:]))
	}
	return d
}

// What is cut short in comparing does not change what comes out.
func TestDistanceByDefinition(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(3, 3))}
	word := func() string {
		var b strings.Builder
		for range d.IntN(8) {
			b.WriteString(d.of("a", "b", "é"))
		}
		return b.String()
	}
	near := 0
	for range 20000 {
		a, b := word(), word()
		want := slips([]rune(a), []rune(b))
		got, ok := catalog.Typos(a, b)
		n := len([]rune(a))
		limit := map[bool]int{true: 0, false: 1}[n < 3]
		if n >= 6 {
			limit = 2
		}
		if ok != (n > 0 && want <= limit) || ok && got != want {
			t.Fatalf("%q and %q: %d, %t, want %d", a, b, got, ok, want)
		}
		if ok {
			near++
		}
	}
	if near < 500 {
		t.Errorf("only %d were near", near)
	}
}

func paths(keys []manifests.KernelKey) string {
	list := []string{}
	for _, k := range keys {
		list = append(list, k.String())
	}
	return strings.Join(list, " ")
}

func kernelsToName(t *testing.T) *catalog.Catalog {
	return loadPair(t, collate(t, kernel("Python/astro/1.0", "3"), kernel("Python/pecan/1.91", "3"), kernel("R/ctmm/0.1", "4"),
		kernel("R/pecan/1.9", "4"), kernel("R/pecan/1.91", "4"), kernel("R/pecan/2.0", "4"), kernel("R/pecan_dev/1", "4")))
}

func TestNearestKernels(t *testing.T) {
	c := kernelsToName(t)
	for typed, want := range map[string]string{
		"R/pecan/1.92": "R/pecan/1.91 R/pecan/1.9 R/pecan/2.0 Python/pecan/1.91",
		"R/pecan/9":    "R/pecan/2.0 R/pecan/1.91 R/pecan/1.9 Python/pecan/1.91",
		"r/pacen/2.0":  "",
		"r/Pecna/2.0":  "R/pecan/2.0 R/pecan/1.91 R/pecan/1.9 Python/pecan/1.91",
		"R/astro/1.0":  "Python/astro/1.0",
		"R/pecan-dev/": "R/pecan_dev/1",
		"//":           "",
	} {
		diff(t, typed, want, paths(c.NearestKernels(key(typed), 9)))
	}
	diff(t, "limit", "R/pecan/1.91", paths(c.NearestKernels(key("R/pecan/1.91"), 1)))
}

func TestSuggestPackages(t *testing.T) {
	c := findable(t)
	for typed, want := range map[string]string{
		"openssl": "openssl r-openssl", "open": "openssl r-openssl", "R_S": "r-sf", "R.op": "r-openssl",
		"des": "DESeq2 bioconductor-deseq2", "c_learn": "", "t-learn": "scikit-learn", "zzz": "",
	} {
		diff(t, typed, want, strings.Join(c.SuggestPackages(typed, 20), " "))
	}
}

// Suggestions begin with what was typed before they only contain it, and in
// both kinds come by how many rows have them.
func TestSuggestOrder(t *testing.T) {
	c := loadPair(t, collate(t,
		kernel("R/a/1", "4", "aa 1 r", "ab 1 r", "ba 1 r", "a 1 conda h_0 c"), kernel("R/b/1", "4", "ab 1 r", "bba 1 r"), kernel("R/c/1", "4", "bba 1 r", "c 1 r")))
	for typed, want := range map[string]string{"a": "a ab aa bba ba", "A": "a ab aa bba ba", "": "ab bba a aa ba c", "b": "bba ba ab"} {
		diff(t, typed, want, strings.Join(c.SuggestPackages(typed, 9), " "))
	}
	diff(t, "limit", "a ab", strings.Join(c.SuggestPackages("a", 2), " "))
}

func TestSuggestKernels(t *testing.T) {
	c := kernelsToName(t)
	for typed, want := range map[string]string{
		"R/pecan/1":  "R/pecan/1.91 R/pecan/1.9",
		"r/PECAN-":   "R/pecan_dev/1",
		"pecan/2":    "R/pecan/2.0",
		"ast":        "Python/astro/1.0",
		"/1.9":       "Python/pecan/1.91 R/pecan/1.91 R/pecan/1.9",
		"py":         "Python/astro/1.0 Python/pecan/1.91",
		"tmm":        "R/ctmm/0.1",
		"nothing":    "",
		"R/pecan/1/": "",
	} {
		diff(t, typed, want, paths(c.SuggestKernels(typed, 9)))
	}
	if len(c.SuggestKernels("", 99)) != 7 || len(c.SuggestKernels("", 3)) != 3 || len(c.SuggestKernels("", 0)) != 0 {
		t.Error("limits")
	}
}

// BenchmarkNames corrects and completes among 200,000 names.
func BenchmarkNames(b *testing.B) {
	var packages []string
	d := dice{rand.New(rand.NewPCG(4, 4))}
	for i := range 200_000 {
		packages = append(packages, fmt.Sprintf("%s-%s-%06d 1 python", d.of("r", "some", "py", "lib"), d.of("package", "tool", "plugin"), i))
	}
	m := kernel("Python/all/1", "3.11", packages...)
	manifests.SortPackages(m.Packages)
	c := loadPair(b, collate(b, m))
	b.Run("nearest", func(b *testing.B) {
		for b.Loop() {
			if len(c.NearestPackages("some-pakcage-1234567", 5)) == 0 {
				b.Fatal("none")
			}
		}
	})
	b.Run("suggest", func(b *testing.B) {
		for b.Loop() {
			if len(c.SuggestPackages("tool-1", 10)) != 10 {
				b.Fatal("too few")
			}
		}
	})
}
