//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"kernelindexer/k8s/cluster/onenode"
)

// What changes something is done with kubectl, as an administrator does it. Looking, which tests do all the time while
// they wait, goes by way of the API: a kubectl for each look would be most of the machine's work.

// clientOf returns a client without a limit of requests.
func clientOf(c *onenode.Cluster) (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	return kubernetes.NewForConfig(config)
}

// kubectl runs kubectl in the site's namespace; a failure ends the test.
func (s *site) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return kubectl(t, append([]string{"--namespace", s.namespace}, args...)...)
}

// kubectl runs kubectl outside of any site.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := cluster.Kubectl(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// pods returns the pods with a label.
func (s *site) pods(t *testing.T, selector string) []corev1.Pod {
	t.Helper()
	list, err := api.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func (s *site) job(t *testing.T, name string) *batchv1.Job {
	t.Helper()
	job, err := api.BatchV1().Jobs(s.namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// log returns what a pod has printed so far.
func (s *site) log(t *testing.T, pod string) string {
	t.Helper()
	text, err := api.CoreV1().Pods(s.namespace).GetLogs(pod, &corev1.PodLogOptions{}).DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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
		list, err := api.CoreV1().Events(s.namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return false, err.Error()
		}
		var seen []string
		for _, e := range list.Items {
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
