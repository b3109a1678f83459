package manifests_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"kernelindexer/manifests"
)

// switchFS is a directory in which a publication happens between two opens.
type switchFS struct {
	fstest.MapFS
	after int // opens until the publication
	next  fstest.MapFS
	opens *int
}

func (s switchFS) Open(name string) (fs.File, error) {
	*s.opens++
	if *s.opens > s.after {
		return s.next.Open(name)
	}
	return s.MapFS.Open(name)
}

func (s switchFS) Stat(name string) (fs.FileInfo, error) { return s.MapFS.Stat(name) }

func pairFS(t *testing.T, ms ...manifests.Manifest) fstest.MapFS {
	t.Helper()
	collated, index, _ := collate(t, entries(ms...), testTime)
	return fstest.MapFS{
		manifests.CollatedName:     {Data: []byte(collated)},
		manifests.PackageIndexName: {Data: []byte(index)},
	}
}

// A reader that comes between the two renames finds two generations, looks
// again, and gets the new pair.
func TestLoadPairLooksAgain(t *testing.T) {
	old, next := pairFS(t, goodStore()...), pairFS(t, bigStore("2.0")...)
	opens := 0
	fsys := switchFS{old, 1, next, &opens}
	kernels := 0
	pair, err := manifests.LoadPair(t.Context(),
		manifests.Location{FS: fsys, Name: manifests.CollatedName},
		manifests.Location{FS: fsys, Name: manifests.PackageIndexName},
		func(manifests.Entry) error { kernels++; return nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	if kernels != 3 || pair.Collated.TotalKernels != 3 || opens != 4 {
		t.Errorf("%d kernels, header %v, %d opens", kernels, pair.Collated, opens)
	}
}

// A pair that stays mixed (a run was killed between the renames) is a mismatch,
// in either direction, and soon.
func TestLoadPairMismatch(t *testing.T) {
	a, b := pairFS(t, goodStore()...), pairFS(t, bigStore("2.0")...)
	original, _ := readStore(t, "original.txtar")
	stores := map[string]fstest.MapFS{"a": a, "b": b, "original": original}
	for nameC, storeC := range stores {
		for nameX, storeX := range stores {
			c, _ := manifests.PairIn(storeC)
			_, x := manifests.PairIn(storeX)
			start := time.Now()
			_, err := manifests.LoadPair(t.Context(), c, x, nil, nil)
			if nameC == nameX && err != nil {
				t.Errorf("%s with itself: %v", nameC, err)
			}
			if nameC != nameX && !errors.Is(err, manifests.ErrMismatch) {
				t.Errorf("%s with %s: %v", nameC, nameX, err)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%s with %s took %v", nameC, nameX, took)
			}
		}
	}
}

func TestLoadPairStops(t *testing.T) {
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interrupted)
	c, x := manifests.PairIn(pairFS(t, goodStore()...))
	if _, err := manifests.LoadPair(ctx, c, x, nil, nil); !errors.Is(err, interrupted) {
		t.Errorf("a pair: %v", err)
	}
	_, other := manifests.PairIn(pairFS(t, bigStore("1")...))
	if _, err := manifests.LoadPair(ctx, c, other, nil, nil); !errors.Is(err, interrupted) {
		t.Errorf("not a pair: %v", err)
	}
	broken := errors.New("broken")
	_, err := manifests.LoadPair(t.Context(), c, x, nil, func(manifests.PackageEntry) error { return broken })
	if !errors.Is(err, broken) || errors.Is(err, manifests.ErrInvalid) {
		t.Errorf("callback: %v", err)
	}
}

// Documents need not be in one directory, and only regular files are opened.
func TestLoadPairFromTwoPlaces(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	publish(t, a, testTime, goodStore()...)
	if err := os.Rename(filepath.Join(a, manifests.PackageIndexName), filepath.Join(b, "other.json")); err != nil {
		t.Fatal(err)
	}
	c := manifests.Location{FS: os.DirFS(a), Name: manifests.CollatedName}
	x := manifests.Location{FS: os.DirFS(b), Name: "other.json"}
	if _, err := manifests.LoadPair(t.Context(), c, x, nil, nil); err != nil {
		t.Error(err)
	}
	if _, err := manifests.LoadPair(t.Context(), c, manifests.Location{FS: os.DirFS(a), Name: "other.json"}, nil, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if err := syscall.Mkfifo(filepath.Join(b, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := manifests.LoadPair(t.Context(), c, manifests.Location{FS: os.DirFS(b), Name: "fifo"}, nil, nil); !errors.Is(err, manifests.ErrInvalid) {
		t.Errorf("fifo: %v", err)
	}
}

// Kernels come before packages, both in the order of the files.
func TestLoadPairHandsOverInOrder(t *testing.T) {
	c, x := manifests.PairIn(pairFS(t, goodStore()...))
	var got []string
	_, err := manifests.LoadPair(t.Context(), c, x,
		func(e manifests.Entry) error { got = append(got, e.Key().String()); return nil },
		func(p manifests.PackageEntry) error { got = append(got, p.Name); return nil })
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "order", []string{
		"Python/astro/1.0", "Python/empty/1.0", "R/pecan/1.9", "R/pecan/1.10",
		"NumPy", "Rcpp", "_libgcc_mutex", "astropy", "openssl", "r-sf", "sf",
	}, got)
}

// An entry is the callee's to keep: later ones do not write into it.
func TestEntriesCanBeKept(t *testing.T) {
	c, x := manifests.PairIn(pairFS(t, goodStore()...))
	var kept []manifests.Entry
	var rows []manifests.PackageEntry
	_, err := manifests.LoadPair(t.Context(), c, x,
		func(e manifests.Entry) error { kept = append(kept, e); return nil },
		func(p manifests.PackageEntry) error { rows = append(rows, p); return nil })
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range goodStore() {
		diff(t, "entry", manifests.NewEntry(m), kept[i])
	}
	index := &bytes.Buffer{}
	for _, p := range rows {
		for _, k := range p.Kernels {
			index.WriteString(p.Name + " " + k.PackageVersion + " " + k.Key().String() + "\n")
		}
	}
	diff(t, "rows", strings.TrimLeft(`
NumPy 2.3.1 Python/astro/1.0
Rcpp 1.0.14 R/pecan/1.9
_libgcc_mutex 0.1 Python/astro/1.0
astropy 7.1.0 Python/astro/1.0
openssl 3.5.1 R/pecan/1.9
openssl 2.3.3 R/pecan/1.9
r-sf 1.0_21 R/pecan/1.10
sf 1.0-20 R/pecan/1.9
sf 1.0-21 R/pecan/1.10
`, "\n"), index.String())
}
