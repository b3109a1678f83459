package matchspec_test

import (
	"testing"

	"kernelindexer/condaenv/matchspec"
)

// The rules by which an entry of depends matches a record, a test for each, in the order in which they are applied.

// specCase is a spec, and whether it matches the record of its table.
type specCase struct {
	spec string
	want bool
}

// checkSpecs tests specs on one record.
func checkSpecs(t *testing.T, r *matchspec.Record, cases []specCase) {
	t.Helper()
	for _, c := range cases {
		got, err := mustSpec(t, c.spec).Match(r)
		if err != nil {
			t.Errorf("%q: %v", c.spec, err)
		}
		if got != c.want {
			t.Errorf("%q matches %s-%s-%s: %v, want %v", c.spec, r.Name, r.Version, r.Build, got, c.want)
		}
	}
}

// checkInvalid tests that specs are refused.
func checkInvalid(t *testing.T, specs ...string) {
	t.Helper()
	for _, text := range specs {
		if spec, err := matchspec.Parse(text); err == nil {
			t.Errorf("%q is read as %s, want an error", text, spec)
		}
	}
}

func python() *matchspec.Record {
	return &matchspec.Record{
		Name: "python", Version: "3.11.8", Build: "hab00c5b_0_cpython", BuildNumber: 0,
		Channel: "https://conda.anaconda.org/conda-forge/linux-64", Subdir: "linux-64",
		URL:     "https://conda.anaconda.org/conda-forge/linux-64/python-3.11.8-hab00c5b_0_cpython.conda",
		License: "Python-2.0", MD5: "2fdc314ee058eda0114738a9309d3683",
	}
}

func TestRule1CommentsConditionsFeaturesAndFiles(t *testing.T) {
	checkSpecs(t, python(), []specCase{
		{"python # any", true},
		{"python#>=4", true},
		{"python >=4 # too new", false},
		{"python if __unix", true},
		{"python >=3 if python <3", true},
		{"python>=3if", true}, // No blanks around it: a version, "3if".
		{"mkl@", false},
		{"@", true}, // The packages without any feature.
		{"https://conda.anaconda.org/conda-forge/linux-64/python-3.11.8-hab00c5b_0_cpython.conda", true},
		{"https://conda.anaconda.org/conda-forge/linux-64/python-3.11.9-hab00c5b_0_cpython.conda", false},
		{"https://example.org/files/python-3.11.8-hab00c5b_0_cpython.conda", false},
		{"python-3.11.8-hab00c5b_0_cpython.tar.bz2", false},
		{"/opt/pkgs/linux-64/python-3.11.8-hab00c5b_0_cpython.CONDA", false},
	})
	checkSpecs(t, &matchspec.Record{Name: "blas", Version: "1", TrackFeatures: []string{"mkl"}}, []specCase{
		{"mkl@", true},
		{"@", false},
		{"blas[track_features=mkl]", true},
		{"blas[track_features='mkl nomkl']", false},
	})
	checkInvalid(t, "# python", "https://example.org/linux-64/python-3.11.8.conda")
}

func TestRule2BracketsAndParentheses(t *testing.T) {
	checkSpecs(t, python(), []specCase{
		{"python[version='>=3.8']", true},
		{`python[version=">=3.8,<3.9"]`, false},
		{"python[version=3.11.8,build=*_cpython]", true},
		{"python[version=3.11.8 build=*_pypy]", false},
		{"python[version=>=3.8,<3]", true}, // Without quotes the value ends at the comma, and "<3" is no pair.
		{"python >=4[version='>=3']", true},
		{"python[name=numpy]", true}, // The name outside counts.
		{"python[md5=2fdc314ee058eda0114738a9309d3683]", true},
		{"python[md5=abc]", false},
		{"python[sha256=None]", true},
		{"python[license=python-2.0]", true},
		{"python[license='*-2.0']", true},
		{"python[license_family=none]", true},
		{"python[subdir=linux-64]", true},
		{"python[subdir=noarch]", false},
		{"python[fn=python-3.11.8-hab00c5b_0_cpython.conda]", true},
		{"python[url=None]", false},
		{"python[build_number=0]", true},
		{"python[build_number=00]", true},
		{"python[build_number='>=1']", false},
		{"python[build_number='!=1']", true},
		{"python[build_number='*']", true},
		{"python[build_number=zero]", false},
		{"python[flags='a b']", false},
		{"python[features=None]", false},
		{"python[when=__win]", true},
		{"python[optional=x,target=y]", true},
		{"python[anything]", true},
		{"python (optional)", true},
		{"python (>=4)", true},
		{"python[version=3.11.8](target=1)", true},
	})
	checkSpecs(t, &matchspec.Record{Name: "a", Version: "1", Flags: []string{"x", "y"}, Features: []string{"f"}}, []specCase{
		{"a[flags='x y']", true},
		{"a[flags='y x']", false},
		{"a[features=f]", true},
	})
	checkInvalid(t, "python[foo=bar]", "python[version=]", "python[", "python[build-number=1]", "python[version='>=1'",
		"python[a=1", "python 3[version=1] 4[build=2]", "python[build='^($']", "python[build_number='>=']")
}

