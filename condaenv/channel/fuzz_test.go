package channel_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/channel"
)

// addTexts adds odd texts that were recorded.
func addTexts(f *testing.F) {
	for _, text := range []string{
		"conda-forge/linux-64", "https://conda.anaconda.org/conda-forge/linux-64/x-1-0.conda", "https://h/t/tok/a;b/%41%c3?q#f",
		"file://\\\\srv\\a", "~user/x", "../x\n", "https://u:p@[::1]:80//a//noarch\n", "\xed\xa0\x80/%ff", "C:/x", "https://\u2100/x",
	} {
		f.Add(text)
	}
}

// fresh gives settings with an empty cache that answer like Default.
func fresh(tb testing.TB) *channel.Settings {
	tb.Helper()
	s, err := channel.Load(prefixWith(map[string]string{".condarc": "migrated_custom_channels: {}\n"}), "p")
	if err != nil || s == channel.Default() {
		tb.Fatal(err)
	}
	return s
}

// A text always has the same channel, whether it is known already or not.
func FuzzName(f *testing.F) {
	addTexts(f)
	f.Fuzz(func(t *testing.T, text string) {
		known, errKnown := channel.Default().Name(text)
		name, err := fresh(t).Name(text)
		if name != known || (err == nil) != (errKnown == nil) {
			t.Errorf("Name(%q) = %q, %v; from the cache %q, %v", text, name, err, known, errKnown)
		}
		if _, err := fresh(t).CanonicalName(text); (err == nil) != (errKnown == nil) {
			t.Errorf("CanonicalName(%q): %v; Name: %v", text, err, errKnown)
		}
	})
}

// ChannelFromURL looks at a package's folder only where that is enough: two packages of one folder have one channel, and
// it is the one that the whole URL has.
func FuzzNameFromURL(f *testing.F) {
	addTexts(f)
	f.Fuzz(func(t *testing.T, folder string) {
		s := fresh(t)
		for _, url := range []string{folder + "/a-1-0.conda", folder + "/b_2+c!3-py_0.tar.bz2", folder} {
			whole, errWhole := s.Channel(url)
			byFolder, err := s.ChannelFromURL(url)
			if (err == nil) != (errWhole == nil) {
				t.Fatalf("%q: %v; by the folder: %v", url, errWhole, err)
			}
			if err == nil && *whole != *byFolder {
				t.Errorf("%q: %+v; by the folder: %+v", url, whole, byFolder)
			}
			platform, _, errPlatform := s.Subdir(channel.Origin{URL: &url})
			if err == nil && url != "" {
				if want, _ := whole.Platform(); errPlatform != nil || platform != want {
					t.Errorf("Subdir of %q = %q, %v; want %q", url, platform, errPlatform, want)
				}
			}
		}
	})
}

// Any file is read or refused, and what was read gives one answer to a text.
func FuzzLoad(f *testing.F) {
	var vectors []vector
	readJSON(f, "vectors.json", &vectors)
	for _, v := range vectors {
		for _, text := range v.Files {
			f.Add([]byte(text), "https://mirror.example.org/conda/team/a/linux-64")
		}
	}
	f.Fuzz(func(t *testing.T, condarc []byte, text string) {
		s, err := channel.Load(prefixWith(map[string]string{"condarc.d/x.yml": string(condarc)}), "p")
		if err != nil {
			return
		}
		var answers [2][]any
		for i := range answers {
			c, err := s.Channel(text)
			if err == nil {
				_, err = s.Elsewhere(c)
			}
			if err != nil {
				return
			}
			answers[i] = answer(t, s, text, c, nil)
		}
		if diff := cmp.Diff(answers[0], answers[1]); diff != "" {
			t.Errorf("two answers to %q with %q:\n%s", text, condarc, diff)
		}
	})
}
