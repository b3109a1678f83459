package record_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/record"
)

func open(t *testing.T) (record.Archive, string) {
	t.Helper()
	dir := t.TempDir()
	store, err := archive.Open(t.Context(), "file://"+dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return record.Archive{Store: store}, dir
}

func runOf(id string) *process.Record {
	return &process.Record{Namespace: "water", Job: "process-" + id + "-v0", UID: "uid", Project: "river", Process: id}
}

func TestDocumentsComeBackAsTheyWereKept(t *testing.T) {
	a, _ := open(t)
	name := archive.Opened{Domain: "water", Job: "process-p1-v0"}
	if got, err := a.Open(t.Context(), name); err != nil || got != (record.Open{}) {
		t.Errorf("before: %+v, %v", got, err)
	}
	if got, err := a.Outcome(t.Context(), record.Run(runOf("p1"))); err != nil || got != nil {
		t.Errorf("before: %+v, %v", got, err)
	}
	want := record.Open{Record: runOf("p1"), Replacement: &process.Replacement{Replaces: "uid"}}
	if err := a.PutOpen(t.Context(), name, want); err != nil {
		t.Fatal(err)
	}
	got, err := a.Open(t.Context(), name)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	first := &process.Outcome{Record: *runOf("p1"), Status: process.Status{State: process.Done}}
	second := &process.Outcome{Record: *runOf("p1"), Status: process.Status{State: process.Failed}}
	for _, outcome := range []*process.Outcome{first, second} {
		if kept, err := a.PutOutcome(t.Context(), outcome); err != nil || kept.Status.State != process.Done {
			t.Errorf("kept %+v, %v", kept, err)
		}
	}
}

// What is damaged is told from an archive that is away, and stands in the way of nothing else.
func TestDamagedDocuments(t *testing.T) {
	a, dir := open(t)
	for _, id := range []string{"a", "b", "c"} {
		name := archive.Opened{Domain: "water", Job: "process-" + id + "-v0"}
		if err := a.PutOpen(t.Context(), name, record.Open{Record: runOf(id)}); err != nil {
			t.Fatal(err)
		}
		stream := archive.Stream{Run: record.Run(runOf("p")), Pod: id, Container: "c"}
		log, err := a.Store.Resume(t.Context(), stream, archive.Options{})
		if err == nil {
			err = log.Finish(t.Context(), id == "c", process.End{ExitCode: 3})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && (strings.HasSuffix(path, "process-b-v0.json") || strings.Contains(path, "/b/")) {
			return os.WriteFile(path, []byte(`{"run":7,"document":"no"}`), 0o600)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for open, err := range a.OpenRuns(t.Context()) {
		switch {
		case record.Damaged(err):
			got = append(got, "damaged")
		case err != nil:
			t.Error(err)
		default:
			got = append(got, open.Record.Process)
		}
	}
	if diff := cmp.Diff([]string{"a", "damaged", "c"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var broken []process.Stream
	facts, err := a.Streams(t.Context(), record.Run(runOf("p")), func(stream process.Stream, err error) {
		if !record.Damaged(err) {
			t.Error(err)
		}
		broken = append(broken, stream)
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]process.Stream{{Pod: "b", Container: "c"}}, broken); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	want := map[process.Stream]process.StreamFact{
		{Pod: "a", Container: "c"}: {Complete: true, End: &process.End{ExitCode: 3}},
		{Pod: "b", Container: "c"}: {},
		{Pod: "c", Container: "c"}: {Complete: true, Partial: true, End: &process.End{ExitCode: 3}},
	}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if record.Damaged(errors.New("away")) {
		t.Error("any error is damage")
	}
}

// FuzzDecode: no document makes a program panic, and what is taken for an outcome says of which run.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"run":{"job":"process-a-v0"},"status":{"state":"done"}}`), []byte(`{"exitCode":1}`))
	f.Add([]byte(`{}`), []byte(`null`))
	f.Add([]byte(`[`), []byte(``))
	f.Fuzz(func(t *testing.T, outcome, end []byte) {
		if o, err := record.DecodeOutcome(outcome); err == nil && o.Record.Job == "" {
			t.Error("of no run")
		} else if err != nil && !record.Damaged(err) {
			t.Error(err)
		}
		fact, err := record.Fact(&archive.End{Document: json.RawMessage(end)})
		if err != nil && (fact.Complete || fact.End != nil) {
			t.Errorf("%v, and yet %+v", err, fact)
		}
	})
}