func TestRule3NamespaceIsIgnored(t *testing.T) {
	checkSpecs(t, python(), []specCase{
		{"conda-forge:ns:python", true},
		{"conda-forge::python", true},
		{"::python", true},
		{":python", true},
		{"ns:python", true},
		{"bioconda:ns:python", false},
		{"bioconda::python >=3", false},
	})
	checkInvalid(t, "conda-forge::", "python:")
}

func TestRule4Names(t *testing.T) {
	checkSpecs(t, python(), []specCase{
		{"python", true},
		{"PYTHON >=3.8", true},
		{"pyth*n >=3", true},
		{"*", true},
		{"*thon", true},
		{"p*t", false},
		{"^p.*n$", true},
		{"^P.*N$", true},
		{"^p.*x$", false},
		{"python3.11", false},
	})
	checkSpecs(t, &matchspec.Record{Name: "Python", Version: "3"}, []specCase{{"Python", false}, {"python", false}, {"*ython", true}})
	for _, name := range []string{"a", "1", "_", "_a", "__a", "a_", "a-", "a.", "_-a", "a-b.c_d", "r-sf", "ruamel.yaml", "_libgcc_mutex", "__glibc", "x_.*"} {
		if got := mustSpec(t, name).String(); got != name {
			t.Errorf("name %q is written %q", name, got)
		}
	}
	checkInvalid(t, " python", ">=3", "foo--bar", "foo._bar", "foo__bar", "-a", ".a", "___a", "__", "__-a", "a/b", "é", "a\tb",
		"!!", "!!bad spec", "^python$")
}

func TestRule5VersionAndBuild(t *testing.T) {
	for spec, want := range map[string][2]string{
		"a":                   {"", ""},
		"a ":                  {"", ""},
		"a=":                  {"", ""},
		"a 1.2":               {"1.2", ""},
		"a =1.2":              {"1.2.*", ""},
		"a=1.2":               {"1.2.*", ""},
		"a==1.2":              {"1.2", ""},
		"a ==1.2":             {"1.2", ""},
		"a===1.2":             {"1.2", ""},
		"a 1.2 py_0":          {"1.2", "py_0"},
		"a 1.2=py_0":          {"1.2", "py_0"},
		"a=1.2=py_0":          {"1.2", "py_0"},
		"a =1.2 py_0":         {"1.2", "py_0"},
		"a ==1.2 py_0":        {"1.2", "py_0"},
		"a 1.2.* py_0":        {"1.2.*", "py_0"},
		"a * *mkl":            {"*", "*mkl"},
		"a >=1.0 , < 2.0":     {">=1.0,<2.0", ""},
		"a >=1.0 , < 2.0 p_0": {">=1.0,<2.0", "p_0"},
		"a  >=3.8 , <4 ":      {">=3.8,<4", ""},
		"a >1.8,<2|==1.7":     {">1.8,<2|==1.7", ""},
		"a 1 2 3 4":           {"1", "2 3 4"},
		"a =1.2,<2":           {"=1.2,<2", ""},
		"a 1.2 py-0":          {"1.2py-0", ""}, // A dash forbids a build, and is fine in a version.
		"a >= 1":              {">=1", ""},
	} {
		parsed := mustSpec(t, spec)
		version := ""
		if condition, ok := parsed.Version(); ok {
			version = condition.String()
		}
		if got := [2]string{version, parsed.Build()}; got != want {
			t.Errorf("%q: version and build %q, want %q", spec, got, want)
		}
	}
	checkSpecs(t, python(), []specCase{
		{"python 3.11.* *_cpython", true},
		{"python 3.11.8 hab00c5b_0_cpython", true},
		{"python 3.11.8 *", true},
		{"python 3.11.* *_pypy", false},
		{"python=3.11", true},
		{"python=3.11=hab00c5b_0_cpython", false},
		{"python 3.11.* ^h.*n$", true},
	})
	checkInvalid(t, "python >>", "python >=  3", "python=1=2=3", "python= ", "python====", "a ==")
}

