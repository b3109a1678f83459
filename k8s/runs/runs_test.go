package runs_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/runs"
)

// blind is a cache that has not seen anything yet, or what it is given.
type blind struct {
	jobs []*batchv1.Job
	pods []*corev1.Pod
	err  error // of a domain that is not watched

	meanwhile func() // happens when pods are looked for
}

func (b *blind) Job(_ context.Context, _, name string) (*batchv1.Job, error) {
	for _, job := range b.jobs {
		if job.Name == name {
			return job, nil
		}
	}
	return nil, b.err
}

func (b *blind) Jobs(context.Context, string, labels.Set) ([]*batchv1.Job, error) {
	return b.jobs, b.err
}

func (b *blind) Pods(context.Context, string, labels.Set) ([]*corev1.Pod, error) {
	if b.meanwhile != nil {
		b.meanwhile()
	}
	return b.pods, nil
}

func (b *blind) Events(context.Context, string, types.UID) ([]*corev1.Event, error) {
	return nil, nil
}

type world struct {
	*runs.Runs
	t       *testing.T
	cache   *blind
	client  *fake.Clientset
	clock   time.Time
	damaged int // documents that were passed over
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := archive.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w := &world{t: t, cache: &blind{}, client: fake.NewClientset(), clock: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	w.client.PrependReactor("create", "jobs", func(action ktesting.Action) (bool, runtime.Object, error) {
		job := action.(ktesting.CreateAction).GetObject().(*batchv1.Job)
		job.CreationTimestamp, job.UID = metav1.NewTime(w.clock), types.UID("uid-"+job.Name)
		return false, nil, nil
	})
	w.Runs = &runs.Runs{
		Cluster: w.cache, Jobs: w.client.BatchV1(), Archive: store, Limits: process.DefaultLimits(),
		Now: func() time.Time { return w.clock }, Damaged: func(error) { w.damaged++ },
	}
	return w
}

func spec(version int) process.Spec {
	return process.Spec{
		Namespace: "water", Project: "river", Process: "p1", Version: version, Type: "fft", Parameters: `{"width":1}`, CreatedBy: "ada",
		Environment: process.Environment{ID: "env-1", Revision: 1, Kind: process.KindImage, Image: "r/x@sha256:" + strings.Repeat("0", 64)},
		Annotations: map[string]string{process.AnnotationRequest: `{"key":"k"}`},
	}
}

func (w *world) launch(version int) runs.Run {
	w.t.Helper()
	run, created, err := w.Launch(w.t.Context(), spec(version))
	if err != nil || !created {
		w.t.Fatalf("created %v, %v", created, err)
	}
	return run
}

// end archives a run, and removes its Job, as the controller and the TTL do.
func (w *world) end(run runs.Run, state process.State) {
	w.t.Helper()
	data, err := json.Marshal(process.Outcome{Record: run.Record, Status: process.Status{State: state}})
	if err != nil {
		w.t.Fatal(err)
	}
	key := archive.Run{Domain: run.Namespace, Project: run.Project, Process: run.Process, Version: run.Version}
	if _, _, err := w.Archive.PutOutcome(w.t.Context(), key, data); err != nil {
		w.t.Fatal(err)
	}
	w.remove(run)
}

func (w *world) remove(run runs.Run) {
	w.t.Helper()
	if err := w.client.BatchV1().Jobs(run.Namespace).Delete(w.t.Context(), run.Job, metav1.DeleteOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

// A run that was just made is there for everybody who asks, though no cache shows it; the same once more is the same run.
func TestLaunchedRunIsThereAtOnce(t *testing.T) {
	w := newWorld(t)
	w.launch(0)
	for range 2 {
		run, created, err := w.Launch(t.Context(), spec(0))
		if err != nil || created || run.Request != `{"key":"k"}` || run.Version != 0 {
			t.Errorf("created %v, %v: %+v", created, err, run)
		}
	}
	if run, err := w.Version(t.Context(), "water", "river", "p1", 0); err != nil || run.CreatedBy != "ada" {
		t.Errorf("%v: %+v", err, run)
	}
	w.launch(1)
	versions, err := w.Versions(t.Context(), "water", "river", "p1")
	if err != nil || len(versions) != 2 || versions[1].Version != 1 {
		t.Errorf("%v: %+v", err, versions)
	}
	for _, other := range [][2]string{{"river", "p2"}, {"lake", "p1"}} {
		if _, err := w.Version(t.Context(), "water", other[0], other[1], 0); !errors.Is(err, runs.ErrNotFound) {
			t.Errorf("%v: %v", other, err)
		}
	}
	taken := spec(0)
	taken.Project = "lake"
	if _, _, err := w.Launch(t.Context(), taken); !errors.Is(err, runs.ErrTaken) {
		t.Errorf("another project's process: %v", err)
	}
}

// The name of a run that has ended is not given to another, though its Job is gone; the archive has the last word.
func TestEndedRunIsNotLaunchedAgain(t *testing.T) {
	w := newWorld(t)
	first := w.launch(0)
	w.end(first, process.Done)
	run, created, err := w.Launch(t.Context(), spec(0))
	if err != nil || created || run.Status.State != process.Done || !run.Archived || run.Request != first.Request {
		t.Errorf("created %v, %v: %+v", created, err, run)
	}
	w.launch(1)
	stale, err := process.Job(spec(0)) // a cache that shows the Job still
	if err != nil {
		t.Fatal(err)
	}
	w.cache.jobs = []*batchv1.Job{stale}
	list, err := w.Project(t.Context(), "water", "river")
	if err != nil {
		t.Fatal(err)
	}
	var states []process.State
	for _, run := range list {
		states = append(states, run.Status.State)
	}
	if diff := cmp.Diff([]process.State{process.Done, process.Queued}, states); diff != "" {
		t.Errorf("the cache's project (-want +got)\n%s", diff)
	}
}

// A run whose Job is over has not ended before its outcome is archived: its logs may not be there, and its end may be
// another one.
func TestRunHasNotEndedBeforeItIsArchived(t *testing.T) {
	w := newWorld(t)
	run := w.launch(0)
	job, err := w.client.BatchV1().Jobs("water").Get(t.Context(), run.Job, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	over := metav1.NewTime(time.Date(2026, 11, 1, 11, 59, 0, 0, time.UTC))
	for _, tt := range []struct {
		condition batchv1.JobConditionType
		started   bool
		want      process.State
	}{
		{batchv1.JobComplete, true, process.Running},
		{batchv1.JobFailed, true, process.Running},
		{batchv1.JobFailed, false, process.Queued},
	} {
		job.Status.Conditions = []batchv1.JobCondition{{Type: tt.condition, Status: corev1.ConditionTrue, LastTransitionTime: over}}
		w.cache.jobs, w.cache.pods = []*batchv1.Job{job}, nil
		if tt.started {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
				Name: job.Name + "-x", Namespace: "water", OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))},
			}}
			pod.Status.Phase = corev1.PodSucceeded
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "process", State: corev1.ContainerState{
				Terminated: &corev1.ContainerStateTerminated{StartedAt: over, FinishedAt: over},
			}}}
			w.cache.pods = []*corev1.Pod{pod}
		}
		got, err := w.Version(t.Context(), "water", "river", "p1", 0)
		if s := got.Status; err != nil || s.State != tt.want || s.Phase != process.PhaseFinishing || s.ReturnCode != nil || s.Failure != nil || s.FinishedAt != nil || got.Archived {
			t.Errorf("%s: %v: %+v", tt.condition, err, got.Status)
		}
	}
	w.end(run, process.Done)
	if got, err := w.Version(t.Context(), "water", "river", "p1", 0); err != nil || got.Status.State != process.Done {
		t.Errorf("archived: %v: %+v", err, got.Status)
	}
}

