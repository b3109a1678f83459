package manifests_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kernelindexer/manifests"
)

// byText orders versions for these tests, where texts of one length are enough.
func byText(a, b string) int { return cmp.Compare(a, b) }

func byKey(a, b manifests.KernelKey) int {
	return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
}

// publishChanges publishes kernels, sorted, and returns what was warned of.
func publishChanges(t testing.TB, dir string, mode manifests.WriteMode, now time.Time, ms ...manifests.Manifest) (warned []string) {
	t.Helper()
	slices.SortFunc(ms, func(a, b manifests.Manifest) int { return byKey(a.Key(), b.Key()) })
	rules := manifests.ChangeRules{
		Kernels: byKey, Versions: byText,
		Warn: func(err error) { warned = append(warned, err.Error()) },
	}
	if _, err := openDir(t, dir, mode).PublishWithChanges(t.Context(), entries(ms...), now, rules); err != nil {
		t.Fatal(err)
	}
	c, x := manifests.PairIn(os.DirFS(dir))
	if _, err := manifests.ValidateStore(t.Context(), c, x, nil, func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	return warned
}

// quietly is publishChanges where nothing may be wrong.
func quietly(t testing.TB, dir string, now time.Time, ms ...manifests.Manifest) {
	t.Helper()
	if warned := publishChanges(t, dir, manifests.Atomic, now, ms...); warned != nil {
		t.Fatalf("warned of %q", warned)
	}
}

func readChanges(t testing.TB, dir string) manifests.Changes {
	t.Helper()
	c, err := manifests.ReadChanges(manifests.Location{FS: os.DirFS(dir), Name: manifests.ChangesName})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// later is the time of the nth run.
func later(n int) time.Time { return testTime.Add(time.Duration(n) * time.Hour) }

func with(m manifests.Manifest, change func(*manifests.Manifest)) manifests.Manifest {
	change(&m)
	return m
}

// brief says what a run did in a line each.
func brief(r manifests.Run) []string {
	lines := []string{fmt.Sprintf("%d kernels: %d added, %d removed, %d changed", r.TotalKernels, r.AddedCount, r.RemovedCount, r.ChangedCount)}
	for _, k := range r.Added {
		lines = append(lines, fmt.Sprintf("+ %s %d", k.KernelKey, k.PackageCount))
	}
	for _, k := range r.Removed {
		lines = append(lines, "- "+k.String())
	}
	for _, k := range r.Changed {
		n := k.Counts
		lines = append(lines, fmt.Sprintf("~ %s %s>%s info=%v +%d -%d ~%d =%d", k.KernelKey,
			k.LanguageVersion.Before, k.LanguageVersion.After, k.InfoChanged, n.Added, n.Removed, n.Changed, n.Same))
		for _, p := range k.Packages {
			lines = append(lines, fmt.Sprintf("  %s %s(%s) %s>%s", p.Change, p.Name, p.Source, p.Before, p.After))
		}
	}
	return lines
}

// The first index adds everything; a later one says what it changed, and that a
// kernel was indexed again is no change.
func TestRunsSayWhatTheyChanged(t *testing.T) {
	dir := t.TempDir()
	gone, same := kernel("Python/gone/1", "3", "a 1 python"), kernel("R/same/1", "4", "a 1 r")
	dup := kernel("R/dup/1", "4", "a 1 r", "a 2 r", "a 9 conda h c")
	quietly(t, dir, later(0), gone, same, dup, kernel("R/pkgs/1", "4.4", "a 1 r", "B 2 r", "c 1 r", "d 1 conda h c"),
		kernel("R/language/1", "4.4", "a 1 r"), kernel("R/said/1", "4", "a 1 r"))
	first := readChanges(t, dir)
	diff(t, "first", []string{
		"6 kernels: 6 added, 0 removed, 0 changed",
		"+ Python/gone/1 1", "+ R/dup/1 3", "+ R/language/1 1", "+ R/pkgs/1 4", "+ R/said/1 1", "+ R/same/1 1",
	}, brief(first.Runs[0]))
	same.IndexedDate, same.Fingerprint = "2026-02-01T04:00:00Z", "v1:another"
	quietly(t, dir, later(1), same, kernel("R/aaa/1", "4"), kernel("R/zzz/1", "4", "x 1 r"),
		kernel("R/dup/1", "4", "a 2 r", "a 3 r", "a 4 r", "a 9 conda h d"),
		kernel("R/pkgs/1", "4.4", "a 2 r", "B 2 r", "d 1 r", "e 1 r"), kernel("R/language/1", "4.5", "a 1 r"),
		with(kernel("R/said/1", "4", "a 1 r"), func(m *manifests.Manifest) { m.Deprecated = true }))
	got := readChanges(t, dir)
	diff(t, "second", []string{
		"7 kernels: 2 added, 1 removed, 4 changed",
		"+ R/aaa/1 0", "+ R/zzz/1 1",
		"- Python/gone/1",
		"~ R/dup/1 4>4 info=false +1 -0 ~2 =1", "  changed a(conda) 9>9", "  changed a(r) 1>3", "  added a(r) >4",
		"~ R/language/1 4.4>4.5 info=false +0 -0 ~0 =1",
		"~ R/pkgs/1 4.4>4.4 info=false +2 -2 ~1 =1",
		"  changed a(r) 1>2", "  removed c(r) 1>", "  removed d(conda) 1>", "  added d(r) >1", "  added e(r) >1",
		"~ R/said/1 4>4 info=true +0 -0 ~0 =1",
	}, brief(got.Runs[0]))
	diff(t, "first, still", first.Runs, got.Runs[1:])
	diff(t, "date", manifests.FormatTime(later(1)), got.Runs[0].IndexedDate)
	diff(t, "gone", []manifests.GoneKernel{{
		KernelKey: gone.Key(), LastSeen: manifests.FormatTime(later(0)), Generation: first.Runs[0].Generation,
	}}, got.Gone)
}

// A run that changes nothing leaves the document as it is, to the byte, and so
// does a document alone.
func TestNothingChangedIsNoRun(t *testing.T) {
	dir := t.TempDir()
	quietly(t, dir, later(0), goodStore()...)
	before := files(t, dir)[manifests.ChangesName]
	touched := goodStore()
	for i := range touched {
		touched[i].IndexedDate, touched[i].Fingerprint = manifests.FormatTime(later(3)), "v1:touched"
	}
	quietly(t, dir, later(3), touched...)
	publish(t, dir, later(4), goodStore()[:1]...)
	diff(t, "document", before, files(t, dir)[manifests.ChangesName])
}

// A kernel that is gone is remembered until it comes back.
func TestKernelGoneAndBack(t *testing.T) {
	dir := t.TempDir()
	a, b, c := kernel("R/a/1", "4"), kernel("R/b/1", "4"), kernel("R/c/1", "4")
	var got [][]manifests.KernelKey
	for n, ms := range [][]manifests.Manifest{{a, b, c}, {a, c}, {a}, {a, b}, {a, b, c}} {
		quietly(t, dir, later(n), ms...)
		keys := []manifests.KernelKey{}
		for _, k := range readChanges(t, dir).Gone {
			keys = append(keys, k.KernelKey)
		}
		got = append(got, keys)
	}
	diff(t, "gone", [][]manifests.KernelKey{{}, {b.Key()}, {c.Key(), b.Key()}, {c.Key()}, {}}, got)
}

// What a killed run wrote and never published is dropped by the next one, and a
// reader who has the pair that is there does not see it.
func TestRunThatWasNeverPublished(t *testing.T) {
	dir := t.TempDir()
	a, b, c := kernel("R/a/1", "4"), kernel("R/b/1", "4"), kernel("R/c/1", "4")
	quietly(t, dir, later(0), a, b)
	quietly(t, dir, later(1), a)
	pair := files(t, dir)
	quietly(t, dir, later(2), c) // killed after its first rename
	for _, name := range []string{manifests.CollatedName, manifests.PackageIndexName} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(pair[name]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	killed := readChanges(t, dir)
	published := killed.Runs[1].Generation
	diff(t, "leading", killed.Runs[1:], killed.Leading(published))
	diff(t, "leading elsewhere", []manifests.Run(nil), killed.Leading(strings.Repeat("0", 32)))
	x, y := manifests.PairIn(os.DirFS(dir))
	if _, err := manifests.ValidateStore(t.Context(), x, y, nil, func(err error) { t.Error(err) }); err != nil {
		t.Error(err)
	}
	quietly(t, dir, later(3), b)
	got := readChanges(t, dir)
	diff(t, "runs", killed.Runs[1:], got.Runs[1:])
	diff(t, "run", []string{"1 kernels: 1 added, 1 removed, 0 changed", "+ R/b/1 0", "- R/a/1"}, brief(got.Runs[0]))
	diff(t, "gone", []manifests.GoneKernel{{a.Key(), manifests.FormatTime(later(1)), published}}, got.Gone)
}

// A document that is none is reported and replaced, also where nothing changed.
func TestDamagedChangesBeginAnew(t *testing.T) {
	for name, damage := range map[string]func(string) error{
		"garbage":    func(p string) error { return os.WriteFile(p, []byte("\x00\xff{"), 0o644) },
		"empty":      func(p string) error { return os.WriteFile(p, nil, 0o644) },
		"cut":        func(p string) error { return os.Truncate(p, 100) },
		"foreign":    func(p string) error { return os.WriteFile(p, []byte(`{"version":2}`), 0o644) },
		"large":      func(p string) error { return os.Truncate(p, manifests.MaxChangesBytes+1) },
		"dead link":  func(p string) error { return errors.Join(os.Remove(p), os.Symlink("nowhere", p)) },
		"loop":       func(p string) error { return errors.Join(os.Remove(p), os.Symlink(filepath.Base(p), p)) },
		"outer link": func(p string) error { return errors.Join(os.Remove(p), os.Symlink("/etc/hostname", p)) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, changed := range []bool{false, true} {
				dir := t.TempDir()
				quietly(t, dir, later(0), kernel("R/a/1", "4"))
				path := filepath.Join(dir, manifests.ChangesName)
				if err := damage(path); err != nil {
					t.Fatal(err)
				}
				next := []manifests.Manifest{kernel("R/a/1", "4")}
				if changed {
					next = append(next, kernel("R/b/1", "4"))
				}
				warned := publishChanges(t, dir, manifests.Atomic, later(1), next...)
				if name == "dead link" {
					if len(warned) != 0 {
						t.Errorf("warned of %q", warned)
					}
					continue // as if it were not there
				}
				if len(warned) != 1 || !strings.Contains(warned[0], "earlier changes are forgotten") {
					t.Errorf("warned of %q", warned)
				}
				if got := readChanges(t, dir); changed && len(got.Runs) != 1 || !changed && len(got.Runs) != 0 {
					t.Errorf("changed %v: %d runs", changed, len(got.Runs))
				}
				quietly(t, dir, later(2), kernel("R/c/1", "4"))
			}
		})
	}
}

// Where the document cannot be put in place, nothing is.
func TestUnwritableChangesStopTheRun(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, later(0), goodStore()...)
	if err := os.MkdirAll(filepath.Join(dir, manifests.ChangesName, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	_, err := openDir(t, dir, manifests.Atomic).PublishWithChanges(t.Context(), entries(kernel("R/a/1", "4")), later(1),
		manifests.ChangeRules{Kernels: byKey, Versions: byText, Warn: func(error) {}})
	if err == nil {
		t.Error("no error")
	}
	diff(t, "files", before, files(t, dir))
}

// A pair that was published without the document is compared with all the same.
func TestPairWithoutChanges(t *testing.T) {
	dir := t.TempDir()
	sum := publish(t, dir, later(0), kernel("R/a/1", "4"))
	quietly(t, dir, later(1), kernel("R/a/1", "4"), kernel("R/b/1", "4"))
	got := readChanges(t, dir)
	if len(got.Runs) != 1 || got.Runs[0].Previous != sum.Generation || got.Runs[0].AddedCount != 1 {
		t.Errorf("got %+v", got)
	}
	// and where one came in between, what led elsewhere goes
	publish(t, dir, later(2), kernel("R/c/1", "4"))
	quietly(t, dir, later(3), kernel("R/d/1", "4"))
	if got = readChanges(t, dir); len(got.Runs) != 1 || got.Runs[0].RemovedCount != 1 {
		t.Errorf("got %+v", got)
	}
}

// In place it is the same document.
func TestChangesInPlace(t *testing.T) {
	atomic, inPlace := t.TempDir(), t.TempDir()
	for n, ms := range [][]manifests.Manifest{goodStore(), goodStore()[1:], goodStore()[:2]} {
		for _, dir := range []string{atomic, inPlace} {
			mode := manifests.Atomic
			if dir == inPlace {
				mode = manifests.InPlace
			}
			if warned := publishChanges(t, dir, mode, later(n), slices.Clone(ms)...); warned != nil {
				t.Errorf("warned of %q", warned)
			}
		}
		diff(t, "files", files(t, atomic), files(t, inPlace))
	}
}

// The document is written as its comment says, and read again as it was.
func TestChangesLayout(t *testing.T) {
	dir := t.TempDir()
	quietly(t, dir, later(0), kernel("R/a/1", "4", "x 1 r"), kernel("R/b/1", "4"))
	quietly(t, dir, later(1), kernel("R/a/1", "4", "x 2 r"))
	data, err := os.ReadFile(filepath.Join(dir, manifests.ChangesName))
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", manifests.ChangesName)
	if *update {
		if err := os.WriteFile(golden, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "document", string(want), string(data))
	c := readChanges(t, dir)
	again, err := c.Encode()
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("written again: %v\n%s", err, again)
	}
	_, err = manifests.ReadChanges(manifests.Location{FS: os.DirFS(t.TempDir()), Name: manifests.ChangesName})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}