func TestRule8Channels(t *testing.T) {
	record := func(channel string) *matchspec.Record {
		return &matchspec.Record{Name: "a", Version: "1", Channel: channel, Subdir: "linux-64"}
	}
	for _, c := range []struct {
		spec, channel string
		want          bool
	}{
		{"conda-forge::a", "conda-forge", true},
		{"conda-forge::a", "https://conda.anaconda.org/conda-forge/linux-64", true},
		{"conda-forge::a", "https://prefix.dev/conda-forge", true}, // The name is the same.
		{"conda-forge::a", "bioconda", false},
		{"conda-forge/linux-64::a", "conda-forge", true},
		{"conda-forge/noarch::a", "conda-forge", false},
		{"defaults::a", "pkgs/main", true},
		{"defaults::a", "https://repo.anaconda.com/pkgs/r/noarch", true},
		{"defaults::a", "pkgs/pro", false},
		{"defaults::a", "defaults", true},
		{"pkgs/main::a", "pkgs/r", true}, // A bare name becomes "defaults" while the spec is read.
		{"https://repo.anaconda.com/pkgs/main::a", "pkgs/r", false},
		{"https://repo.anaconda.com/pkgs/main::a", "pkgs/main", true},
		{"pkgs/pro::a", "pkgs/pro", true},
		{"https://prefix.dev/conda-forge::a", "conda-forge", false},
		{"https://prefix.dev/conda-forge::a", "https://prefix.dev/conda-forge/linux-64", true},
		{"https://conda.anaconda.org/conda-forge::a", "conda-forge", true},
		{"https://conda.anaconda.org/t/tk-12-34/conda-forge::a", "conda-forge", true},
		{"conda*::a", "conda-forge", true},
		{"*/linux-64::a", "anything", true},
		{"a[channel='^.*forge$']", "conda-forge", true},
		{"a[channel=pkgs/*]", "pkgs/main", false}, // Its canonical name is defaults.
		{"bioconda::a[channel=conda-forge]", "conda-forge", true},
		{"a[channel=conda-forge/noarch]", "conda-forge", false},
		{"<unknown>::a", "", true},
		{"conda-forge::a", "", false},
		{"file:///srv/chan::a", "file:///srv/chan/linux-64", true},
		{"/srv/chan::a", "file:///srv/chan", true},
		{"pypi::a", "pypi", true},
	} {
		got, err := mustSpec(t, c.spec).Match(record(c.channel))
		if err != nil || got != c.want {
			t.Errorf("%q on channel %q: %v %v, want %v", c.spec, c.channel, got, err, c.want)
		}
	}
	mirror := record("https://mirror.example.org/main")
	mirror.ChannelCanonical = "defaults"
	checkSpecs(t, mirror, []specCase{{"defaults::a", true}, {"main::a", true}, {"def*::a", true}, {"conda-forge::a", false}})
	checkInvalid(t, "https://example.org:port/chan::a", "https://example.org/%ff::a", "https://[x]/chan::a[channel=b]")
}

func TestRecordVersionIsReadOnlyWhenAskedFor(t *testing.T) {
	for _, c := range []struct {
		spec  string
		fails bool
	}{
		{"a", false},
		{"a *", false},
		{"a 1.*.2", false},
		{"a ^.*$", false},
		{"a >=1", true},
		{"a 1.2", true},
		{"a *|>=1", false},
		{"a >=1|*", true},
		{"a ~=1", true},
		{"b >=1", false}, // Another name: the version is not looked at.
		{"conda-forge::a >=1", false},
		{"a[build=x,version='>=1']", false}, // The build comes first here, and does not match.
		{"a[version='>=1',build=x]", true},
	} {
		_, err := mustSpec(t, c.spec).Match(&matchspec.Record{Name: "a", Version: "1..2", Build: "0", Channel: "pypi"})
		if (err != nil) != c.fails {
			t.Errorf("%q: error %v, want one: %v", c.spec, err, c.fails)
		}
	}
}

func TestMatchErrorsOfConda(t *testing.T) {
	r := &matchspec.Record{Name: "a", Version: "2", BuildNumber: -1, Channel: "https://example.org:port/x"}
	for spec, want := range map[string]string{
		"a ~=1":                     "version",
		"a ~=3":                     "-", // The record is lower, so the rest is not asked.
		"a[build_number='>=0']":     "build_number",
		"a[build_number='^0$']":     "build_number",
		"a[extras=x]":               "extras",
		"conda-forge::a":            "channel",
		"conda*::a":                 "channel",
		"https://prefix.dev/x::a":   "channel",
		"b[extras=x]":               "-",
		"a[build_number=-1]":        "",
		"a[build_number='-0_1']":    "",
		"a[build_number='*',fn=no]": "-",
	} {
		miss, err := mustSpec(t, spec).Miss(r)
		switch {
		case want == "-" && (err != nil || miss == ""):
			t.Errorf("%q: %q %v, want a miss without an error", spec, miss, err)
		case want == "" && (err != nil || miss != ""):
			t.Errorf("%q: %q %v, want a match", spec, miss, err)
		case want != "-" && want != "" && (err == nil || miss != want):
			t.Errorf("%q: %q %v, want an error on %s", spec, miss, err, want)
		}
	}
}

// TestRecordURLThatCondaCannotRead asks for what a record says by its URL only.
func TestRecordURLThatCondaCannotRead(t *testing.T) {
	r := &matchspec.Record{Name: "a", Version: "2", Build: "0", URL: "https://example.org/%ff/a-2-0.conda"}
	for spec, want := range map[string]string{"a[subdir=noarch]": "subdir", "a[fn=a-2-0]": "fn", "x::a": "channel", "x*::a": "channel", "https://h/x::a": "channel"} {
		if miss, err := mustSpec(t, spec).Miss(r); err == nil || miss != want {
			t.Errorf("%q: %q %v, want an error on %s", spec, miss, err, want)
		}
	}
	r.Subdir, r.FileName, r.Channel = "noarch", "a-2-0", "x"
	checkSpecs(t, r, []specCase{{"a[subdir=noarch]", true}, {"a[fn=a-2-0]", true}, {"x::a", true}})
}
