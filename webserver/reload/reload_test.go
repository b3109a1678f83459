package reload_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
	"kernelindexer/webserver/reload"

	"github.com/google/go-cmp/cmp"
)

var allKernels = catalog.Filter{}

// The pair that is there at the start is served after the first look.
func TestServedFromTheStart(t *testing.T) {
	for name, p := range map[string]texts{"ours": pairOf(t, "1.0"), "original": originalPair("1.0")} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			s.publish(p)
			r := s.start()
			r.serves("1.0", p)
			state := r.State()
			if state.Loads != 1 || state.Success.IsZero() || !state.Success.Equal(r.Current().Loaded) {
				t.Errorf("state %+v", state)
			}
		})
	}
}

// Files that are absent at the start are served when they appear; what is
// missing is said as the original said it.
func TestAbsentAtStart(t *testing.T) {
	s := newStore(t)
	r := s.start()
	if r.Current() != nil {
		t.Fatal("something is served")
	}
	missing := func(doc reload.Document) string { return "\n  - Required file not found: " + s.paths()[doc] }
	bad := r.refuses()
	diff(t, "text", "Failed to load required data files:"+missing(reload.Collated)+missing(reload.Index), bad.Error())
	diff(t, "public", "collated_manifests.json: no such file or directory; package_index.json: no such file or directory", bad.Public())

	p := pairOf(t, "1.0")
	s.replace(reload.Index, p[reload.Index])
	diff(t, "text", "Failed to load required data files:"+missing(reload.Collated), r.refuses().Error())
	s.replace(reload.Collated, p[reload.Collated])
	r.serves("1.0", p)
}

// Whole directories that are absent at the start are watched when they appear.
func TestDirectoriesAbsentAtStart(t *testing.T) {
	s := newStore(t)
	parent := filepath.Dir(filepath.Dir(s.config.Collated))
	s.config.Collated = filepath.Join(parent, "a/b/c/all.json")
	s.config.Index = filepath.Join(parent, "x/index.json")
	r := s.start()
	p := pairOf(t, "1.0")
	s.mkdirs()
	s.publish(p)
	r.serves("1.0", p)
}

// The documents may be in different directories under any names; an event in
// either is enough.
func TestDifferentDirectories(t *testing.T) {
	s := newStore(t)
	s.config.Index = filepath.Join(t.TempDir(), "packages.json")
	one, two := originalPair("1.0"), originalPair("2.0")
	s.publish(one)
	r := s.start()
	r.serves("1.0", one)
	s.replace(reload.Collated, two[reload.Collated])
	r.eventually("the collated file", func() bool { return served(r.Current()) == "2.0" })
	s.replace(reload.Index, two[reload.Index])
	r.eventually("the index", func() bool { return r.read(reload.Index) == two[reload.Index] })
	r.serves("2.0", two)
}

// Where no events come, as from other clients of a network file system, a new
// pair is found at the next interval.
func TestPolling(t *testing.T) {
	s := newStore(t)
	s.config.Interval = 20 * time.Millisecond
	r := s.start((*reload.Reloader).SetBlind)
	for _, version := range []string{"1.0", "2.0"} {
		p := pairOf(t, version)
		s.publish(p)
		r.serves(version, p)
	}
}

// Files that differ in nothing but their content are seen to be new, as when a
// program copies and then puts size and time as they were.
func TestSameSizeAndTime(t *testing.T) {
	for name, put := range map[string]func(path, text string) error{
		"replaced": func(path, text string) error {
			return errors.Join(os.WriteFile(path+".new", []byte(text), 0o644), os.Rename(path+".new", path))
		},
		"overwritten": func(path, text string) error { return os.WriteFile(path, []byte(text), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			s.config.Interval = time.Millisecond
			one, two := pairOf(t, "1.0"), pairOf(t, "2.0")
			s.publish(one)
			r := s.start((*reload.Reloader).SetBlind)
			for doc, path := range s.paths() {
				info, err := os.Stat(path)
				if err != nil || info.Size() != int64(len(two[doc])) {
					t.Fatalf("not of one size: %v", err)
				}
				if err := put(path, two[doc]); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
					t.Fatal(err)
				}
			}
			r.serves("2.0", two)
		})
	}
}

