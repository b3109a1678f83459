package channel_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/channel"
)

// prefixWith makes a file system with a prefix "p" that has the given files.
func prefixWith(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{"p/conda-meta/history": {}}
	for name, text := range files {
		fsys["p/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// readJSON reads a file of testdata.
func readJSON(t testing.TB, name string, to any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, to); err != nil {
		t.Fatal(err)
	}
}

// Every text in the recorded prefixes has the name that conda printed for it.
func TestCorpus(t *testing.T) {
	var groups []struct {
		Files   map[string]string
		Channel map[string]string
		URL     map[string]string
	}
	readJSON(t, "corpus.json", &groups)
	texts := 0
	for _, g := range groups {
		s, err := channel.Load(prefixWith(g.Files), "p")
		if err != nil {
			t.Fatal(err)
		}
		got, want := make(map[string]string), make(map[string]string)
		for text, name := range g.Channel {
			want["channel "+text] = name
			got["channel "+text] = outcome(s.Name(text))
		}
		for text, name := range g.URL {
			want["url "+text] = name
			got["url "+text] = outcome(s.NameFromURL(text))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("names with settings %q (-want +got):\n%s", g.Files, diff)
		}
		texts += len(want)
	}
	if texts < 50 {
		t.Errorf("only %d texts", texts)
	}
}

func outcome(name string, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return name
}

// vector is a set of configuration files with conda's answers.
type vector struct {
	Files  map[string]string
	Breaks bool
	Rows   [][]any
	Cycles *bool
	Solver bool
	Subdir *string
}

// Odd texts and configuration files give what they give in conda.
func TestVectors(t *testing.T) {
	var vectors []vector
	readJSON(t, "vectors.json", &vectors)
	rows := 0
	for _, v := range vectors {
		s, err := channel.Load(prefixWith(v.Files), "p")
		if (err != nil) != v.Breaks {
			t.Errorf("Load with %q: error %v, conda breaks: %t", v.Files, err, v.Breaks)
			continue
		}
		if v.Breaks {
			continue
		}
		checkSwitches(t, s, v)
		for _, row := range v.Rows {
			rows++
			text := row[0].(string)
			for name, read := range map[string]func(string) (*channel.Channel, error){"Channel": s.Channel, "ChannelFromURL": s.ChannelFromURL} {
				c, err := read(text)
				if diff := cmp.Diff(row, answer(t, s, text, c, err)); diff != "" {
					t.Errorf("%s(%q) with %q: error %v (-want +got):\n%s", name, text, v.Files, err, diff)
				}
			}
		}
	}
	if rows < 900 {
		t.Errorf("only %d rows", rows)
	}
}

// answer writes a channel like a row of vectors.json.
func answer(t *testing.T, s *channel.Settings, text string, c *channel.Channel, err error) []any {
	if err != nil {
		return []any{text}
	}
	elsewhere, err := s.Elsewhere(c)
	if err != nil {
		t.Errorf("Elsewhere(%q): %v", text, err)
	}
	row := []any{text, c.Name(), c.CanonicalName(), nil, nil, elsewhere}
	if url, ok := c.BaseURL(); ok {
		row[3] = url
	}
	if platform, ok := c.Platform(); ok {
		row[4] = platform
	}
	return row
}

// checkSwitches compares the settings that are no texts.
func checkSwitches(t *testing.T, s *channel.Settings, v vector) {
	t.Helper()
	cycles, err := s.AllowCycles()
	if (err != nil) != (v.Cycles == nil) || v.Cycles != nil && cycles != *v.Cycles {
		t.Errorf("AllowCycles with %q = %t, %v", v.Files, cycles, err)
	}
	if err := s.CheckSpecs(); (err == nil) != v.Solver {
		t.Errorf("CheckSpecs with %q = %v", v.Files, err)
	}
	subdir, _, err := s.Subdir(channel.Origin{})
	if (err != nil) != (v.Subdir == nil) || v.Subdir != nil && *v.Subdir != "linux-64" && subdir != *v.Subdir {
		t.Errorf("Subdir with %q = %q, %v", v.Files, subdir, err)
	}
}

// A text that was recorded is read in the same way by any number of goroutines at once.
func TestConcurrentUse(t *testing.T) {
	var vectors []vector
	readJSON(t, "vectors.json", &vectors)
	s, err := channel.Load(prefixWith(map[string]string{".condarc": "custom_channels: {none: https://h.example}\n"}), "p")
	if err != nil {
		t.Fatal(err)
	}
	rows := vectors[0].Rows
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			for j := range rows {
				row := rows[(j*7+i*31)%len(rows)]
				name, err := s.NameFromURL(row[0].(string))
				if len(row) > 1 && (err != nil || name != row[1]) || len(row) == 1 && err == nil {
					t.Errorf("NameFromURL(%q) = %q, %v; want %q", row[0], name, err, row[1:])
				}
			}
		})
	}
}
