package manifests_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"kernelindexer/manifests"
)

// Sorted by name (case-folded, then byte order), then source, whatever order
// the packages come in.
func TestSortPackages(t *testing.T) {
	// '.' < '_' < letters in byte order; É and é fold together, after ASCII.
	want := []string{"_libgcc_mutex", "a", "a.b", "a_b", "ABC", "Abc", "abc", "abcd", "r", "R6", "r6", "sf", "zß", "Éa", "éa"}
	var packages []manifests.Package
	for _, name := range want {
		for _, s := range []manifests.Source{manifests.SourceR, manifests.SourceConda, manifests.SourcePython} {
			packages = append(packages, manifests.Package{Name: name, Source: s})
		}
	}
	for range 3 {
		slices.Reverse(packages)
		packages = append(packages[5:], packages[:5]...)
		manifests.SortPackages(packages)
		var names []string
		for i, p := range packages {
			if i%3 == 0 {
				names = append(names, p.Name)
			}
			source := []manifests.Source{manifests.SourceConda, manifests.SourcePython, manifests.SourceR}[i%3]
			if p.Source != source {
				t.Errorf("package %d: source %s, want %s", i, p.Source, source)
			}
		}
		diff(t, "names", want, names)
	}
}

// Encode mends text, sorts, makes a list of no list, and leaves the caller's
// packages alone.
func TestManifestEncodeNormalizes(t *testing.T) {
	m := kernel("R/k\xff/1", "\xed\xa0\x80x", "b 1 r", "a 2\xed\xbf r")
	before := slices.Clone(m.Packages)
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "the caller's packages", before, m.Packages)
	got, err := manifests.DecodeManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	want := kernel("R/k\ufffd/1", "\ufffdx", "a 2\ufffd\ufffd r", "b 1 r") // one for a surrogate, one a byte else
	want.Fingerprint = "v1:R/k\ufffd/1"
	diff(t, "manifest", want, got)

	empty := kernel("R/k/1", "4")
	data, err = empty.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), `"packages": [],`) {
		t.Errorf("no empty list in %s", data)
	}
}

func TestManifestEncodeRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*manifests.Manifest)
		want   string
	}{
		"no kernel name":    {func(m *manifests.Manifest) { m.KernelName = "" }, "kernel_name is empty"},
		"no kernel version": {func(m *manifests.Manifest) { m.KernelVersion = "" }, "kernel_version is empty"},
		"no language":       {func(m *manifests.Manifest) { m.Language = "" }, "language is empty"},
		"slash in a name":   {func(m *manifests.Manifest) { m.KernelName = "a/b" }, "not the name of a directory"},
		"dot":               {func(m *manifests.Manifest) { m.KernelVersion = "." }, "not the name of a directory"},
		"zero byte":         {func(m *manifests.Manifest) { m.Language = "R\x00" }, "not the name of a directory"},
		"no date":           {func(m *manifests.Manifest) { m.IndexedDate = "" }, "indexed_date"},
		"unknown source":    {func(m *manifests.Manifest) { m.Packages[0].Source = "pip" }, "unknown source"},
		"package twice":     {func(m *manifests.Manifest) { m.Packages[1] = m.Packages[0] }, "appears twice from source r"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := kernel("R/pecan/1.9", "4.5.1", "a 1 r", "b 1 r")
			test.change(&m)
			_, err := m.Encode()
			if !errors.Is(err, manifests.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// conda lists a Python distribution whose metadata names none under the empty
// name, and two names may become one when they are mended.
func TestManifestKeepsWhatCondaLists(t *testing.T) {
	m := kernel("Python/odd/1", "3.12", "a 1 python")
	m.Packages = append(m.Packages,
		manifests.Package{Version: "1.0", Source: "python", Build: "pypi_0", Channel: "pypi"},
		manifests.Package{Name: "x\xff", Version: "2", Source: "python"},
		manifests.Package{Name: "x\xfe", Version: "1", Source: "python"},
		manifests.Package{Name: "y\xff", Version: "1", Source: "python"},
		manifests.Package{Name: "y\xfe", Version: "1", Source: "python"})
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := manifests.DecodeManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "packages", []manifests.Package{
		{Version: "1.0", Source: "python", Build: "pypi_0", Channel: "pypi"},
		{Name: "a", Version: "1", Source: "python"},
		{Name: "x\ufffd", Version: "1", Source: "python"},
		{Name: "x\ufffd", Version: "2", Source: "python"},
		{Name: "y\ufffd", Version: "1", Source: "python"},
	}, got.Packages)
	if collated, index, _ := collate(t, entries(m), testTime); !strings.Contains(index, `{"name":"","kernel_count":1,`) {
		t.Errorf("the empty name is not indexed:\n%s\n%s", collated, index)
	}
}

// The fingerprint decides which rules a manifest is held to.
func TestDecodeManifestOfTheOriginal(t *testing.T) {
	const original = `{
  "description": "documented by the original", "kernel_name": "k", "kernel_version": "1", "language": "R",
  "language_version": "unknown", "extra": {"a": [1, {"b": null}]}, "indexed_date": "2025-11-20T21:11:32Z",
  "packages": [
    {"name": "zoo", "version": null, "source": "r", "priority": "NA"},
    {"name": "zoo", "version": "2", "source": "r"},
    {"name": "abc", "source": "conda"}
  ]}`
	m, err := manifests.DecodeManifest([]byte(original))
	if err != nil {
		t.Fatal(err)
	}
	want := manifests.Manifest{
		KernelName: "k", KernelVersion: "1", Language: "R", LanguageVersion: "unknown",
		IndexedDate: "2025-11-20T21:11:32Z",
		Packages: []manifests.Package{
			{Name: "zoo", Source: "r"}, {Name: "zoo", Version: "2", Source: "r"}, {Name: "abc", Source: "conda"},
		},
		KernelInfo: manifests.KernelInfo{Description: "documented by the original"},
	}
	diff(t, "manifest", want, m)

	ours := strings.Replace(original, `"extra"`, `"fingerprint": "x", "extra"`, 1)
	if _, err := manifests.DecodeManifest([]byte(ours)); !errors.Is(err, manifests.ErrInvalid) {
		t.Errorf("with a fingerprint: %v", err)
	}
}

func TestDecodeManifestRefuses(t *testing.T) {
	good, err := kernel("R/pecan/1.9", "4.5.1", "a 1 r").Encode()
	if err != nil {
		t.Fatal(err)
	}
	edit := func(from, to string) string { return strings.Replace(string(good), from, to, 1) }
	tests := map[string]string{
		"nothing":            "",
		"null":               "null",
		"an array":           "[]",
		"truncated":          string(good[:len(good)-3]),
		"two documents":      string(good) + string(good),
		"byte order mark":    "\ufeff" + string(good),
		"bytes, not UTF-8":   edit("4.5.1", "4.5.\xff"),
		"lone surrogate":     edit("4.5.1", `\ud800`),
		"key twice":          edit(`"version"`, `"name": "b", "version"`),
		"number for text":    edit(`"4.5.1"`, `4.5`),
		"packages an object": edit(`[`, `{`),
		"package a string":   edit(`"packages": [`, `"packages": ["x",`),
		"control character":  edit("4.5.1", "4\n5"),
		"comment":            edit("{", "{ // hello\n"),
		"trailing comma":     edit(`"fingerprint": "v1:R/pecan/1.9"`, `"fingerprint": "v1:R/pecan/1.9",`),
		"deep nesting":       edit(`"packages"`, `"x": `+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+`, "packages"`),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			if data == string(good) {
				t.Fatal("nothing was changed")
			}
			if _, err := manifests.DecodeManifest([]byte(data)); !errors.Is(err, manifests.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What is no regular file is never opened: a FIFO would wait for ever.
func TestReadManifestOpensRegularFilesOnly(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]error{
		"fifo": manifests.ErrInvalid, ".": manifests.ErrInvalid, "nothing": fs.ErrNotExist,
	} {
		if _, err := manifests.ReadManifest(os.DirFS(dir), name); !errors.Is(err, kind) {
			t.Errorf("%s: got %v, want %v", name, err, kind)
		}
	}
}

func TestReadManifestRefusesAHugeFile(t *testing.T) {
	fsys := fstest.MapFS{"m": {Data: make([]byte, manifests.MaxManifestBytes+1)}}
	if _, err := manifests.ReadManifest(fsys, "m"); !errors.Is(err, manifests.ErrInvalid) || !strings.Contains(err.Error(), "larger") {
		t.Errorf("got %v", err)
	}
}

func TestReadManifestHead(t *testing.T) {
	m := kernel("R/a \"b\"\n{\n  c/1.9", "4.5.1", "a 1 r", "b 1 r")
	m.Packages[0].Version = "1\n    {"
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{"m": {Data: data}, "cut": {Data: data[:len(data)-3]}, "array": {Data: []byte("[]")}}
	got, err := manifests.ReadManifestHead(fsys, "m")
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "head", manifests.ManifestHead{Key: m.Key(), Fingerprint: m.Fingerprint, Packages: 2}, got)
	for name, kind := range map[string]error{"cut": manifests.ErrInvalid, "array": manifests.ErrInvalid, "none": fs.ErrNotExist} {
		if _, err := manifests.ReadManifestHead(fsys, name); !errors.Is(err, kind) {
			t.Errorf("%s: got %v, want %v", name, err, kind)
		}
	}
}