// The usual publication, by the indexer's own code, many times: every view is of
// one generation, and the last is served.
func TestPublishedByTheIndexer(t *testing.T) {
	s := newStore(t)
	r := s.start()
	dir, err := manifests.OpenDir(filepath.Dir(s.config.Collated), manifests.Atomic)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	for i := range 20 {
		version := fmt.Sprintf("1.%d", i)
		_, err := dir.Publish(t.Context(), entries(version, 3), testTime, manifests.Publication{
			Collated: manifests.CollatedName, Index: manifests.PackageIndexName,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	r.serves("1.19", pairOfMany(t, "1.19", 3))
	if state := r.State(); state.Failures > 2 { // it looked before there was anything, or only the index
		t.Errorf("state %+v", state)
	}
}

// A publication that was killed between its renames left the old index under its
// second name: the old pair is served, also by a server that starts then, and
// the new one when a later run has completed it.
func TestPublicationHalfway(t *testing.T) {
	s := newStore(t)
	one, two := pairOf(t, "1.0"), pairOf(t, "2.0")
	s.publish(one)
	running := s.start()
	second := filepath.Join(filepath.Dir(s.config.Index), ".package_index.json.previous")
	if err := os.Link(s.config.Index, second); err != nil {
		t.Fatal(err)
	}
	s.replace(reload.Index, two[reload.Index])
	running.refresh()
	started := s.start()
	for _, r := range []*runner{running, started} {
		r.serves("1.0", one)
	}
	s.replace(reload.Collated, two[reload.Collated])
	for _, r := range []*runner{running, started} {
		r.serves("2.0", two)
	}
}

// A mixed pair is not taken and is tried again without end and without haste;
// when it is completed, it is served.
func TestMixedPair(t *testing.T) {
	s := newStore(t)
	s.config.Interval = 100 * time.Millisecond
	one, two := pairOf(t, "1.0"), pairOf(t, "2.0")
	s.publish(one)
	r := s.start()
	s.replace(reload.Index, two[reload.Index])
	bad := r.refuses()
	if !errors.Is(bad, manifests.ErrMismatch) || len(bad.Files) != 0 {
		t.Errorf("error %v", bad)
	}
	failures := r.State().Failures
	r.eventually("more attempts", func() bool { return r.State().Failures >= failures+3 })
	r.holds(one)
	s.replace(reload.Collated, two[reload.Collated])
	r.serves("2.0", two)
}

// A document of ours and one of the original are no pair either.
func TestMixedWithTheOriginal(t *testing.T) {
	s := newStore(t)
	s.publish(texts{pairOf(t, "1.0")[0], originalPair("1.0")[1]})
	if bad := s.start().refuses(); !errors.Is(bad, manifests.ErrMismatch) {
		t.Errorf("error %v", bad)
	}
}

// The same content in new files is the same Catalog, whatever was prepared for
// it is still good, and another reading is another time.
func TestSameContentKeepsTheCatalog(t *testing.T) {
	s := newStore(t)
	p := pairOf(t, "1.0")
	s.publish(p)
	r := s.start()
	before := r.Current()
	s.publish(p)
	r.refresh()
	after := r.Current()
	if after.Catalog != before.Catalog || after.Digest != before.Digest || !after.Loaded.After(before.Loaded) {
		t.Errorf("before %+v, after %+v", before, after)
	}
	r.holds(p)
	if _, err := before.Open(reload.Index); !errors.Is(err, reload.ErrReplaced) {
		t.Errorf("old files: %v", err)
	}
}

// The digest names the bytes of both documents: dates and each file count, the
// way to the files does not.
func TestDigest(t *testing.T) {
	one := pairOf(t, "1.0")
	other := one
	other[reload.Index] += "\n"
	digests := map[string]string{}
	for name, p := range map[string]texts{"one": one, "again": one, "other": other} {
		s := newStore(t)
		s.publish(p)
		digests[name] = s.start().Current().Digest
	}
	if d := digests["one"]; len(d) != 32 || d != digests["again"] || d == digests["other"] {
		t.Errorf("digests %v", digests)
	}
}

// index_status.json is shown with the pair, also when only it is new, and before
// there is a pair at all.
func TestStatus(t *testing.T) {
	s := newStore(t)
	dir := filepath.Dir(s.config.Collated)
	path := filepath.Join(dir, manifests.StatusName)
	write := func(exitCode int, failure string) {
		data, err := manifests.Status{
			Start: "2026-01-31T04:00:00Z", End: "2026-01-31T04:05:06Z", ExitCode: exitCode, Phase: manifests.PhaseIndex, Error: failure,
		}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		replace(t, path, string(data))
	}
	r := s.start()
	shows := func(code int) func() bool {
		return func() bool { status := r.State().Status; return status != nil && status.ExitCode == code }
	}
	if r.State().Status != nil {
		t.Error("a status from nowhere")
	}
	write(4, "no conda-meta")
	r.eventually("the status without a pair", shows(4))
	s.publish(pairOf(t, "1.0"))
	r.eventually("the status with the pair", func() bool { v := r.Current(); return v != nil && v.Status.ExitCode == 4 })
	loads := r.State().Loads
	write(0, "")
	r.eventually("the status alone", func() bool { return r.Current().Status.ExitCode == 0 })
	if r.State().Loads != loads {
		t.Error("the pair was read again because of the status")
	}

	replace(t, path, `{"start": NaN}`)
	r.eventually("a bad status", func() bool { return errors.Is(r.State().StatusErr, manifests.ErrInvalid) })
	if !shows(0)() || r.Current().Status == nil {
		t.Error("the last good status is gone")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.eventually("no status", func() bool {
		state := r.State()
		return state.Status == nil && state.StatusErr == nil && r.Current().Status == nil
	})
	if err := r.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
}

// A view that somebody made by hand has no files.
func TestViewWithoutFiles(t *testing.T) {
	if _, err := (&reload.View{}).Open(reload.Collated); !errors.Is(err, reload.ErrReplaced) {
		t.Errorf("error %v", err)
	}
}

// A document can be read from any place, as ranges are.
func TestFileSeeks(t *testing.T) {
	s := newStore(t)
	p := pairOf(t, "1.0")
	s.publish(p)
	f, err := s.start().Current().Open(reload.Index)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Size() != int64(len(p[reload.Index])) || time.Since(f.ModTime()) > time.Minute {
		t.Errorf("size %d, written %s", f.Size(), f.ModTime())
	}
	if _, err := f.Seek(-10, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(f)
	if err != nil || string(got) != p[reload.Index][len(p[reload.Index])-10:] {
		t.Errorf("read %q, %v", got, err)
	}
}

func diff(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}
