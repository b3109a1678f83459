package runs_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/record"
	"kernelindexer/k8s/runs"
)

// begin records that a run is open, as the loop does.
func (w *world) begin(run runs.Run, replacement *process.Replacement) {
	w.t.Helper()
	records := record.Archive{Store: w.Archive}
	name := archive.Opened{Domain: run.Namespace, Job: run.Job}
	if err := records.PutOpen(w.t.Context(), name, record.Open{Record: &run.Record, Replacement: replacement}); err != nil {
		w.t.Fatal(err)
	}
}

// everywhere looks for the one run of the world in all ways that there are, a moment after it was made.
func (w *world) everywhere() map[string]runs.Run {
	w.t.Helper()
	w.clock = w.clock.Add(time.Minute)
	found := map[string]runs.Run{}
	var err error
	if found["version"], err = w.Version(w.t.Context(), "water", "river", "p1", 0); err != nil {
		w.t.Errorf("version: %v", err)
	}
	for name, list := range map[string]func() ([]runs.Run, error){
		"versions": func() ([]runs.Run, error) { return w.Versions(w.t.Context(), "water", "river", "p1") },
		"now":      func() ([]runs.Run, error) { return w.VersionsNow(w.t.Context(), "water", "river", "p1") },
		"project":  func() ([]runs.Run, error) { return w.Project(w.t.Context(), "water", "river") },
	} {
		list, err := list()
		if err != nil || len(list) != 1 {
			w.t.Errorf("%s: %v, %d runs", name, err, len(list))
			continue
		}
		found[name] = list[0]
	}
	again, created, err := w.Launch(w.t.Context(), spec(0))
	if err != nil || created {
		w.t.Errorf("created %v, %v", created, err)
	}
	found["launch"] = again
	return found
}

// A run whose Job somebody deleted has not ended before that is archived: logs are still copied. It is there, however one
// asks, and nothing is launched in its place.
func TestVanishedRunIsLostOnceThatIsArchived(t *testing.T) {
	w := newWorld(t)
	run := w.launch(0)
	w.begin(run, nil)
	w.remove(run)
	for way, got := range w.everywhere() {
		if got.Status.State != process.Queued || got.Status.Phase != process.PhaseFinishing || got.Status.Failure != nil || got.Archived {
			t.Errorf("%s: %+v", way, got.Status)
		}
	}
	stream := archive.Stream{Run: record.Run(&run.Record), Pod: run.Job + "-x", Container: "process"}
	log, err := w.Archive.Resume(t.Context(), stream, archive.Options{})
	if err == nil {
		err = log.Finish(t.Context(), false, process.End{ExitCode: 1, Message: "no", StartedAt: w.clock, FinishedAt: w.clock})
	}
	if err != nil {
		t.Fatal(err)
	}
	for way, got := range w.everywhere() {
		if got.Status.State != process.Running || got.Status.Phase != process.PhaseFinishing || got.Status.StartedAt == nil || got.Status.Failure != nil {
			t.Errorf("%s, after it had started: %+v", way, got.Status)
		}
	}
	outcome := &process.Outcome{Record: run.Record, Status: process.Status{State: process.Failed, Failure: &process.Failure{Code: process.Lost}}}
	if _, err := (record.Archive{Store: w.Archive}).PutOutcome(t.Context(), outcome); err != nil {
		t.Fatal(err)
	}
	for way, got := range w.everywhere() {
		if got.Status.State != process.Failed || got.Status.Failure.Code != process.Lost || !got.Archived {
			t.Errorf("%s, archived: %+v", way, got.Status)
		}
	}
}

// Between two Jobs of a run that its node refused there is none. The run waits for its second one.
func TestRunThatIsBeingReplacedIsQueued(t *testing.T) {
	w := newWorld(t)
	run := w.launch(0)
	w.begin(run, &process.Replacement{Replaces: run.UID, Job: &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: run.Job}}})
	w.remove(run)
	for way, got := range w.everywhere() {
		if got.Status.State != process.Queued || got.Status.Phase != process.PhaseQueued || got.Status.Failure != nil || got.Archived {
			t.Errorf("%s: %+v", way, got.Status)
		}
	}
}

// A run that the loop has begun and no cache shows is there by its Job.
func TestOpenRunThatIsNotCachedIsSeenByItsJob(t *testing.T) {
	w := newWorld(t)
	run := w.launch(0)
	w.begin(run, nil)
	for way, got := range w.everywhere() {
		if got.Status.State != process.Queued || got.Status.Phase != process.PhaseQueued {
			t.Errorf("%s: %+v", way, got.Status)
		}
	}
}

// Open runs of others have no part in it, though a name may look alike.
func TestOpenRunsOfOthers(t *testing.T) {
	w := newWorld(t)
	for _, other := range []process.Record{
		{Namespace: "water", Project: "river", Process: "p1-v0", Job: process.JobName("p1-v0", 0)},
		{Namespace: "water", Project: "lake", Process: "p1", Job: process.JobName("p1", 0)},
		{Namespace: "soil", Project: "river", Process: "p1", Job: process.JobName("p1", 0)},
	} {
		w.begin(runs.Run{Record: other}, nil)
	}
	if list, err := w.Versions(t.Context(), "water", "river", "p1"); err != nil || len(list) != 0 {
		t.Errorf("%v: %+v", err, list)
	}
	if _, err := w.Version(t.Context(), "water", "river", "p1", 0); !errors.Is(err, runs.ErrNotFound) {
		t.Error(err)
	}
	list, err := w.Project(t.Context(), "water", "river")
	if err != nil || len(list) != 1 || list[0].Process != "p1-v0" {
		t.Errorf("%v: %+v", err, list)
	}
}

// One outcome that cannot be read is passed over in lists. Its version stays taken, and is no success.
func TestDamagedOutcomeFailsNoList(t *testing.T) {
	w := newWorld(t)
	for version := range 3 {
		run := w.launch(version)
		if version == 2 {
			w.remove(run)
			key := record.Run(&run.Record)
			if _, _, err := w.Archive.PutOutcome(t.Context(), key, []byte(`{"run":`)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		w.end(run, process.Done)
	}
	w.clock = w.clock.Add(time.Minute)
	list, err := w.Versions(t.Context(), "water", "river", "p1")
	if err != nil || len(list) != 2 || w.damaged != 1 {
		t.Errorf("%v, %d passed over: %+v", err, w.damaged, list)
	}
	run, err := w.Version(t.Context(), "water", "river", "p1", 2)
	if err != nil || !run.Archived || run.Status.State != process.Failed || run.Status.Failure.Code != process.Lost || run.Version != 2 {
		t.Errorf("%v: %+v", err, run)
	}
	again, created, err := w.Launch(t.Context(), spec(2))
	if err != nil || created {
		t.Errorf("created %v, %v", created, err)
	}
	if diff := cmp.Diff(run, again); diff != "" {
		t.Errorf("-version +launch:\n%s", diff)
	}
}
