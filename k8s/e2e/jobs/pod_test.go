//go:build e2e

package jobs

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/cluster/onenode"
	"kernelindexer/k8s/process"
)

// TestMemoryThatIsUsedUpIsToldAsSuch: by the main container, by a child of one that ends well itself, by a command before
// the last. T10.
func TestMemoryThatIsUsedUpIsToldAsSuch(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", siteOptions{})
	tests := []struct {
		spec      process.Spec
		container string
	}{
		{s.commands(t, "main", []string{"oom"}), "cmd-00"},
		{s.commands(t, "child", []string{"child"}), "cmd-00"},
		{s.commands(t, "init", []string{"oom"}, []string{"print", "never"}), "cmd-00"},
		{s.commands(t, "init-child", []string{"print", "before"}, []string{"child"}, []string{"print", "after"}), "cmd-01"},
	}
	for _, tt := range tests {
		s.launch(t, tt.spec)
	}
	for _, tt := range tests {
		spec := s.seen(t, tt.spec)
		status := s.want(t, spec, process.Failed, process.OOMKilled)
		if status.Failure.Where == nil || status.Failure.Where.Container != tt.container || !strings.Contains(status.Failure.Message, "64Mi") {
			t.Errorf("%s: want container %s and its limit: %s", tt.spec.Process, tt.container, asJSON(status.Failure))
			continue
		}
		log := strings.Join(s.log(t, spec, *status.Failure.Where), "\n")
		if !strings.Contains(log, "taking all memory") {
			t.Errorf("%s: log %q", tt.spec.Process, log)
		}
	}
}

// seen returns the version of a run of which the runtime saw that its memory was used up: containerd 1.6 now and then
// reports a process that the kernel has killed as one that ended with 137. That is told, too.
func (s *site) seen(t *testing.T, spec process.Spec) process.Spec {
	t.Helper()
	for ; spec.Version < 3; spec.Version++ {
		if failure := s.outcome(t, spec).Status.Failure; failure != nil && failure.Code == process.OOMKilled {
			break
		}
		t.Logf("%s: the runtime did not see it: %s", spec.Process, asJSON(s.outcome(t, spec).Status.Failure))
		next := spec
		next.Version++
		s.launch(t, next)
	}
	return spec
}

// TestPodThatTheClusterTakesAwayIsReplacedAndNotCharged: by eviction, by drain, by a taint of its node. The work has no
// retries and ends well. It has the node for itself: other tests wait until all that is not parallel is over. T11.
func TestPodThatTheClusterTakesAwayIsReplacedAndNotCharged(t *testing.T) {
	s := newSite(t, "disrupted", siteOptions{})
	evict := func(pod string) error {
		return api.PolicyV1().Evictions(s.namespace).Evict(t.Context(), &policyv1.Eviction{
			ObjectMeta: metav1.ObjectMeta{Name: pod, Namespace: s.namespace},
		})
	}
	drain := func(pod string) error {
		_, err := cluster.Kubectl(t.Context(), "--namespace", s.namespace, "drain", onenode.NodeName, "--force", "--timeout=120s",
			"--delete-emptydir-data", "--pod-selector=batch.kubernetes.io/job-name="+process.JobName("drained", 0))
		_, back := cluster.Kubectl(context.WithoutCancel(t.Context()), "uncordon", onenode.NodeName)
		return errors.Join(err, back)
	}
	taint := func(pod string) error {
		_, err := cluster.Kubectl(t.Context(), "taint", "node", onenode.NodeName, "test=away:NoExecute")
		eventually(t, patience, "end of the pod on the tainted node", func() (bool, string) {
			got, err := api.CoreV1().Pods(s.namespace).Get(t.Context(), pod, metav1.GetOptions{})
			return err != nil || got.DeletionTimestamp != nil, string(got.Status.Phase)
		})
		_, back := cluster.Kubectl(context.WithoutCancel(t.Context()), "taint", "node", onenode.NodeName, "test-")
		return errors.Join(err, back)
	}
	for _, tt := range []struct {
		id   string
		take func(pod string) error
	}{{"evicted", evict}, {"drained", drain}, {"tainted", taint}} {
		spec := s.commands(t, tt.id, []string{"sleep", "8"})
		s.launch(t, spec)
		s.logging(t, spec, "asleep")
		first := s.running(t, spec)
		if err := tt.take(first.Name); err != nil {
			t.Fatal(err)
		}
		status := s.want(t, spec, process.Done, "")
		if status.Attempts != 2 || status.Disrupted != 1 {
			t.Errorf("%s: want 2 attempts, of which one was taken away: %s", tt.id, asJSON(status))
		}
		if len(status.Earlier) != 1 || status.Earlier[0].Pod != first.Name || len(status.Earlier[0].Containers) != 1 {
			t.Errorf("%s: want the first attempt, whose pod is gone: %s", tt.id, asJSON(status))
		}
		if diff := cmp.Diff([]string{"asleep", "awake"}, s.logOf(t, spec, status, 0)); diff != "" {
			t.Errorf("%s: log of the second (-want +got):\n%s", tt.id, diff)
		}
		got := s.log(t, spec, process.Stream{Pod: first.Name, Container: process.CommandName(0)})
		if diff := cmp.Diff([]string{"asleep", "asked to end"}, got); diff != "" {
			t.Errorf("%s: log of the first (-want +got):\n%s", tt.id, diff)
		}
	}
}
