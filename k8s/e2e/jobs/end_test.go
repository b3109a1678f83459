//go:build e2e

package jobs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/process"
)

// soon makes what is archived go away at once.
func soon(limits *process.Limits) { limits.ArchivedTTL = 2 * time.Second }

// TestCancelKeepsTheLogAndLeavesNothing: what runs is asked to end, what it says then is archived, no other attempt
// begins, and neither Job nor pod stays. T2.
func TestCancelKeepsTheLogAndLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, "cancel", siteOptions{limits: soon})
	running := s.commands(t, "running", []string{"sleep", "600"})
	running.Retries = 3
	s.launch(t, running)
	waiting := s.commands(t, "waiting", []string{"print", "never"})
	waiting.Environment.Arch = "none-such" // no node is that
	s.launch(t, waiting)

	s.logging(t, running, "asleep")
	s.cancel(t, running)
	s.cancel(t, waiting)
	status := s.want(t, running, process.Canceled, process.CancelRequested)
	if diff := cmp.Diff([]string{"asleep", "asked to end"}, s.logOf(t, running, status, 0)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if status.Attempts != 1 || status.Failure.Message != "canceled at the request of somebody" {
		t.Errorf("want one attempt, and who asked: %s", asJSON(status))
	}
	s.nothingLeft(t, running)

	if status = s.want(t, waiting, process.Canceled, process.CancelRequested); status.StartedAt != nil {
		t.Errorf("it started: %s", asJSON(status))
	}
	s.nothingLeft(t, waiting)
}

// TestEndedRunsAreRemovedAfterTheirTime: Kubernetes takes Job and pods away when the archive has them, and not before.
func TestEndedRunsAreRemovedAfterTheirTime(t *testing.T) {
	t.Parallel()
	s := newSite(t, "ttl", siteOptions{limits: soon, idle: true})
	spec := s.commands(t, "ended", []string{"print", "kept"})
	job := s.launch(t, spec)
	if ttl := job.Spec.TTLSecondsAfterFinished; ttl == nil || time.Duration(*ttl)*time.Second != process.UnarchivedTTL {
		t.Errorf("nobody archives, and the Job goes after %v s", ttl)
	}
	eventually(t, patience, "end of the Job", func() (bool, string) {
		job, err := api.BatchV1().Jobs(s.namespace).Get(t.Context(), job.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return job.Status.CompletionTime != nil, asJSON(job.Status)
	})
	stop := s.start(t)
	status := s.want(t, spec, process.Done, "")
	if diff := cmp.Diff([]string{"kept"}, s.logOf(t, spec, status, 0)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	s.nothingLeft(t, spec)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestJobDeletedBehindOurBackIsLost: never a success, whether the loop was there or not; what its log had said is kept.
// T23.
func TestJobDeletedBehindOurBackIsLost(t *testing.T) {
	t.Parallel()
	s := newSite(t, "lost", siteOptions{idle: true})
	stop := s.start(t)
	watched := s.commands(t, "watched", []string{"sleep", "600"})
	unseen := s.commands(t, "unseen", []string{"sleep", "600"})
	finished := s.commands(t, "finished", []string{"print", "well"}, []string{"sleep", "3"})
	for _, spec := range []process.Spec{watched, unseen, finished} {
		s.launch(t, spec)
	}
	for _, spec := range []process.Spec{watched, unseen, finished} {
		s.logging(t, spec, "asleep")
	}
	if _, err := cluster.Kubectl(t.Context(), "--namespace", s.namespace, "delete", "job", process.JobName("watched", 0)); err != nil {
		t.Fatal(err)
	}
	status := s.want(t, watched, process.Failed, process.Lost)
	if got := s.logOf(t, watched, status, 0); len(got) == 0 || got[0] != "asleep" {
		t.Errorf("log %q, want what it had said", got)
	}

	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"unseen", "finished"} {
		if name == "finished" { // it ends well, and nobody sees it
			if _, err := cluster.Kubectl(t.Context(), "--namespace", s.namespace, "wait", "--for=condition=Complete", "--timeout=120s",
				"job/"+process.JobName(name, 0)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := cluster.Kubectl(t.Context(), "--namespace", s.namespace, "delete", "job", process.JobName(name, 0)); err != nil {
			t.Fatal(err)
		}
	}
	stop = s.start(t)
	status = s.want(t, unseen, process.Failed, process.Lost)
	if got := s.logOf(t, unseen, status, 0); len(got) == 0 || got[0] != "asleep" || len(status.Warnings) == 0 {
		t.Errorf("log %q, want what it had said, and a warning that it may not be all: %s", got, asJSON(status))
	}
	s.want(t, finished, process.Failed, process.Lost)
	if err := stop(); err != nil {
		t.Error(err)
	}
}
