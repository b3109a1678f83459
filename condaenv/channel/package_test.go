package channel_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/channel"
)

// The URL and the name of a package file are those that conda makes of a MatchSpec of nothing else, and it is in a
// channel if a platform is told. With an error all is empty.
func TestPackageFileRules(t *testing.T) {
	type file struct{ URL, Name, Channel, Platform string }
	for _, tc := range []struct {
		rule, text string
		want       file
	}{
		{"in a channel", "https://h/c/noarch/x-1-0.conda", file{"https://h/c/noarch/x-1-0.conda", "x-1-0.conda", "https://h/c", "noarch"}},
		{"the group of the channel", "https://repo.anaconda.com/pkgs/r/win-64/x-1-0.conda", file{"https://repo.anaconda.com/pkgs/r/win-64/x-1-0.conda", "x-1-0.conda", "defaults", "win-64"}},
		{"a name in a channel is decoded", "https://h/c/noarch/x-1%2B-0.conda", file{"https://h/c/noarch/x-1%2B-0.conda", "x-1+-0.conda", "https://h/c", "noarch"}},
		{"a name in no channel is not", "https://h/c/x-1%2B-0.conda", file{URL: "https://h/c/x-1%2B-0.conda", Name: "x-1%2B-0.conda"}},
		{"but that of a file: URL is", "file:///c/x-1%2B-0.conda", file{URL: "file:///c/x-1%2B-0.conda", Name: "x-1+-0.conda"}},
		{"a query ends a file: URL", "file:///c/x-1?y-1-0.conda", file{URL: "file:///c/x-1?y-1-0.conda", Name: "x-1"}},
		{"a host other than this machine", "file://x-1-0.conda", file{URL: "file://x-1-0.conda", Name: "x-1-0.conda"}},
		{"this machine", "file://localhost?x-1-0.conda", file{URL: "file://localhost?x-1-0.conda"}},
		{"a drive with a bar", "file:///c|x-1-0.conda", file{URL: "file:///c|x-1-0.conda", Name: "c:x-1-0.conda"}},
		{"line breaks in a file: URL", "file:///c/x\n-1-0.conda", file{URL: "file:///c/x\n-1-0.conda", Name: "x-1-0.conda"}},

		{"a path", "/c/noarch/x-1-0.conda", file{"file:///c/noarch/x-1-0.conda", "x-1-0.conda", "file:///c", "noarch"}},
		{"a relative path", "c/../x-1-0.conda", file{URL: "file:///x-1-0.conda", Name: "x-1-0.conda"}},
		{"the home folder", "~/x-1-0.conda", file{URL: "file:///x-1-0.conda", Name: "x-1-0.conda"}},
		{"two slashes stay two", "//b/x-1-0.conda", file{URL: "file:////b/x-1-0.conda", Name: "x-1-0.conda"}},
		{"three are one", "///b/x-1-0.conda", file{URL: "file:///b/x-1-0.conda", Name: "x-1-0.conda"}},
		{"a path like that of a drive", "/:/x-1-0.conda", file{URL: "file:////:/x-1-0.conda", Name: "x-1-0.conda"}},
		{"a path in ASCII is decoded", "/a%20b/x-1-0.conda", file{URL: "file:///a b/x-1-0.conda", Name: "x-1-0.conda"}},
		{"what is not UTF-8 is replaced byte by byte", "/%ff%fe/x-1-0.conda", file{URL: "file:///\ufffd\ufffd/x-1-0.conda", Name: "x-1-0.conda"}},
		{"a part of a character is replaced as one", "/%e2%82/x-%c3%a9-0.conda", file{URL: "file:///\ufffd/x-é-0.conda", Name: "x-é-0.conda"}},
		{"a path outside of ASCII is not decoded", "/é/x-1-0%.conda", file{URL: "file:///é/x-1-0%.conda", Name: "x-1-0%.conda"}},
		{"escapes beside other letters in the name", "/é/x-1-0%41.conda", file{}},
		{"a lone surrogate", "/\xed\xa0\x80/x-1-0.conda", file{}},
		{"a lone surrogate in a folder that is left again", "/\xed\xa0\x80/../x-1-0.conda", file{URL: "file:///x-1-0.conda", Name: "x-1-0.conda"}},
		{"a port that is no number makes a path", "https://h:x/noarch/x-1-0.conda", file{"file:///https:/h:x/noarch/x-1-0.conda", "x-1-0.conda", "file:///https:/h:x", "noarch"}},
		{"escapes in a channel that are not UTF-8", "https://h/%ff/noarch/x-1-0.conda", file{}},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			var got file
			f, err := channel.Default().PackageFile(tc.text)
			if err == nil {
				got.URL, got.Name = f.URL, f.Name
			}
			if f.Channel != nil && err == nil {
				got.Channel = f.Channel.CanonicalName()
				got.Platform, _ = f.Channel.Platform()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("PackageFile(%q): error %v (-want +got):\n%s", tc.text, err, diff)
			}
		})
	}
}

