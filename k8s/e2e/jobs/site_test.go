//go:build e2e

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/controller"
	"kernelindexer/k8s/process"
)

// site is a namespace whose runs a loop looks after, with an archive of its own.
type site struct {
	namespace string
	store     *archive.Store
	options   controller.Options
}

// siteOptions are what a test wants otherwise.
type siteOptions struct {
	labels map[string]string            // of the namespace
	limits func(limits *process.Limits) // changes the backend's
	idle   bool                         // no loop is started
}

// newSite makes a site and starts its loop. On failure the test shows what the cluster says about it.
func newSite(t *testing.T, name string, o siteOptions) *site {
	t.Helper()
	s := &site{namespace: "jobs-" + name}
	var err error
	if s.store, err = archive.Open(t.Context(), "file://"+t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	s.options = controller.Options{Limits: process.DefaultLimits(), Sweep: 2 * time.Second, Flush: 200 * time.Millisecond}
	s.options.Limits.Poll = 5 * time.Second
	if o.limits != nil {
		o.limits(&s.options.Limits)
	}
	s.options.Failed = func(key controller.Key, err error) { t.Logf("%s loop: %s: %v", s.namespace, key.Name, err) }
	if err := createNamespace(t.Context(), s.namespace, o.labels); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.remove(t) })
	if !o.idle {
		stop := s.start(t)
		t.Cleanup(func() {
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
	}
	return s
}

func createNamespace(ctx context.Context, name string, labels map[string]string) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	_, err := api.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	if err != nil {
		return err
	}
	// Pods are refused until the namespace has its service account.
	for {
		_, err := api.CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
		if err == nil || !apierrors.IsNotFound(err) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// remove deletes the namespace, without waiting for it; on failure it shows what is in it.
func (s *site) remove(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if t.Failed() {
		for _, args := range [][]string{{"get", "jobs,pods", "--output=wide"}, {"get", "events"}, {"describe", "pods"}} {
			out, err := cluster.Kubectl(ctx, append([]string{"--namespace", s.namespace}, args...)...)
			t.Logf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	if err := api.CoreV1().Namespaces().Delete(ctx, s.namespace, metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
}

// start starts a loop as a program would that begins now: it knows nothing but what the cluster and the archive hold. The
// returned function stops it and returns what Run did. It is stopped once.
func (s *site) start(t *testing.T) (stop func() error) {
	t.Helper()
	ended, cancel := s.startLoop(t, s.options)
	return func() error {
		cancel()
		return <-ended
	}
}

// startLoop starts a loop; ended gets what Run returned.
func (s *site) startLoop(t *testing.T, options controller.Options) (ended <-chan error, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var early relay
	k, err := controller.Connect(ctx, api, []string{s.namespace}, early.changed)
	if err != nil {
		t.Fatal(err)
	}
	loop := controller.New(k, s.store, options)
	early.to(loop.Changed)
	result := make(chan error, 1)
	go func() {
		err := loop.Run(ctx)
		cancel()
		k.Wait()
		result <- err
	}()
	return result, cancel
}

// relay keeps what has changed until somebody wants to know.
type relay struct {
	mu   sync.Mutex
	told func(controller.Key)
	kept []controller.Key
}

func (r *relay) changed(key controller.Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.told != nil {
		r.told(key)
		return
	}
	r.kept = append(r.kept, key)
}

func (r *relay) to(told func(controller.Key)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = told
	for _, key := range r.kept {
		told(key)
	}
}

// commands is a run of commands in the image "tool", which asks for little.
func (s *site) commands(t *testing.T, id string, commands ...[]string) process.Spec {
	t.Helper()
	spec := process.Spec{
		Namespace: s.namespace, Project: "project", Process: id, Environment: pinned(t, open, "tool"),
		Resources: process.Resources{CPU: "10m", Memory: "64Mi", Ephemeral: "200Mi"}, CreatedBy: "test",
		StartWithin: 5 * time.Minute, // the machine may be busy
	}
	for _, args := range commands {
		spec.Commands = append(spec.Commands, process.Command{Args: args})
	}
	return spec
}

// launch creates the Job of a run.
func (s *site) launch(t *testing.T, spec process.Spec) *batchv1.Job {
	t.Helper()
	job, err := process.Job(spec)
	if err != nil {
		t.Fatal(err)
	}
	if job, err = api.BatchV1().Jobs(s.namespace).Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return job
}

func (s *site) name(spec process.Spec) archive.Run {
	return archive.Run{Domain: s.namespace, Project: spec.Project, Process: spec.Process, Version: spec.Version}
}

// cancel asks for the end of a run.
func (s *site) cancel(t *testing.T, spec process.Spec) {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{
		process.AnnotationCancel: process.Cancellation(time.Now(), "somebody"),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	name := process.JobName(spec.Process, spec.Version)
	if _, err := api.BatchV1().Jobs(s.namespace).Patch(t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

// patience is how long a test waits for something that takes seconds on a machine that has nothing else to do.
const patience = 4 * time.Minute

// outcome waits for the archived end of a run.
func (s *site) outcome(t *testing.T, spec process.Spec) (outcome process.Outcome) {
	t.Helper()
	eventually(t, patience, "outcome of "+spec.Process, func() (bool, string) {
		data, err := s.store.Outcome(t.Context(), s.name(spec))
		if errors.Is(err, archive.ErrNotFound) {
			return false, "none"
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &outcome); err != nil {
			t.Fatal(err)
		}
		return true, ""
	})
	return outcome
}

// want waits for the end of a run, which must be that. No code is that it has not failed.
func (s *site) want(t *testing.T, spec process.Spec, state process.State, code process.Code) process.Status {
	t.Helper()
	status := s.outcome(t, spec).Status
	var got process.Code
	if status.Failure != nil {
		got = status.Failure.Code
	}
	if status.State != state || got != code {
		t.Fatalf("%s ended as %s %s, want %s %s:\n%s", spec.Process, status.State, got, state, code, asJSON(status))
	}
	return status
}

// log returns the texts of an archived log; a note of the archive is in brackets.
func (s *site) log(t *testing.T, spec process.Spec, stream process.Stream) (lines []string) {
	t.Helper()
	name := archive.Stream{Run: s.name(spec), Pod: stream.Pod, Container: stream.Container}
	for line, err := range s.store.All(t.Context(), name) {
		switch {
		case err != nil:
			t.Fatal(err)
		case line.Note != "":
			lines = append(lines, "["+string(line.Note)+"]")
		default:
			lines = append(lines, line.Text)
		}
	}
	return lines
}

// logOf is the log of one command of an ended run.
func (s *site) logOf(t *testing.T, spec process.Spec, status process.Status, command int) []string {
	t.Helper()
	if command >= len(status.Commands) {
		t.Fatalf("%s has no command %d: %s", spec.Process, command, asJSON(status))
	}
	return s.log(t, spec, status.Commands[command].Stream)
}

// logging waits for a line in the archived log of a run that goes on.
func (s *site) logging(t *testing.T, spec process.Spec, text string) {
	t.Helper()
	eventually(t, patience, fmt.Sprintf("%q in the log of %s", text, spec.Process), func() (bool, string) {
		streams, err := s.store.Streams(t.Context(), s.name(spec))
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, stream := range streams {
			all = append(all, s.log(t, spec, process.Stream{Pod: stream.Pod, Container: stream.Container})...)
		}
		return strings.Contains(strings.Join(all, "\n"), text), fmt.Sprintf("%d lines", len(all))
	})
}

// pods returns the pods of a run.
func (s *site) pods(t *testing.T, spec process.Spec) []corev1.Pod {
	t.Helper()
	list, err := api.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{
		LabelSelector: batchv1.JobNameLabel + "=" + process.JobName(spec.Process, spec.Version),
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// running waits for a running pod of a run, other than some.
func (s *site) running(t *testing.T, spec process.Spec, but ...string) (pod corev1.Pod) {
	t.Helper()
	eventually(t, patience, "running pod of "+spec.Process, func() (bool, string) {
		var seen []string
		for _, pod = range s.pods(t, spec) {
			if pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp == nil && !strings.Contains(strings.Join(but, " "), pod.Name) {
				return true, ""
			}
			seen = append(seen, pod.Name+" "+string(pod.Status.Phase))
		}
		return false, strings.Join(seen, ", ")
	})
	return pod
}

// nothingLeft waits until neither the Job of a run nor a pod of it is there.
func (s *site) nothingLeft(t *testing.T, spec process.Spec) {
	t.Helper()
	eventually(t, patience, "end of all objects of "+spec.Process, func() (bool, string) {
		_, err := api.BatchV1().Jobs(s.namespace).Get(t.Context(), process.JobName(spec.Process, spec.Version), metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Fatal(err)
		}
		pods := s.pods(t, spec)
		return err != nil && len(pods) == 0, fmt.Sprintf("Job: %v, %d pods", err, len(pods))
	})
}

func asJSON(value any) string {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// eventually waits until something holds. The function says what it sees instead.
func eventually(t *testing.T, limit time.Duration, what string, holds func() (bool, string)) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(250 * time.Millisecond) {
		ok, seen := holds()
		if ok {
			return
		}
		if time.Since(begin) > limit {
			t.Fatalf("not after %s: %s; instead: %s", limit, what, seen)
		}
	}
}
