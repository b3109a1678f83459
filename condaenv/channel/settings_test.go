package channel_test

import (
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"kernelindexer/condaenv/channel"
)

// countingFS counts what is asked of a file system.
type countingFS struct {
	fstest.MapFS
	stats, opens []string
}

func (c *countingFS) Stat(name string) (fs.FileInfo, error) {
	c.stats = append(c.stats, name)
	return c.MapFS.Stat(name)
}

func (c *countingFS) Open(name string) (fs.File, error) {
	c.opens = append(c.opens, name)
	return c.MapFS.Open(name)
}

// The common prefix has no configuration: three stats, and the settings all such prefixes share.
func TestLoadWithoutFilesIsCheap(t *testing.T) {
	fsys := &countingFS{MapFS: prefixWith(nil)}
	s, err := channel.Load(fsys, "p")
	if err != nil || s != channel.Default() {
		t.Errorf("Load = %p, %v; want Default", s, err)
	}
	if want := []string{"p/.condarc", "p/condarc", "p/condarc.d"}; !slices.Equal(fsys.stats, want) || len(fsys.opens) > 0 {
		t.Errorf("stats %q, opens %q", fsys.stats, fsys.opens)
	}
}

// Configuration that is not about channels leaves the shared settings, and their cache, in use.
func TestLoadOfOtherSettingsIsDefault(t *testing.T) {
	s, err := channel.Load(prefixWith(map[string]string{".condarc": "channels: [conda-forge]\npip_interop_enabled: true\n"}), "p")
	if err != nil || s != channel.Default() {
		t.Errorf("Load = %p, %v; want Default", s, err)
	}
}

// The prefix may be the root of the file system.
func TestLoadOfRoot(t *testing.T) {
	fsys := fstest.MapFS{".condarc": {Data: []byte("custom_channels: {team: https://h.example/x}\n")}}
	s, err := channel.Load(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	if got := nameOrFailed(s.Name("https://h.example/x/team/linux-64")); got != "team" {
		t.Errorf("got %q", got)
	}
}

// What breaks every listing is reported by Load, with the file, the line, the setting and the reason.
func TestLoadErrors(t *testing.T) {
	for text, want := range map[string]string{
		"channels: [a\n":              "settings in the prefix: p/.condarc: is not a conda configuration: yaml: line 1: did not find expected ',' or ']'",
		"a: 1\na: 2\n":                `settings in the prefix: p/.condarc: is not a conda configuration: line 2: the key "a" is repeated`,
		"- a\n":                       "settings in the prefix: p/.condarc: is not a conda configuration: line 1: not a mapping of parameters",
		"\n\nlist_fields: [nope]\n":   `settings in the prefix: p/.condarc:3: list_fields: "nope" is no field of a package`,
		"trace: no\nverbosity: loud":  `settings in the prefix: p/.condarc:2: verbosity: "loud" is no integer`,
		"show_channel_urls:\n  - a\n": "settings in the prefix: p/.condarc:2: show_channel_urls: not a single value",
		"a: \xff\n":                   "settings in the prefix: p/.condarc: is not a conda configuration: not UTF-8",
	} {
		_, err := channel.Load(prefixWith(map[string]string{".condarc": text}), "p")
		var fault *channel.SettingsError
		if !errors.As(err, &fault) || err.Error() != want {
			t.Errorf("Load with %q: %v\nwant %s", text, err, want)
		}
	}
}

// A wrong setting of channels does not matter until a channel is asked for, and then only if conda needs it.
func TestSettingsFailWhenNeeded(t *testing.T) {
	s, err := channel.Load(prefixWith(map[string]string{"condarc": "\nmigrated_custom_channels: {a: [b]}\n"}), "p")
	if err != nil {
		t.Fatal(err)
	}
	if got := nameOrFailed(s.Name("conda-forge")); got != "conda-forge" {
		t.Errorf("a name does not need the setting: got %q", got)
	}
	_, err = s.Name("https://conda.anaconda.org/conda-forge")
	var fault *channel.SettingsError
	if !errors.As(err, &fault) || fault.File != "p/condarc" || fault.Line != 2 || fault.Setting != "migrated_custom_channels" {
		t.Errorf("a URL needs the setting: got %v", err)
	}
}

// conda passes over a file that is no sequence of YAML tokens; so does Load, but tells.
func TestIgnoredFiles(t *testing.T) {
	s, err := channel.Load(prefixWith(map[string]string{
		".condarc": "channel_alias:\thttps://a.example\n",
		"condarc":  "custom_channels: {team: https://b.example}\n",
	}), "p")
	if err != nil {
		t.Fatal(err)
	}
	if got := nameOrFailed(s.CanonicalName("https://a.example/x")); got != "https://a.example/x" {
		t.Errorf("the file counts: got %q", got)
	}
	var fault *channel.SettingsError
	if ignored := s.Ignored(); len(ignored) != 1 || !errors.As(ignored[0], &fault) || fault.File != "p/.condarc" {
		t.Errorf("Ignored = %v", ignored)
	}
	if ignored := channel.Default().Ignored(); len(ignored) > 0 {
		t.Errorf("Default ignores %v", ignored)
	}
}

// Neither the environment nor the place in which the program runs changes an answer.
func TestEnvironmentIsNotRead(t *testing.T) {
	t.Setenv("CONDA_CHANNEL_ALIAS", "https://env.example")
	t.Setenv("WHERE", "env.example")
	t.Setenv("HOME", "/home/u")
	t.Chdir(t.TempDir())
	s, err := channel.Load(prefixWith(map[string]string{".condarc": "custom_channels: {team: https://$WHERE}\n"}), "p")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"team": "https://$where/team", "x": "https://conda.anaconda.org/x", "~/x": "file:///x", "./x": "file:///x"} {
		c, err := s.Channel(text)
		if err != nil {
			t.Fatal(err)
		}
		if url, _ := c.BaseURL(); url != want {
			t.Errorf("base URL of %q = %q, want %q", text, url, want)
		}
	}
}
