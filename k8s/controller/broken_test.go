package controller_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/controller"
	"kernelindexer/k8s/process"
)

// stops dies before an action.
type stops struct{ kind process.ActionKind }

func (s stops) Before(_ controller.Key, kind process.ActionKind) error {
	if kind == s.kind {
		return errCrash
	}
	return nil
}

func (s stops) After(controller.Key, process.ActionKind) error { return nil }

// A chunk or the end of a log that cannot be read, as after a disk has failed, costs the run lines and time, not its end.
func TestRunWithADamagedLogEndsAllTheSame(t *testing.T) {
	for _, damaged := range []string{".ndjson", "end.json"} {
		dir := filepath.Join(t.TempDir(), "archive")
		synctest.Test(t, func(t *testing.T) {
			store, err := archive.Open(t.Context(), "file://"+dir)
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			cluster := newSim()
			if damaged == "end.json" {
				err = works(t, cluster, store, controller.Options{Failpoint: stops{process.ActArchive}}, time.Hour, "commands")
				if !errors.Is(err, errCrash) {
					t.Fatalf("the loop did not die: %v", err)
				}
			} else if err := works(t, cluster, store, controller.Options{}, 8*time.Second, "commands"); err != nil {
				t.Fatal(err)
			}
			damage(t, dir, damaged)
			began := time.Now()
			var told atomic.Int32
			options := controller.Options{Failed: func(controller.Key, error) { told.Add(1) }, Workers: 1}
			if err := works(t, cluster, store, options, 14*time.Minute); err != nil {
				t.Fatal(err)
			}
			got := ended(t, store)
			if got != "done, logs may be incomplete" {
				t.Errorf("%s: after %v the run has ended as %q", damaged, time.Since(began), got)
			}
			if n := told.Load(); n == 0 || n > 300 {
				t.Errorf("%s: told %d times", damaged, n)
			}
			if err := works(t, cluster, store, options, time.Hour); err != nil {
				t.Fatal(err)
			}
			cluster.live.Wait()
		})
	}
}

// damage overwrites all objects of the archive whose names end in suffix.
func damage(t *testing.T, dir, suffix string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, suffix) {
			n++
			return os.WriteFile(path, []byte("\x00\x00"), 0o600)
		}
		return err
	})
	if err != nil || n == 0 {
		t.Fatalf("%d objects *%s: %v", n, suffix, err)
	}
}

// ended is how the one run of an archive of which a log cannot be read has ended.
func ended(t *testing.T, store *archive.Store) string {
	t.Helper()
	data, err := store.Outcome(t.Context(), archive.Run{Domain: "physics", Project: "p", Process: "commands"})
	if err != nil {
		t.Fatal(err)
	}
	return endOf(t, data)
}
