package runs_test

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	ktesting "k8s.io/client-go/testing"

	"kernelindexer/k8s/process"
	"kernelindexer/k8s/runs"
)

var jobs = schema.GroupResource{Group: "batch", Resource: "jobs"}

// answers lets the API server refuse a verb on Jobs, times often.
func (w *world) answers(verb string, times int, err error) (asked *int) {
	asked = new(int)
	w.client.PrependReactor(verb, "jobs", func(ktesting.Action) (bool, runtime.Object, error) {
		*asked++
		return *asked <= times, nil, err
	})
	return asked
}

// What was made here is in lists at once, and no list of the API server is needed for that.
func TestOwnRunsAreReadAtOnceAndFromNoAPIServer(t *testing.T) {
	w := newWorld(t)
	run := w.launch(0)
	w.launch(1)
	w.client.ClearActions()
	for name, list := range map[string]func() ([]runs.Run, error){
		"versions": func() ([]runs.Run, error) { return w.Versions(t.Context(), "water", "river", "p1") },
		"project":  func() ([]runs.Run, error) { return w.Project(t.Context(), "water", "river") },
	} {
		got, err := list()
		if err != nil || len(got) != 2 || got[0].Version != 0 || got[1].Status.State != process.Queued {
			t.Errorf("%s: %v, %+v", name, err, got)
		}
	}
	if got, err := w.Versions(t.Context(), "water", "river", "p2"); err != nil || len(got) != 0 {
		t.Errorf("another process: %v, %+v", err, got)
	}
	if actions := w.client.Actions(); len(actions) > 0 {
		t.Errorf("the API server was asked: %v", actions)
	}
	w.remove(run)
	w.clock = w.clock.Add(10 * time.Second)
	if got, err := w.Versions(t.Context(), "water", "river", "p1"); err != nil || len(got) != 0 {
		t.Errorf("later, with a cache that shows none: %v, %+v", err, got)
	}
	if got, err := w.VersionsNow(t.Context(), "water", "river", "p1"); err != nil || len(got) != 1 || got[0].Version != 1 {
		t.Errorf("as it is: %v, %+v", err, got)
	}
}

// Two who count against one quota at the same time are in each other's way for milliseconds.
func TestConflictOverAQuotaIsTriedAgain(t *testing.T) {
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "resourcequotas"}, "jobs", errors.New("the object has been modified"))
	w := newWorld(t)
	asked := w.answers("create", 3, conflict)
	w.launch(0)
	if *asked != 4 {
		t.Errorf("asked %d times", *asked)
	}
	w = newWorld(t)
	asked = w.answers("create", 99, conflict)
	if _, created, err := w.Launch(t.Context(), spec(0)); created || !apierrors.IsConflict(err) || *asked != 4 {
		t.Errorf("created %v, asked %d times, %v", created, *asked, err)
	}
}

// A policy that refuses the Job is the domain's answer to who asked; a quota, a namespace that is going and a right that
// this service lacks are not.
func TestJobsThatAPolicyRefuses(t *testing.T) {
	terminating := apierrors.NewForbidden(jobs, "x", errors.New("unable to create new content in namespace water because it is being terminated"))
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	for name, tt := range map[string]struct {
		answer  error
		refused bool
	}{
		"validating policy": {apierrors.NewInvalid(schema.GroupKind{Group: "batch", Kind: "Job"}, "x", field.ErrorList{field.Forbidden(nil, "ValidatingAdmissionPolicy 'p' denied request: no")}), true},
		"webhook":           {apierrors.NewForbidden(jobs, "x", errors.New(`admission webhook "a.b.c" denied the request: no`)), true},
		"webhook's 400":     {apierrors.NewBadRequest(`admission webhook "a.b.c" denied the request: no`), true},
		"quota":             {apierrors.NewForbidden(jobs, "x", errors.New("exceeded quota: q, requested: count/jobs.batch=1")), false},
		"our own right":     {apierrors.NewForbidden(jobs, "", errors.New(`User "system:serviceaccount:a:b" cannot create resource "jobs" in API group "batch" in the namespace "water"`)), false},
		"namespace goes":    {terminating, false},
		"busy":              {apierrors.NewTooManyRequests("later", 1), false},
		"webhook is away":   {apierrors.NewInternalError(errors.New(`failed calling webhook "a.b.c": connection refused`)), false},
	} {
		w := newWorld(t)
		asked := w.answers("create", 99, tt.answer)
		_, created, err := w.Launch(t.Context(), spec(0))
		if created || errors.Is(err, runs.ErrRefused) != tt.refused || !errors.Is(err, tt.answer) || *asked != 1 {
			t.Errorf("%s: created %v, asked %d times, %v", name, created, *asked, err)
		}
	}
}

// A Job changes all the time. Who wants it to end is not told of that, nor kept for ever.
func TestCancelAgainstChanges(t *testing.T) {
	conflict := apierrors.NewConflict(jobs, "x", errors.New("changed"))
	w := newWorld(t)
	run := w.launch(0)
	w.answers("patch", 2, conflict)
	if err := w.Cancel(t.Context(), run.Record, "bob"); err != nil {
		t.Error(err)
	}
	w = newWorld(t)
	run = w.launch(0)
	if asked := w.answers("patch", 99, conflict); !apierrors.IsConflict(w.Cancel(t.Context(), run.Record, "bob")) || *asked > 10 {
		t.Errorf("asked %d times", *asked)
	}
}

// In a domain that is not watched nothing is launched, nobody could look after it. What has ended there is told.
func TestDomainThatIsNotWatched(t *testing.T) {
	w := newWorld(t)
	w.end(w.launch(0), process.Done)
	w.cache.err = apierrors.NewServiceUnavailable("namespace water cannot be watched")
	w.client.ClearActions()
	if _, created, err := w.Launch(t.Context(), spec(1)); created || !apierrors.IsServiceUnavailable(err) {
		t.Errorf("created %v, %v", created, err)
	}
	if _, err := w.Versions(t.Context(), "water", "river", "p1"); !apierrors.IsServiceUnavailable(err) {
		t.Error(err)
	}
	if _, err := w.Version(t.Context(), "water", "river", "p1", 1); !apierrors.IsServiceUnavailable(err) {
		t.Error(err)
	}
	if run, err := w.Version(t.Context(), "water", "river", "p1", 0); err != nil || run.Status.State != process.Done {
		t.Errorf("%v: %+v", err, run)
	}
	if actions := w.client.Actions(); len(actions) > 0 {
		t.Errorf("the API server was asked: %v", actions)
	}
}
