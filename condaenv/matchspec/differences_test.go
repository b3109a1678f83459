package matchspec_test

import (
	"strings"
	"testing"

	"kernelindexer/condaenv/matchspec"
)

// TestFoundByComparingWithConda has one case for each difference that comparing some hundred thousand generated texts
// with conda has shown, as conda has it.
func TestFoundByComparingWithConda(t *testing.T) {
	for text, want := range map[string]string{ // Empty: conda refuses it.
		"a[version='(^1), ,(^1.2,3$,4*.99)']": "", // One regular expression, "^1), ,(^1.2,3$", and not a group in it.
		"/:x-1-0.conda":                       "*[url=file:////:x-1-0.conda]",
		"//b/x-1-0.conda":                     "*[url=file:////b/x-1-0.conda]",
		"///b/x-1-0.conda":                    "*[url=file:///b/x-1-0.conda]",
		"https://:0/x::a":                     "",
		"https://:0::a":                       "https://https::a",
		"https://h:0/x::a":                    "https://h/x::a",
		"https://h:08/x::a":                   "https://h:8/x::a",
		"http:///repodata.json/x.json/::a":    "a[channel=file:///]",
		"file:///a/%ff/x-1-0.conda":           "",
		"file:///a/%C3%A9-1-0.conda":          "*[url=file:///a/%C3%A9-1-0.conda]",
		"a[version='^(?P<x>1)(?P<x>2)$']":     "",
	} {
		spec, err := matchspec.Parse(text)
		got := ""
		if err == nil {
			got = spec.String()
		}
		if got != want {
			t.Errorf("%q is written %q (%v), by conda %q", text, got, err, want)
		}
	}
}

// The tests below assert where this package differs from conda on purpose, as the package comment lists it.

func TestDiffersInRegularExpressionsThatCanTakeForever(t *testing.T) {
	for expr, reason := range map[string]string{
		"^(?=1).*$":     "(?= is not supported",
		"^(?!1).*$":     "(?! is not supported",
		"^(?<=1).*$":    "(?< is not supported",
		"^(?>1).*$":     "(?> is not supported",
		"^(?x:1)$":      "(?x is not supported",
		`^(1)\1$`:       "back reference is not supported",
		"^1*+$":         "possessive quantifier is not supported",
		"^1{1001}$":     "invalid repeat count",
		"^(?P<a>1)(?P$": "(?P is not supported",
	} {
		_, err := matchspec.ParseVersionSpec(expr)
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v, want an error with %q", expr, err, reason)
		}
	}
	if ok, err := mustCondition(t, `^(a|a)*b$`).MatchText(strings.Repeat("a", 5000)); ok || err != nil {
		t.Error(ok, err)
	}
	if ok, _ := mustCondition(t, `^\d$`).MatchText("٣"); ok { // A digit to Python.
		t.Error(`\d knows more than ASCII`)
	}
}

func TestDiffersInPathsThatDependOnTheProcess(t *testing.T) {
	t.Setenv("HOME", "/home/someone")
	for text, want := range map[string]string{
		"a-1-0.conda":       "*[url=file:///a-1-0.conda]",
		"./chan::a":         "file:///chan::a",
		"~/chan::a":         "file:///chan::a",
		"$HOME/a-1-0.conda": "*[url=file:///$HOME/a-1-0.conda]",
	} {
		if got := mustSpec(t, text).String(); got != want {
			t.Errorf("%q is written %q, want %q", text, got, want)
		}
	}
}

func TestDiffersInFieldsThatAreEmpty(t *testing.T) {
	r := &matchspec.Record{Name: "a", Version: "1"} // To conda a record with md5 "" would not be one with md5 null.
	checkSpecs(t, r, []specCase{
		{"a[md5=None]", true},
		{"a[license=none]", true},
		{"a[subdir=None]", true},
		{"a[fn=a-1-]", true},
		{"<unknown>::a", true},
	})
	r.URL = "https://conda.anaconda.org/bioconda/noarch/a-1-0.conda"
	checkSpecs(t, r, []specCase{{"bioconda/noarch::a[fn=a-1-0.conda]", true}, {"a[subdir=linux-64]", false}})
}

func TestPythonExceptionsAreErrors(t *testing.T) {
	for _, text := range []string{"numpy====", "numpy[build_number=' ']", "/linux-64/x-1.conda", "https://h:x/c::a", "a[version='^[$']"} {
		_, err := matchspec.Parse(text)
		if err == nil {
			t.Errorf("%q: no error", text)
			continue
		}
		checkError(t, err, text)
	}
}

func TestLetterCaseOutsideASCII(t *testing.T) {
	checkSpecs(t, &matchspec.Record{Name: "aé", License: "ÄÖ\xed\xa0\x80"}, []specCase{ // With a lone surrogate.
		{"AÉ*", true},
		{"a*[license='äö*']", true},
		{"a*[license='Äö?']", false},
	})
	checkInvalid(t, "İ", "aé")
	if got := mustSpec(t, "\u212a").Name(); got != "k" { // The sign for kelvin; its lower case is a letter.
		t.Errorf("name %q", got)
	}
	if got := mustSpec(t, "İ*").String(); got != "i\u0307*" {
		t.Errorf("written %q", got)
	}
}

func TestLineBreaks(t *testing.T) {
	checkSpecs(t, &matchspec.Record{Name: "a\nb", Version: "1", Build: "x\n"}, []specCase{
		{"*\nb", true},
		{"a*b", false}, // "*" stops at the end of a line.
		{"*", false},
		{"*\nb 1", true},
		{"*\nb 2", false},
		{"*\nb * x*", true}, // The end of a pattern may be before a last line break.
	})
}
