package channel_test

import (
	"testing"

	"kernelindexer/condaenv/channel"
)

// failed stands for an error in the tables below.
const failed = "(error)"

func nameOrFailed(name string, err error) string {
	if err != nil {
		return failed
	}
	return name
}

// The rules of `conda list` with default settings, from a text to a name.
func TestNameRules(t *testing.T) {
	for _, tc := range []struct{ rule, text, want string }{
		{"unknown", "<unknown>", "<unknown>"},
		{"unknown, as Python prints nothing", "None", "<unknown>"},
		{"unknown, as a URL", "None:///<unknown>", "<unknown>"},

		{"a scheme makes a URL", "oci://ghcr.io/mirrors/conda-forge", "mirrors/conda-forge"},
		{"a scheme of twelve letters", "abcdefghijkl://h/x", "x"},
		{"a scheme of thirteen letters is none", "abcdefghijklm://h/x", "abcdefghijklm://h/x"},
		{"a scheme in capitals is none", "HTTPS://conda.anaconda.org/x", "HTTPS://conda.anaconda.org/x"},
		{"a scheme does not begin with a digit", "3s://bucket/x", "3s://bucket/x"},

		{"an absolute path", "/srv/chan", "chan"},
		{"a path with a platform", "/srv/chan/noarch", "chan"},
		{"a relative path", "./a/chan", "chan"},
		{"a path from the folder above", "../chan", "chan"},
		{"dots in a path", "/a/./b/../chan", "chan"},
		{"the home folder", "~/chan", "chan"},
		{"the home folder itself", "~", ""},
		{"another user's folder", "~user/chan", "chan"},
		{"a Windows path", `C:\srv\chan`, "chan"},
		{"a Windows network path", `\\srv\share\chan`, "chan"},
		{"a path outside of ASCII", "/srv/ü b", "ü b"},
		{"a path is not decoded", "/srv/%41ü", "%41ü"},
		{"but a path in ASCII is", "/srv/%41", "A"},
		{"a path with a lone surrogate", "/srv/\xed\xa0\x80", failed},

		{"a package file without a scheme", "h/chan/x-1-0.conda", "chan"},
		{"a package file in capitals", "h/chan/x-1-0.TAR.BZ2", "chan"},
		{"no package file", "h/chan/x-1-0.zip", "h/chan/x-1-0.zip"},
		{"an index without a scheme is no file", "h/chan/repodata.json", "h/chan/repodata.json"},

		{"a name", "conda-forge", "conda-forge"},
		{"a name with a label", "conda-forge/label/rc", "conda-forge/label/rc"},
		{"a name with a platform", "conda-forge/linux-64", "conda-forge"},
		{"a platform inside of a name", "a/noarch/b", "a/b"},
		{"only the first platform", "a/noarch/linux-64", "a/linux-64"},
		{"a platform in capitals", "a/LINUX-64", "a"},
		{"no platform at the front", "linux-64", "linux-64"},
		{"no platform conda knows", "a/linux-99", "a/linux-99"},
		{"a platform before a last line feed", "a/noarch\n", "a\n"},
		{"a letter that is s without case", "a/oſx-64", "a"},
		{"the text of the platform goes where it occurs first", "a/linux-64x/linux-64", "ax/linux-64"},
		{"slashes at the end", "conda-forge//", "conda-forge"},
		{"no text", "", ""},
		{"blanks", " a b ", " a b "},
		{"pip", "pypi", "pypi"},
		{"develop", "<develop>", "<develop>"},
		{"a lone surrogate", "a\xed\xa0\x80", "a\xed\xa0\x80"},
		{"a group", "defaults", "defaults"},
		{"a group with a platform", "defaults/linux-64", "defaults"},
		{"a name is not decoded", "a%20b", "a%20b"},

		{"a token", "https://h/t/tk-1-a/chan", "chan"},
		{"an empty token", "https://h/t//chan", "chan"},
		{"a token with other characters", "https://h.org/t/<TOKEN>/chan", "chan"},
		{"a platform at the end of a URL", "https://conda.anaconda.org/conda-forge/linux-64/", "conda-forge"},
		{"a package in a URL", "https://h/chan/osx-64/x-1-0.tar.bz2", "chan"},
		{"an index in a URL", "https://h/chan/noarch/repodata.json.zst", "chan"},
		{"the case of an index matters", "https://h/chan/REPODATA.JSON", "chan/REPODATA.JSON"},
		{"user, port, query and fragment", "https://u:p@h:8080/chan?a=b#c", "chan"},
		{"parameters", "https://h/a;b/chan;v=1", "a;b/chan"},
		{"no parameters in this scheme", "s3://h/chan;v=1", "chan;v=1"},
		{"line feeds and tabs go", "https://h/ch\n\tan", "chan"},
		{"a port that is no number", "https://h:http/chan", failed},
		{"a port too large", "https://h:65536/chan", failed},
		{"the largest port", "https://h:65535/chan", "chan"},
		{"a port below zero", "https://h:-1/chan", failed},
		{"a port without a host", "file://:80/chan", failed},
		{"a port without a host in any scheme", "http://:1/chan", failed},
		{"brackets with an address", "https://[::1]:80/chan", "chan"},
		{"brackets without an address", "https://[x]/chan", failed},
		{"brackets with an IPv4 address", "https://[1.2.3.4]/chan", failed},
		{"brackets with an address of a future kind", "https://[v1.x]/chan", "chan"},
		{"text in front of brackets", "https://a[::1]/chan", failed},
		{"text behind brackets", "https://[::1]b/chan", failed},
		{"brackets of the user beside those of the host", "https://[u]@[::1]/chan", "chan"},
		{"brackets of the user only", "https://[::1]@h/chan", failed},
		{"a bracket that is not closed", "https://[::1/chan", failed},
		{"letters that are punctuation", "https://a\u2100b/chan", failed},

		{"no path", "https://host/linux-64", ""},
		{"no path at all", "file:///", ""},

		{"pkgs/main", "https://repo.anaconda.com/pkgs/main/linux-64", "pkgs/main"},
		{"below pkgs/main", "https://repo.anaconda.com/pkgs/main/x/y", "pkgs/main/x/y"},
		{"the host in capitals", "https://REPO.anaconda.com/pkgs/r", "pkgs/r"},
		{"pkgs/pro", "http://repo.anaconda.com/pkgs/pro/noarch", "pkgs/pro"},
		{"pkgs/free is not known", "https://repo.anaconda.com/pkgs/free", "pkgs/free"},
		{"parts are compared as far as the shorter path reaches", "https://repo.anaconda.com/pkgs", "pkgs/main/repo.anaconda.com/pkgs"},
		{"another host", "https://repo.continuum.io/pkgs/main", "pkgs/main"},

		{"the home of bare names", "https://conda.anaconda.org/a/label/b", "a/label/b"},
		{"with a port it is another", "https://conda.anaconda.org:443/conda/a", "a"},
		{"double slashes at the front", "https://conda.anaconda.org//a//linux-64", "a"},
		{"double slashes inside", "https://h/a//b", "a//b"},

		{"a folder", "file:///opt/deep/chan", "chan"},
		{"a folder on a host", "file://host/opt/chan", "opt/chan"},
		{"backslashes in a file URL", `file:\\srv\a b`, `file:\\srv\a b`},
		{"a drive in a file URL is its host", `file://C:\srv\chan`, "srv/chan"},
		{"backslashes in a file URL's path", `file:///a\b\ c`, `b\ c`},

		{"a first part conda", "https://h/conda/x/y", "x/y"},
		{"only conda", "https://h/conda", ""},
		{"a first part like conda", "https://h/condas/x", "condas/x"},
		{"any other path", "https://h/get/science", "get/science"},

		{"escapes", "https://h/a%20%C3%BC", "a ü"},
		{"an escape of a slash", "https://h/a%2fb", "a/b"},
		{"no escape", "https://h/100%zz%4", "100%zz%4"},
		{"escapes that are not UTF-8", "https://h/%ff", failed},
		{"a character cut off at the end", "https://h/a%c3", "a"},
		{"escapes beside other letters", "https://h/ü%20", failed},
		{"escapes in the file count too", "https://h/a/%ff.conda", failed},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if got := nameOrFailed(channel.Default().Name(tc.text)); got != tc.want {
				t.Errorf("Name(%q) = %q, want %q", tc.text, got, tc.want)
			}
			if got := nameOrFailed(channel.Default().NameFromURL(tc.text)); got != tc.want {
				t.Errorf("NameFromURL(%q) = %q, want %q", tc.text, got, tc.want)
			}
		})
	}
}

