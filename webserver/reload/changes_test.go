package reload_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rs/zerolog"

	"kernelindexer/manifests"
)

// publishWithChanges publishes as the indexer does.
func (s *store) publishWithChanges(version string) {
	s.t.Helper()
	dir, err := manifests.OpenDir(filepath.Dir(s.config.Collated), manifests.Atomic)
	if err != nil {
		s.t.Fatal(err)
	}
	defer dir.Close()
	_, err = dir.PublishWithChanges(s.t.Context(), entries(version, 3), testTime, manifests.ChangeRules{
		Kernels:  func(a, b manifests.KernelKey) int { return strings.Compare(a.String(), b.String()) },
		Versions: strings.Compare, Warn: func(err error) { s.t.Error(err) },
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// runs returns how many runs are known to have led to what is served, -1 if nothing is known of any.
func runs(r *runner) int {
	v := r.Current()
	if v == nil || v.Changes == nil {
		return -1
	}
	return len(v.Changes.Leading(v.Catalog.Generation()))
}

// The changes come with the pair they led to, whenever that is published.
func TestChangesComeWithThePair(t *testing.T) {
	s := newStore(t)
	s.publishWithChanges("1.0")
	r := s.start()
	r.serves("1.0", pairOfMany(t, "1.0", 3))
	if n := runs(r); n != 1 {
		t.Errorf("%d runs at the start", n)
	}
	for i, version := range []string{"1.1", "1.2", "1.3"} {
		s.publishWithChanges(version)
		r.serves(version, pairOfMany(t, version, 3))
		if n := runs(r); n != i+2 {
			t.Errorf("%d runs with the pair %s", n, version)
		}
	}
}

// A document that is there before its pair, as a killed run leaves it, shows what was known before.
func TestChangesBeforeTheirPair(t *testing.T) {
	s := newStore(t)
	s.publishWithChanges("1.0")
	r := s.start()
	old := pairOfMany(t, "1.0", 3)
	s.publishWithChanges("1.1")
	r.serves("1.1", pairOfMany(t, "1.1", 3))
	s.publish(old) // only the document of changes is newer
	r.serves("1.0", old)
	if n := runs(r); n != 1 {
		t.Errorf("%d runs lead to the old pair", n)
	}
}

// Missing or bad is as if nothing were known: the pair is served, and the log has one line.
func TestBadChangesStopNothing(t *testing.T) {
	s := newStore(t)
	s.config.Log = zerolog.New(s.log)
	s.publishWithChanges("1.0")
	path := filepath.Join(filepath.Dir(s.config.Collated), manifests.ChangesName)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := s.start()
	loads := r.State().Loads
	for name, spoil := range map[string]func(){
		"garbage": func() { replace(t, path, "\x00{") },
		"a FIFO": func() {
			if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o644)); err != nil {
				t.Fatal(err)
			}
		},
		"a directory": func() {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o755)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		replace(t, path, string(good))
		r.eventually("good changes", func() bool { return runs(r) == 1 && r.State().ChangesErr == nil })
		spoil()
		r.eventually(name, func() bool { return runs(r) == -1 && errors.Is(r.State().ChangesErr, manifests.ErrInvalid) })
	}
	replace(t, path, "{}")
	r.eventually("another fault", func() bool { return runs(r) == -1 && strings.Contains(r.State().ChangesErr.Error(), "runs") })
	if r.State().Loads != loads {
		t.Error("the pair was read again because of the changes")
	}
	replace(t, path, "{}")
	s.publish(pairOfMany(t, "1.1", 3))
	r.serves("1.1", pairOfMany(t, "1.1", 3))
	if n := strings.Count(s.log.String(), "no runs array"); n != 1 {
		t.Errorf("%d lines of one problem:\n%s", n, s.log)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.eventually("no changes, no problem", func() bool { return runs(r) == -1 && r.State().ChangesErr == nil })
}

// What cannot be read just now is believed to be what it was.
func TestChangesOutlastTheFileSystem(t *testing.T) {
	s := newStore(t)
	s.publishWithChanges("1.0")
	f := &faulty{}
	r := s.start(f.use)
	f.set(func(op, path string) error {
		if op == "read" && strings.HasSuffix(path, manifests.ChangesName) {
			return syscall.EIO
		}
		return nil
	})
	r.refresh()
	if err := r.State().ChangesErr; runs(r) != 1 || !errors.Is(err, syscall.EIO) {
		t.Errorf("%d runs, error %v", runs(r), err)
	}
	f.set(nil)
	r.refresh()
	if err := r.State().ChangesErr; runs(r) != 1 || err != nil {
		t.Errorf("%d runs, error %v", runs(r), err)
	}
}

// The same changes stay the same, so that what was made of them holds.
func TestSameChangesStayTheSame(t *testing.T) {
	s := newStore(t)
	s.publishWithChanges("1.0")
	r := s.start()
	before := r.Current().Changes
	r.refresh()
	if r.Current().Changes != before || before == nil {
		t.Error("read anew")
	}
}
