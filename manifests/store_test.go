package manifests_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"kernelindexer/manifests"
)

// writtenStore publishes the good store in a directory, as a run would, and
// returns all its files.
func writtenStore(t *testing.T) *txtar.Archive {
	t.Helper()
	dir := t.TempDir()
	root := openDir(t, dir, manifests.Atomic)
	for _, m := range goodStore() {
		kernelDir := filepath.Join(m.Language, m.KernelName, m.KernelVersion)
		if err := os.MkdirAll(filepath.Join(dir, kernelDir), 0o755); err != nil {
			t.Fatal(err)
		}
		sub, err := root.Sub(kernelDir)
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		if err := sub.WriteManifest(m); err != nil {
			t.Fatal(err)
		}
	}
	sum := publish(t, dir, testTime, goodStore()...)
	status := manifests.Status{
		Start: "2026-01-31T04:00:00Z", End: "2026-01-31T04:05:07Z", Phase: manifests.PhaseCollate, Lister: "conda",
		Kernels: 4, Indexed: 3, Reused: 1, Packages: sum.Rows, Generation: sum.Generation,
	}
	if err := root.WriteStatus(status); err != nil {
		t.Fatal(err)
	}
	var keys []manifests.KernelKey
	for _, m := range goodStore() {
		keys = append(keys, m.Key())
	}
	if err := root.WriteCatalog(manifests.CatalogUpdate{Kernels: keys, HostRoot: "/host/Kernels/"}); err != nil {
		t.Fatal(err)
	}
	ar := &txtar.Archive{Comment: []byte("A store as a run writes it.\n")}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		ar.Files = append(ar.Files, txtar.File{Name: name, Data: data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ar
}

// Every document, to the byte: names, fields and their order, pretty-printed or
// one kernel and one package a line, nothing escaped without need.
func TestGoldenStore(t *testing.T) {
	got := txtar.Format(writtenStore(t))
	golden := filepath.Join("testdata", "good.txtar")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "store", string(want), string(got))
}

// What was read and is written again is the same file.
func TestLoadThenWriteGivesTheSameBytes(t *testing.T) {
	fsys, _ := readStore(t, "good.txtar")
	for name, f := range fsys {
		if filepath.Base(name) != manifests.PackageManifestName {
			continue
		}
		m, err := manifests.ReadManifest(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		diff(t, name, string(f.Data), string(got))
	}
	var es []manifests.Entry
	c, x := manifests.PairIn(fsys)
	_, err := manifests.LoadPair(context.Background(), c, x, func(e manifests.Entry) error {
		es = append(es, e)
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	collated, index, _ := collate(t, func(yield func(manifests.Entry, error) bool) {
		for _, e := range es {
			if !yield(e, nil) {
				return
			}
		}
	}, testTime)
	diff(t, c.Name, string(fsys[c.Name].Data), collated)
	diff(t, x.Name, string(fsys[x.Name].Data), index)
	status, err := manifests.ReadStatus(fsys)
	if err != nil {
		t.Fatal(err)
	}
	data, err := status.Encode()
	if err != nil {
		t.Fatal(err)
	}
	diff(t, manifests.StatusName, string(fsys[manifests.StatusName].Data), string(data))
}

// validate runs all checks and returns everything that was said.
func validate(t *testing.T, names ...string) (manifests.Summary, string, error) {
	t.Helper()
	fsys, _ := readStore(t, names...)
	c, x := manifests.PairIn(fsys)
	var said []string
	sum, err := manifests.ValidateStore(context.Background(), c, x, fsys, func(err error) {
		said = append(said, err.Error())
	})
	return sum, strings.Join(said, "\n"), err
}

func TestValidateStoreAcceptsTheGoodStore(t *testing.T) {
	sum, said, err := validate(t, "good.txtar")
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	want := manifests.Summary{Kernels: 4, Rows: 9, Packages: 7, Generation: sum.Generation}
	diff(t, "summary", want, sum)
	if sum.Generation == "" {
		t.Error("no generation")
	}
}

// A run that failed has written some manifests anew and published no pair.
func TestValidateStoreCountsNewerManifests(t *testing.T) {
	fsys, _ := readStore(t, "good.txtar")
	name := manifests.ManifestPath(manifests.KernelKey{Language: "R", Name: "pecan", Version: "1.9"})
	m, err := manifests.ReadManifest(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	write := func(date string) (newer int, err error) {
		m.IndexedDate = date
		data, encodeErr := m.Encode()
		if encodeErr != nil {
			t.Fatal(encodeErr)
		}
		fsys[name] = &fstest.MapFile{Data: data}
		c, x := manifests.PairIn(fsys)
		sum, err := manifests.ValidateStore(t.Context(), c, x, fsys, func(error) {})
		return sum.Newer, err
	}
	if newer, err := write("2026-02-01T00:00:00Z"); err != nil || newer != 1 {
		t.Errorf("newer: %d, %v", newer, err)
	}
	if _, err := write("2026-01-01T00:00:00Z"); !errors.Is(err, manifests.ErrInvalid) {
		t.Errorf("older: %v", err)
	}
}

// The original: pretty-printed, no generation, R packages before conda, kernels
// and versions in directory order, other dates in the two files, extra fields.
func TestValidateStoreAcceptsTheOriginal(t *testing.T) {
	sum, said, err := validate(t, "original.txtar")
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	diff(t, "summary", manifests.Summary{Kernels: 3, Rows: 7, Packages: 6}, sum)
}

// Each twin of the good store (or of the original) has one defect, and its
// comment says what has to be said about it.
func TestValidateStoreRefusesBrokenTwins(t *testing.T) {
	for _, base := range []string{"good", "original"} {
		twins, err := filepath.Glob(filepath.Join("testdata", base+"-*.txtar"))
		if err != nil || len(twins) == 0 {
			t.Fatalf("no twins of %s: %v", base, err)
		}
		for _, twin := range twins {
			name := filepath.Base(twin)
			t.Run(strings.TrimSuffix(name, ".txtar"), func(t *testing.T) {
				_, comment := readStore(t, name)
				_, said, err := validate(t, base+".txtar", name)
				if err == nil {
					t.Fatal("accepted")
				}
				_, want, ok := strings.Cut(strings.TrimSpace(comment), "error: ")
				if !ok {
					t.Fatal("the comment has no line with the error")
				}
				if all := said + "\n" + err.Error(); !strings.Contains(all, want) {
					t.Errorf("got %s, want %q", all, want)
				}
				kind := manifests.ErrInvalid
				if strings.HasPrefix(want, manifests.ErrMismatch.Error()) {
					kind = manifests.ErrMismatch
				}
				if strings.HasSuffix(want, "file does not exist") {
					kind = nil // an error of the file system, or reported among the problems
				}
				if kind != nil && !errors.Is(err, kind) {
					t.Errorf("got %v, want kind %v", err, kind)
				}
			})
		}
	}
}