// The canonical name is the group's for members of groups, the name for channels that bare names or settings lead to,
// else the URL.
func TestCanonicalName(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"conda-forge", "conda-forge"},
		{"https://conda.anaconda.org/conda-forge/linux-64", "conda-forge"},
		{"pkgs/main", "defaults"},
		{"https://repo.anaconda.com/pkgs/r", "defaults"},
		{"https://repo.continuum.io/pkgs/main/noarch", "defaults"},
		{"pkgs/pro", "pkgs/pro"},
		{"https://repo.anaconda.com/pkgs/free/linux-64", "https://repo.anaconda.com/pkgs/free"},
		{"https://prefix.dev/conda-forge", "https://prefix.dev/conda-forge"},
		{"/srv/chan", "file:///srv/chan"},
		{"defaults", "defaults"},
		{"<unknown>", "<unknown>"},
		{"https://h:x/", failed},
	} {
		if got := nameOrFailed(channel.Default().CanonicalName(tc.text)); got != tc.want {
			t.Errorf("CanonicalName(%q) = %q, want %q", tc.text, got, tc.want)
		}
	}
}

// The name does not tell channels of two hosts apart; the base URL, the platform and Elsewhere do.
func TestChannelProperties(t *testing.T) {
	type properties struct {
		name, url, platform string
		hasURL, elsewhere   bool
	}
	for text, want := range map[string]properties{
		"conda-forge":                           {"conda-forge", "https://conda.anaconda.org/conda-forge", "", true, false},
		"https://prefix.dev/conda-forge/win-64": {"conda-forge", "https://prefix.dev/conda-forge", "win-64", true, true},
		"http://u@h:80/t/tok/conda/a/Linux-64":  {"a", "http://h:80/conda/a", "Linux-64", true, true},
		"/srv/chan/linux-64":                    {"chan", "file:///srv/chan", "linux-64", true, true},
		"defaults/noarch":                       {"defaults", "", "noarch", false, false},
		"<unknown>":                             {"<unknown>", "", "", false, false},
	} {
		c, err := channel.Default().Channel(text)
		if err != nil {
			t.Fatal(err)
		}
		got := properties{name: c.Name()}
		got.url, got.hasURL = c.BaseURL()
		got.platform, _ = c.Platform()
		if got.elsewhere, err = channel.Default().Elsewhere(c); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

// The name, the canonical name, the base URL and the platform of a text are those that conda's Channel gives.
func TestChannelOfText(t *testing.T) {
	for text, want := range map[string][4]string{
		"conda-forge":                            {"conda-forge", "conda-forge", "https://conda.anaconda.org/conda-forge", ""},
		"conda-forge/label/rc/linux-64/":         {"conda-forge/label/rc", "conda-forge/label/rc", "https://conda.anaconda.org/conda-forge/label/rc", "linux-64"},
		"defaults":                               {"defaults", "defaults", "", ""},
		"defaults/noarch":                        {"defaults", "defaults", "", "noarch"},
		"pkgs/main":                              {"pkgs/main", "defaults", "https://repo.anaconda.com/pkgs/main", ""},
		"pkgs/main/x":                            {"pkgs/main/x", "pkgs/main/x", "https://repo.anaconda.com/pkgs/main/x", ""},
		"pkgs/free":                              {"pkgs/free", "pkgs/free", "https://conda.anaconda.org/pkgs/free", ""},
		"None":                                   {"<unknown>", "<unknown>", "", ""},
		"https://conda.anaconda.org/a/osx-arm64": {"a", "a", "https://conda.anaconda.org/a", "osx-arm64"},
		"https://conda.anaconda.org/t/tk-1/a":    {"a", "a", "https://conda.anaconda.org/a", ""},
		"https://repo.anaconda.com/pkgs/r/WIN-64":  {"pkgs/r", "defaults", "https://repo.anaconda.com/pkgs/r", "WIN-64"},
		"https://repo.anaconda.com/pkgs":           {"pkgs/main/repo.anaconda.com/pkgs", "pkgs/main/repo.anaconda.com/pkgs", "https://repo.anaconda.com/pkgs/main/repo.anaconda.com/pkgs", ""},
		"https://u:p@H.example:80/conda/x/y?q#f":   {"x/y", "https://h.example:80/conda/x/y", "https://h.example:80/conda/x/y", ""},
		"https://h.example/get/science":            {"get/science", "https://h.example/get/science", "https://h.example/get/science", ""},
		"https://h.example/noarch":                 {"", "https://h.example", "https://h.example", "noarch"},
		"https://h.example/a%20b%zz":               {"a b%zz", "https://h.example/a b%zz", "https://h.example/a b%zz", ""},
		"https://h.example/a/linux-64/x-1-0.conda": {"a", "https://h.example/a", "https://h.example/a", "linux-64"},
		"https://h.example/a/repodata.json.zst":    {"a", "https://h.example/a", "https://h.example/a", ""},
		"http://[::1]:8080/a;b":                    {"a", "http://::1:8080/a", "http://::1:8080/a", ""},
		"HTTPS://h.example/a":                      {"HTTPS://h.example/a", "HTTPS://h.example/a", "https://conda.anaconda.org/HTTPS://h.example/a", ""},
		"file:///a/b/chan":                         {"chan", "file:///a/b/chan", "file:///a/b/chan", ""},
		"/a/../b/chan/linux-64":                    {"chan", "file:///b/chan", "file:///b/chan", "linux-64"},
		`file:\\a\b`:                               {`file:\\a\b`, `file:\\a\b`, `https://conda.anaconda.org/file:\\a\b`, ""},
		`file://\\a\b`:                             {"b", "file://a/b", "file://a/b", ""},
		`C:\a`:                                     {"a", "file:///C:/a", "file:///C:/a", ""},
		"/é/a":                                     {"a", "file:///%C3%A9/a", "file:///%C3%A9/a", ""},
		"h/a/noarch/x-1-0.tar.bz2":                 {"a", "https://h/a", "https://h/a", "noarch"},
		"a/linux-99":                               {"a/linux-99", "a/linux-99", "https://conda.anaconda.org/a/linux-99", ""},
		"https://h.example/linux-64x/a/linux-64":   {"a/linux-64", "https://h.examplex/a/linux-64", "https://h.examplex/a/linux-64", "linux-64"},
	} {
		c, err := channel.Default().Channel(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := [4]string{c.Name(), c.CanonicalName()}
		got[2], _ = c.BaseURL()
		got[3], _ = c.Platform()
		if got != want {
			t.Errorf("%q:\nours  %q\nconda %q", text, got, want)
		}
	}
}

// The platform is told by subdir, else by the URL, else by platform and arch, else by the machine.
func TestSubdirRules(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, tc := range []struct {
		rule   string
		origin channel.Origin
		want   string
		null   bool
	}{
		{"subdir", channel.Origin{Subdir: text("noarch"), URL: text("https://h/c/linux-64/x-1-0.conda")}, "noarch", false},
		{"an empty subdir", channel.Origin{Subdir: text("")}, "", false},
		{"the URL", channel.Origin{URL: text("https://h/c/osx-64/x-1-0.conda"), Platform: text("linux"), HasArch: true}, "osx-64", false},
		{"a URL without a platform", channel.Origin{URL: text("https://h/c/x-1-0.conda"), Platform: text("linux"), HasArch: true}, "", true},
		{"an empty URL", channel.Origin{URL: text(""), Platform: text("linux"), Arch: text("x86_64"), HasArch: true}, "linux-64", false},
		{"32 bits", channel.Origin{Platform: text("win32"), Arch: text("x86"), HasArch: true}, "win-32", false},
		{"another processor", channel.Origin{Platform: text("darwin"), Arch: text("arm64"), HasArch: true}, "osx-arm64", false},
		{"no processor", channel.Origin{Platform: text("linux"), HasArch: true}, "noarch", false},
		{"an empty processor", channel.Origin{Platform: text("linux"), Arch: text(""), HasArch: true}, "noarch", false},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			for range 2 { // The second answer may come from the cache.
				got, known, err := channel.Default().Subdir(tc.origin)
				if err != nil || got != tc.want || known == tc.null {
					t.Errorf("got %q, %t, %v", got, known, err)
				}
				if tc.origin.URL != nil {
					if _, err := channel.Default().NameFromURL(*tc.origin.URL); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
	machine, known, err := channel.Default().Subdir(channel.Origin{})
	if missingArch, _, _ := channel.Default().Subdir(channel.Origin{Platform: text("osx")}); !known || err != nil || missingArch != machine {
		t.Errorf("machine %q, %t, %v; without arch %q", machine, known, err, missingArch)
	}
	if _, _, err := channel.Default().Subdir(channel.Origin{URL: text("https://h:x/a")}); err == nil {
		t.Error("no error for a URL with a wrong port")
	}
}
