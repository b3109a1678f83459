package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"kernelindexer/manifests"
)

// names reads all names of a document.
func names(document string) (found [][]string, err error) {
	fsys := fstest.MapFS{"d": {Data: []byte(document), Mode: 0o444}}
	err = eachElement(manifests.Location{FS: fsys, Name: "d"}, packagesMember, func(dec *jsontext.Decoder) error {
		f, err := texts(dec, "name", "version")
		if err == nil {
			found = append(found, f)
		}
		return err
	})
	return found, err
}

func TestStreamTakesAnyShapeOfADocument(t *testing.T) {
	tests := map[string]struct {
		document string
		want     [][]string
		invalid  bool
	}{
		"ours":         {`{"generation":"g","packages":[{"name":"a","kernels":[{"name":"no"}],"version":"1"},{"name":"b"}]}`, [][]string{{"a", "1"}, {"b", ""}}, false},
		"header last":  {`{ "packages" : [ {"version":"1", "name":"a"} ], "indexed_date": {"packages": [1]} }`, [][]string{{"a", "1"}}, false},
		"no string":    {`{"packages":[{"name":1,"version":["a"]}]}`, [][]string{{"", ""}}, false},
		"none":         {`{"other":[]}`, nil, false},
		"no array":     {`{"packages":{}}`, nil, true},
		"no object":    {`[]`, nil, true},
		"no elements":  {`{"packages":[1]}`, nil, true},
		"cut":          {`{"packages":[{"name":"a"},`, [][]string{{"a", ""}}, true},
		"cut at start": {``, nil, true},
		"no JSON":      {`{"packages":[}`, nil, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := names(test.document)
			if errors.Is(err, manifests.ErrInvalid) != test.invalid {
				t.Errorf("error %v", err)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestStreamOpensRegularFilesOnly(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	err := eachElement(manifests.Location{FS: os.DirFS(dir), Name: "d"}, packagesMember, nil)
	if !errors.Is(err, manifests.ErrInvalid) {
		t.Errorf("error %v", err)
	}
}

func TestGenerationOfTheHead(t *testing.T) {
	tests := map[string]struct {
		document, want string
		fails          bool
	}{
		"ours":     {`{"indexed_date":"x","generation":"g","packages":[`, "g", false},
		"original": {`{"indexed_date":"x","packages":[],"generation":"g"}`, "", false},
		"empty":    {`{}`, "", false},
		"cut":      {`{"indexed_date":`, "", true},
		"array":    {`[]`, "", true},
	}
	for name, test := range tests {
		path := filepath.Join(t.TempDir(), "d")
		if err := os.WriteFile(path, []byte(test.document), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := generationOf(path)
		if got != test.want || (err != nil) != test.fails {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// FuzzStream: whatever a document is, reading it ends, and with ErrInvalid or without an error.
func FuzzStream(f *testing.F) {
	f.Add(`{"generation":"g","packages":[{"name":"a","kernels":[{"name":"no"}],"version":"1"},{"name":"b"}]}`)
	f.Add(`{"packages":[{"name":"a"},`)
	f.Add(`{"packages":[1,[],{}]}`)
	f.Fuzz(func(t *testing.T, document string) {
		if _, err := names(document); err != nil && !errors.Is(err, manifests.ErrInvalid) {
			t.Error(err)
		}
	})
}