// Uses counts what goes on, and Cancel ends only that.
func TestUsesAndCancel(t *testing.T) {
	w := newWorld(t)
	run := w.launch(0)
	job, err := w.client.BatchV1().Jobs("water").Get(t.Context(), run.Job, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.cache.jobs = []*batchv1.Job{job}
	if n, err := w.Uses(t.Context(), "env-1"); n != 1 || err != nil {
		t.Errorf("%d uses, %v", n, err)
	}
	for range 2 {
		if err := w.Cancel(t.Context(), run.Record, "bob"); err != nil {
			t.Error(err)
		}
	}
	job, err = w.client.BatchV1().Jobs("water").Get(t.Context(), run.Job, metav1.GetOptions{})
	if err != nil || job.Annotations[process.AnnotationCancel] != "2026-11-01T12:00:00Z bob" {
		t.Errorf("%v: %v", err, job.Annotations)
	}
	job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue}}
	if _, err := w.client.BatchV1().Jobs("water").Update(t.Context(), job, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.cache.jobs = []*batchv1.Job{job}
	if n, err := w.Uses(t.Context(), "env-1"); n != 0 || err != nil {
		t.Errorf("%d uses, %v", n, err)
	}
	if err := w.Cancel(t.Context(), run.Record, "bob"); !errors.Is(err, runs.ErrEnded) {
		t.Error(err)
	}
	w.remove(run)
	if err := w.Cancel(t.Context(), run.Record, "bob"); !errors.Is(err, runs.ErrNotFound) {
		t.Error(err)
	}
}