// The file name in a URL is that of a package or of a channel's index, decoded.
func TestFileNameRules(t *testing.T) {
	for _, tc := range []struct{ rule, url, want string }{
		{"a package", "https://h/a/linux-64/x%2B-1-0.conda", "x+-1-0.conda"},
		{"a package outside of a channel", "https://h/x-1-0.TAR.BZ2", "x-1-0.TAR.BZ2"},
		{"an index", "https://h/a/repodata.json", "repodata.json"},
		{"none", "https://h/a", ""},
		{"a host like a package", "x.conda", ""},
		{"a path", "/a/x-1-0.conda", "x-1-0.conda"},
		{"a name", "conda-forge", ""},
		{"escapes that are not UTF-8", "https://h/a/%ff.conda", failed},
		{"a wrong port", "https://h:x/a.conda", failed},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			for range 2 { // The second answer is the same, though channels are kept by folder.
				if got := nameOrFailed(channel.Default().FileName(tc.url)); got != tc.want {
					t.Errorf("FileName(%q) = %q, want %q", tc.url, got, tc.want)
				}
				_, _ = channel.Default().NameFromURL(tc.url)
			}
		})
	}
}

// A URL has a scheme in small letters, and Python can split it.
func TestIsURL(t *testing.T) {
	for text, want := range map[string]bool{
		"https://h/a": true, "s3://": true, "HTTPS://h": false, "/a": false, "h/a": false, "": false, "https://h:x": false, "https://[x]/": false,
	} {
		if got := channel.IsURL(text); got != want {
			t.Errorf("IsURL(%q) = %t", text, got)
		}
	}
}

// The ending of a package file counts in any letter case.
func TestPackageExtension(t *testing.T) {
	for text, want := range map[string]string{
		"a.conda": ".conda", "a.Conda": ".Conda", "a.tar.bz2": ".tar.bz2", ".TAR.BZ2": ".TAR.BZ2", "a.json": "", "conda": "", "a.conda/": "",
	} {
		if got := channel.PackageExtension(text); got != want {
			t.Errorf("PackageExtension(%q) = %q, want %q", text, got, want)
		}
	}
}

// A channel is nowhere only if it has neither a host nor a folder nor a name.
func TestIsNowhere(t *testing.T) {
	for text, want := range map[string]bool{
		"https:///repodata.json": true, "file:///repodata.json": true, "https://h": false, "https://conda.anaconda.org": false, "": false, "x": false, "<unknown>": false, "defaults": false,
	} {
		c, err := channel.Default().Channel(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.IsNowhere(); got != want {
			t.Errorf("IsNowhere of %q = %t", text, got)
		}
	}
}

// A package file is read or refused, always in the same way, and its channel is the one that its URL has.
func FuzzPackageFile(f *testing.F) {
	addTexts(f)
	for _, text := range []string{"/a%ff%e2%82/x-1-0.conda", "file://localhost/c|x-1-0.conda", "//é/noarch/x-1-0.tar.bz2", "https://h:x/x-1-0.conda"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := fresh(t)
		file, err := s.PackageFile(text)
		if err != nil {
			return
		}
		if !channel.IsURL(file.URL) && channel.IsURL(text) {
			t.Errorf("PackageFile(%q) has the URL %q", text, file.URL)
		}
		name, err := s.FileName(file.URL)
		if err != nil {
			t.Fatalf("FileName(%q): %v", file.URL, err)
		}
		if file.Channel == nil {
			return
		}
		c, err := s.Channel(file.URL)
		if err != nil || *c != *file.Channel || name != file.Name {
			t.Errorf("PackageFile(%q) = %q in %+v; Channel: %+v, %v; FileName: %q", text, file.Name, file.Channel, c, err, name)
		}
	})
}
