package runs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/record"
	"kernelindexer/k8s/runs"
)

// retried is a run whose first pod was evicted and is gone, and whose second one runs.
func (w *world) retried() (runs.Run, process.Attempt) {
	w.t.Helper()
	run := w.launch(0)
	job, err := w.client.BatchV1().Jobs("water").Get(w.t.Context(), run.Job, metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: run.Job + "-a", Namespace: "water", CreationTimestamp: metav1.NewTime(w.clock.Add(10 * time.Second)),
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))},
		Labels:          map[string]string{batchv1.JobNameLabel: run.Job},
	}}
	pod.Status.Phase = corev1.PodRunning
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "process", State: corev1.ContainerState{
		Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(w.clock.Add(12 * time.Second))},
	}}}
	w.cache.jobs, w.cache.pods = []*batchv1.Job{job}, []*corev1.Pod{pod}
	first := process.Attempt{Pod: run.Job + "-z", CreatedAt: w.clock.Add(time.Second), Containers: []string{"process"}}
	noted := run
	noted.Attempts = []process.Attempt{first}
	w.begin(noted, nil)
	return run, first
}

// An attempt whose pod is gone is told as long as the run goes on, and the record of the run does not get longer by it.
func TestAttemptsWhosePodsAreGone(t *testing.T) {
	w := newWorld(t)
	run, first := w.retried()
	for way, got := range w.everywhere() {
		if way == "project" { // of all its runs not all documents are read
			continue
		}
		if diff := cmp.Diff([]process.Attempt{first}, got.Status.Earlier); diff != "" || got.Status.Attempts != 2 || got.Attempts != nil {
			t.Errorf("%s: %d attempts, -want +got:\n%s", way, got.Status.Attempts, diff)
		}
		if len(got.Status.Commands) != 1 || got.Status.Commands[0].Pod != run.Job+"-a" {
			t.Errorf("%s: %+v", way, got.Status.Commands)
		}
	}
	w.cache.pods = nil // between two pods
	got, err := w.Version(t.Context(), "water", "river", "p1", 0)
	if diff := cmp.Diff([]process.Attempt{first}, got.Status.Earlier); err != nil || diff != "" || len(got.Status.Commands) != 0 {
		t.Errorf("%v, between two pods: -want +got:\n%s", err, diff)
	}
	w.cache.jobs = nil // the Job is deleted
	w.remove(run)
	got, err = w.Version(t.Context(), "water", "river", "p1", 0)
	if err != nil || len(got.Status.Commands) != 1 || got.Status.Commands[0].Pod != first.Pod || got.Attempts != nil {
		t.Errorf("%v, without a Job: %+v", err, got.Status)
	}
}

// A run that ends while it is looked at has ended: its record, which knows the attempts, is closed.
func TestRunThatEndsBetweenTwoLooksLosesNoAttempt(t *testing.T) {
	for _, way := range []string{"version", "versions"} {
		t.Run(way, func(t *testing.T) {
			w := newWorld(t)
			run, first := w.retried()
			w.cache.meanwhile = func() {
				w.cache.meanwhile = nil
				outcome := &process.Outcome{Record: run.Record, Status: process.Status{State: process.Done, Attempts: 2, Earlier: []process.Attempt{first}}}
				if _, err := (record.Archive{Store: w.Archive}).PutOutcome(t.Context(), outcome); err != nil {
					t.Error(err)
				}
				if err := w.Archive.CloseOpen(t.Context(), archive.Opened{Domain: run.Namespace, Job: run.Job}); err != nil {
					t.Error(err)
				}
			}
			var got runs.Run
			var err error
			if way == "version" {
				got, err = w.Version(t.Context(), "water", "river", "p1", 0)
			} else {
				var list []runs.Run
				if list, err = w.Versions(t.Context(), "water", "river", "p1"); len(list) == 1 {
					got = list[0]
				}
			}
			if err != nil || !got.Archived || len(got.Status.Earlier) != 1 {
				t.Errorf("%v: %+v", err, got.Status)
			}
		})
	}
}

// A record that cannot be read is passed over: the run is what its pods say.
func TestDamagedRecordOfARunThatGoesOn(t *testing.T) {
	dir := t.TempDir()
	store, err := archive.Open(t.Context(), "file://"+dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w := newWorld(t)
	w.Archive = store
	run, _ := w.retried()
	broken := 0
	err = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, run.Job+".json") {
			broken++
			return os.WriteFile(path, []byte(`{"run":7`), 0o600)
		}
		return err
	})
	if err != nil || broken != 1 {
		t.Fatalf("%v, %d documents", err, broken)
	}
	got, err := w.Version(t.Context(), "water", "river", "p1", 0)
	if err != nil || got.Status.State != process.Running || got.Status.Attempts != 1 || w.damaged != 1 {
		t.Errorf("%v, %d passed over: %+v", err, w.damaged, got.Status)
	}
}
