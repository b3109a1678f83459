package matchspec_test

import (
	"errors"
	"strings"
	"testing"

	"kernelindexer/condaenv/matchspec"
)

// checkError tests what holds for every error: its type, and that it points into the text.
func checkError(t *testing.T, err error, text string) {
	t.Helper()
	var parse *matchspec.ParseError
	if !errors.As(err, &parse) {
		t.Fatalf("%q: error of type %T", text, err)
	}
	if parse.Text != text || parse.Reason == "" || parse.Kind == "" {
		t.Fatalf("%q: %#v", text, parse)
	}
	if parse.Offset < -1 || parse.Offset > len(text) {
		t.Fatalf("%q: offset %d", text, parse.Offset)
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, seed := range []string{"1.0", "1!2.0.0rc1+cu121", "1_", "1..2", "1-2", " 1\x1c", "é", "1.18446744073709551616", "dev.post*"} {
		f.Add(seed, "1.0")
	}
	f.Fuzz(func(t *testing.T, x, y string) {
		v, err := matchspec.ParseVersion(x)
		if err != nil {
			checkError(t, err, x)
			return
		}
		again := mustVersion(t, v.String())
		if again.Compare(v) != 0 || again.String() != v.String() {
			t.Fatalf("%q is not its own normal form %q", x, v)
		}
		w, err := matchspec.ParseVersion(y)
		if err != nil {
			return
		}
		if v.Compare(w) != -w.Compare(v) {
			t.Fatalf("%q and %q: %d and %d", x, y, v.Compare(w), w.Compare(v))
		}
		if one := mustVersion(t, "1"); !transitive(v.Compare(w), w.Compare(one), v.Compare(one)) {
			t.Fatalf("%q, %q and 1 are in no order", x, y)
		}
	})
}

func FuzzParseVersionSpec(f *testing.F) {
	for _, seed := range []string{">=1,<2", "1|(2,3)", "^1.*$", "1.*.2", "~=1.0", "!=1.*", "((", "1(2)", "^(a|b)\\d{,3}[x-]$", "^$1", "1?*2"} {
		f.Add(seed, "1.0")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		condition, err := matchspec.ParseVersionSpec(text)
		if err != nil {
			checkError(t, err, text)
			return
		}
		if condition.String() == "" {
			t.Fatalf("%q is written as nothing", text)
		}
		ofText, errText := condition.MatchText(version)
		v, err := matchspec.ParseVersion(version)
		if err != nil {
			return
		}
		ofVersion, errVersion := condition.Match(v)
		if ofText != ofVersion || (errText == nil) != (errVersion == nil) {
			t.Fatalf("%q on %q: by text %v %v, by version %v %v", text, version, ofText, errText, ofVersion, errVersion)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "numpy", "numpy >=1,<2 py*", "conda-forge/linux-64::numpy==1=0", "numpy[build_number='>=1',md5=x]", "a@",
		"https://h:1/t/x/linux-64/a-1-0.conda", "/x/a-1-0.tar.bz2", "*[license=^M.*$]", "a[flags='b c'](optional)", "^a*$", "a[channel='http://[::1]/x']",
	} {
		f.Add(seed, "numpy", "1.0", "conda-forge")
	}
	f.Fuzz(func(t *testing.T, text, name, version, channel string) {
		spec, err := matchspec.Parse(text)
		if err != nil {
			checkError(t, err, text)
			return
		}
		if spec.Text() != text || spec.String() == "" {
			t.Fatalf("%q: text %q, written %q", text, spec.Text(), spec)
		}
		r := &matchspec.Record{Name: name, Version: version, Channel: channel, Build: "0"}
		ok, err := spec.Match(r)
		if ok && err != nil {
			t.Fatalf("%q: a match with an error: %v", text, err)
		}
		if ok && spec.IsExactName() && spec.Name() != name {
			t.Fatalf("%q matches the name %q", text, name)
		}
	})
}

// TestLongTextsAreCheap reads texts that would take quadratic or exponential time with backtracking.
func TestLongTextsAreCheap(t *testing.T) {
	const n = 20000
	long := strings.Repeat("1.", n) + "1"
	if mustVersion(t, long).Compare(mustVersion(t, long+".0")) != 0 {
		t.Error("long versions differ")
	}
	for _, text := range []string{
		strings.Repeat("a-", n) + "a",
		strings.Repeat("a-", n) + "-",
		"a " + strings.Repeat("1,", n) + "1",
		"a " + strings.Repeat("1|", n) + "1",
		"a " + strings.Repeat(" 1", n),
		"a" + strings.Repeat("[", n),
		"a[" + strings.Repeat("x=", n) + "]",
		"a[version='" + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) + "']",
		"a[version='" + strings.Repeat("1,(", n) + "1" + strings.Repeat(")", n) + "']",
		"a" + strings.Repeat("*a", 1000),
	} {
		spec, err := matchspec.Parse(text)
		if err != nil {
			continue
		}
		if _, err := spec.Match(&matchspec.Record{Name: strings.Repeat("a", 5000), Version: "1"}); err != nil {
			t.Errorf("%.20q…: %v", text, err)
		}
	}
}
