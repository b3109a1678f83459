//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// kubectl runs kubectl in the site's namespace; a failure ends the test.
func (s *site) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := cluster.Kubectl(t.Context(), append([]string{"--namespace", s.namespace}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// read decodes what `kubectl get` shows into an API object.
func read[T any](t *testing.T, s *site, args ...string) T {
	t.Helper()
	var object T
	out := s.kubectl(t, append([]string{"get", "--output=json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &object); err != nil {
		t.Fatalf("kubectl get %v: %v", args, err)
	}
	return object
}

// pods returns the pods of a component, or of a Job with its label.
func (s *site) pods(t *testing.T, selector string) []corev1.Pod {
	t.Helper()
	return read[corev1.PodList](t, s, "pods", "--selector="+selector).Items
}

func (s *site) job(t *testing.T, name string) batchv1.Job {
	t.Helper()
	return read[batchv1.Job](t, s, "job", name)
}

// podOf waits for the only pod of a Job.
func (s *site) podOf(t *testing.T, job string, phase corev1.PodPhase) (pod corev1.Pod) {
	t.Helper()
	eventually(t, time.Minute, fmt.Sprintf("pod of Job %s in phase %s", job, phase), func() (bool, string) {
		pods := s.pods(t, "batch.kubernetes.io/job-name="+job)
		if len(pods) != 1 {
			return false, fmt.Sprintf("%d pods", len(pods))
		}
		pod = pods[0]
		return pod.Status.Phase == phase, string(pod.Status.Phase)
	})
	return pod
}

// run makes a Job by hand from the CronJob, as an administrator does.
func (s *site) run(t *testing.T, name string) {
	t.Helper()
	s.kubectl(t, "create", "job", name, "--from=cronjob/kernel-indexer")
}

// finished waits until a Job has ended one way or the other and returns its last condition.
func (s *site) finished(t *testing.T, name string, limit time.Duration) (end batchv1.JobCondition) {
	t.Helper()
	eventually(t, limit, "end of Job "+name, func() (bool, string) {
		job := s.job(t, name)
		for _, c := range job.Status.Conditions {
			over := c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed
			if over && c.Status == corev1.ConditionTrue {
				end = c
				return true, ""
			}
		}
		return false, fmt.Sprintf("%+v", job.Status)
	})
	return end
}

// succeed runs a Job that must succeed.
func (s *site) succeed(t *testing.T, name string) {
	t.Helper()
	s.run(t, name)
	if end := s.finished(t, name, time.Minute); end.Type != batchv1.JobComplete {
		t.Fatalf("Job %s: %s: %s\n%s", name, end.Reason, end.Message, s.kubectl(t, "logs", "job/"+name))
	}
}

// exitCode is that of the only container of a pod which has ended.
func exitCode(t *testing.T, pod corev1.Pod) int32 {
	t.Helper()
	if len(pod.Status.ContainerStatuses) != 1 || pod.Status.ContainerStatuses[0].State.Terminated == nil {
		t.Fatalf("pod %s has not ended: %+v", pod.Name, pod.Status.ContainerStatuses)
	}
	return pod.Status.ContainerStatuses[0].State.Terminated.ExitCode
}

// event waits for an event with that reason whose message holds a text.
func (s *site) event(t *testing.T, limit time.Duration, reason, text string) {
	t.Helper()
	eventually(t, limit, "event "+reason+": "+text, func() (bool, string) {
		var seen []string
		for _, e := range read[corev1.EventList](t, s, "events").Items {
			if e.Reason == reason && strings.Contains(e.Message, text) {
				return true, ""
			}
			seen = append(seen, e.Reason+": "+e.Message)
		}
		return false, strings.Join(seen, "\n")
	})
}

// eventually waits until something holds. The function says what it sees instead.
func eventually(t *testing.T, limit time.Duration, what string, holds func() (bool, string)) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(500 * time.Millisecond) {
		ok, seen := holds()
		if ok {
			return
		}
		if time.Since(begin) > limit {
			t.Fatalf("not after %s: %s; instead: %s", limit, what, seen)
		}
	}
}
