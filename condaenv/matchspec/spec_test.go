package matchspec_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/matchspec"
)

func TestSpecAccessors(t *testing.T) {
	type view struct {
		Name, Version, Build string
		Exact, HasVersion    bool
	}
	for text, want := range map[string]view{
		"NumPy >=1.22,<2 py311*":  {Name: "numpy", Version: ">=1.22,<2", Build: "py311*", Exact: true, HasVersion: true},
		"conda-forge::numpy=1.26": {Name: "numpy", Version: "1.26.*", Exact: true, HasVersion: true},
		"num*":                    {Version: "*"},
		"numpy[build=*cuda*]":     {Name: "numpy", Version: "*", Build: "*cuda*", Exact: true},
		"":                        {Version: "*"},
	} {
		spec := mustSpec(t, text)
		condition, ok := spec.Version()
		got := view{spec.Name(), condition.String(), spec.Build(), spec.IsExactName(), ok}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestSpecFields(t *testing.T) {
	spec := mustSpec(t, "defaults/linux-64::Blas=1.0=*mkl[build_number='>=01',license=BSD*,track_features='b a',flags='y x']")
	for name, want := range map[string]string{
		"name": "blas", "version": "1.0", "build": "*mkl", "channel": "defaults", "subdir": "linux-64", "build_number": ">=01",
		"license": "bsd*", "track_features": "a b", "flags": "['x', 'y']",
	} {
		if got, ok := spec.Field(name); !ok || got != want {
			t.Errorf("%s is %q %v, want %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"md5", "nonsense", ""} {
		if got, ok := spec.Field(name); ok {
			t.Errorf("%s is %q, want none", name, got)
		}
	}
	if _, ok := mustSpec(t, "").Field("name"); ok {
		t.Error("the empty spec asks for a name")
	}
}

func TestMissNamesTheFirstFieldAtFault(t *testing.T) {
	r := python()
	for text, want := range map[string]string{
		"python >=3.8":                    "",
		"numpy >=4":                       "name",
		"python >=4 *_pypy":               "version",
		"python >=3 *_pypy":               "build",
		"bioconda::python >=4":            "channel",
		"python[subdir=noarch]>=4":        "subdir",
		"python[license=MIT,build=x]":     "license",
		"python[build=x,license=MIT]":     "build",
		"python >=4[build=x,license=MIT]": "version",
	} {
		if got, err := mustSpec(t, text).Miss(r); err != nil || got != want {
			t.Errorf("%q misses on %q (%v), want %q", text, got, err, want)
		}
	}
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	for _, c := range []struct {
		text string
		want matchspec.ParseError
	}{
		{"numpy >=1..2", matchspec.ParseError{Kind: "spec", Offset: 10, Reason: "empty version component"}},
		{"numpy >=1/2,<3", matchspec.ParseError{Kind: "spec", Part: "/", Offset: 9, Reason: "invalid character(s)"}},
		{"numpy >>1", matchspec.ParseError{Kind: "spec", Part: ">>1", Offset: 6, Reason: "invalid operator"}},
		{"numpy[version=]", matchspec.ParseError{Kind: "spec", Part: "version", Offset: 6, Reason: "key-value mismatch in brackets"}},
		{"numpy[md5=1,foo=bar]", matchspec.ParseError{Kind: "spec", Part: "foo", Offset: 12, Reason: "cannot match on this field"}},
		{"conda-forge::num--py 1", matchspec.ParseError{Kind: "spec", Part: "num--py", Offset: 13, Reason: "invalid package name"}},
		{"numpy 1,", matchspec.ParseError{Kind: "spec", Part: "1,", Offset: 6, Reason: "cannot join single expression"}},
		{"numpy 1[build='^($']", matchspec.ParseError{Kind: "spec", Part: "^($", Offset: 15, Reason: "missing ), unterminated subpattern"}},
	} {
		_, err := matchspec.Parse(c.text)
		var got *matchspec.ParseError
		if !errors.As(err, &got) {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		c.want.Text = c.text
		if diff := cmp.Diff(&c.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestErrorText(t *testing.T) {
	for text, want := range map[string]string{
		"numpy >=1..2": `invalid spec "numpy >=1..2": empty version component (at byte 10)`,
		"numpy >>1":    `invalid spec "numpy >>1": invalid operator (">>1" at byte 6)`,
		"a > > 1":      `invalid spec "a > > 1": invalid operator (">>1")`,
		"!!":           `invalid spec "!!": no package name found (at byte 0)`,
	} {
		_, err := matchspec.Parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
}
