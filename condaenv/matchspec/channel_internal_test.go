package matchspec

import "testing"

// TestChannelIsCondas has the name, the canonical name, the base URL and the platform that conda's Channel gives.
func TestChannelIsCondas(t *testing.T) {
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
		c, err := parseChannel(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := [4]string{c.name, c.canonical(), c.baseURL(), c.platform}
		if got != want {
			t.Errorf("%q:\nours  %q\nconda %q", text, got, want)
		}
	}
}

func TestChannelsThatCrashConda(t *testing.T) {
	for _, text := range []string{
		"https://h:port/a", "https://h:65536/a", "https://h:-1/a", "https://h/%ff", "https://h/é%20", "http://[1.2.3.4]/a", "http://[::1/a", "http://:1/a",
	} {
		if c, err := parseChannel(text); err == nil {
			t.Errorf("%q is read as %+v", text, c)
		}
	}
}
