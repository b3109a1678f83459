package archive

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWhatExpiredLeavesNoDirectories(t *testing.T) {
	store, dir := directory(t)
	stream := Stream{Run: Run{Domain: "geo", Project: "river", Process: "x"}, Pod: "a", Container: "c"}
	node := &node{}
	node.add(start, "one")
	copyAll(t, store, stream, node, true)
	if _, _, err := store.PutOutcome(t.Context(), stream.Run, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if runs, err := store.Expire(t.Context(), time.Time{}, time.Now().Add(time.Hour)); runs != 1 || err != nil {
		t.Fatal(runs, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != temporaries {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestDamagedDocumentsArePassedOver(t *testing.T) {
	store, dir := directory(t)
	runs := make([]Run, 5)
	for version := range runs {
		runs[version] = Run{Domain: "geo", Project: "river", Process: "x", Version: version}
		if _, _, err := store.PutOutcome(t.Context(), runs[version], []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	path := func(run Run) string { return filepath.Join(dir, run.outcomeKey()) }
	if err := os.WriteFile(path(runs[0]), []byte(`{"run":`), 0o600); err != nil { // cut
		t.Fatal(err)
	}
	if err := os.Truncate(path(runs[2]), maxDocument+1); err != nil { // of zeros, and too large
		t.Fatal(err)
	}
	if err := os.Remove(path(runs[4])); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path(runs[4]), 0o600); err != nil {
		t.Fatal(err)
	}
	var damaged []string
	whole := 0
	for document, err := range store.Outcomes(t.Context(), "geo", "", "") {
		var one *DamagedError
		switch {
		case errors.As(err, &one):
			damaged = append(damaged, one.Key)
		case err != nil:
			t.Fatal(err)
		case string(document) == "{}":
			whole++
		}
	}
	if diff := cmp.Diff([]string{runs[0].outcomeKey(), runs[2].outcomeKey()}, damaged); diff != "" || whole != 2 {
		t.Errorf("%d are whole; -want +got:\n%s", whole, diff)
	}
	if _, err := store.Outcome(t.Context(), runs[4]); !errors.Is(err, errNoFile) {
		t.Errorf("of a FIFO: %v", err)
	}
}

func TestAFolderThatWasTakenAwayIsNotEmpty(t *testing.T) {
	store, dir := directory(t)
	run := Run{Domain: "geo", Project: "river", Process: "x"}
	if _, _, err := store.PutOutcome(t.Context(), run, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil { // where it was mounted
		t.Fatal(err)
	}
	if _, err := store.Outcome(t.Context(), run); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("an outcome: %v", err)
	}
	var failed error
	for _, failed = range store.ListOpen(t.Context()) {
	}
	if failed == nil {
		t.Error("nothing is listed, without an error")
	}
	if _, err := store.Lines(t.Context(), Stream{Run: run, Pod: "a"}, 0, 1); err == nil {
		t.Error("its logs are empty")
	}
	if _, _, err := store.PutOutcome(t.Context(), run, []byte("{}")); err == nil {
		t.Error("it is written where nothing is mounted")
	}
}
