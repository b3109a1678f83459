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

// A record of a run that cannot be read is written anew from its Job, an outcome that cannot be read stands: it keeps
// neither the Job nor the record of the run.
func TestRunWithADamagedDocumentIsClosed(t *testing.T) {
	for _, test := range []struct {
		before process.ActionKind
		path   string
		want   string
	}{
		{process.ActFollow, "process-commands-v0.json", "done"},
		{process.ActArmTTL, "/outcomes/", ""},
	} {
		dir := filepath.Join(t.TempDir(), "archive")
		synctest.Test(t, func(t *testing.T) {
			store, err := archive.Open(t.Context(), "file://"+dir)
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			cluster := newSim()
			if err := works(t, cluster, store, controller.Options{Failpoint: stops{test.before}}, time.Hour, "commands"); !errors.Is(err, errCrash) {
				t.Fatalf("the loop did not die: %v", err)
			}
			damage(t, dir, test.path)
			var told atomic.Int32
			options := controller.Options{Failed: func(controller.Key, error) { told.Add(1) }}
			if err := works(t, cluster, store, options, time.Hour); err != nil {
				t.Fatal(err)
			}
			cluster.live.Wait()
			if n := told.Load(); n == 0 || n > 10 || len(cluster.jobs) > 0 {
				t.Errorf("%s: told %d times, %d Jobs are left", test.path, n, len(cluster.jobs))
			}
			for _, err := range store.ListOpen(t.Context()) {
				t.Errorf("%s: a run is open, %v", test.path, err)
			}
			if test.want != "" && ended(t, store) != test.want {
				t.Errorf("%s: the run has ended as %s", test.path, ended(t, store))
			}
		})
	}
}

// damage overwrites all objects of the archive with something in their names.
func damage(t *testing.T, dir, name string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && strings.Contains(path, name) && !entry.IsDir() {
			n++
			return os.WriteFile(path, []byte("\x00\x00"), 0o600)
		}
		return err
	})
	if err != nil || n == 0 {
		t.Fatalf("%d objects %s: %v", n, name, err)
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
