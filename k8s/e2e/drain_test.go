//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"kernelindexer/k8s/cluster/onenode"
	"kernelindexer/manifests"
)

// TestPodLostMidRunLeavesThePairAndTheScheduleRepairs deletes the indexer's pod in the middle of a run, and evicts that
// of another run by draining its node. What the schedule starts then is not in the way of anything they left.
func TestPodLostMidRunLeavesThePairAndTheScheduleRepairs(t *testing.T) {
	t.Parallel()
	s := newSite(t, "lost", siteOptions{})
	sample := s.hidden(t)
	s.succeed(t, "first")
	s.ready(t)
	served := s.status(t).Generation
	collated, index := s.pair(t)
	s.addKernel(t, kernelOfSample, "9.9")
	open := s.gate(t, "R/tidyverse/4.4") // the last kernel: others have been indexed

	lost := func(job string) {
		t.Helper()
		if end := s.finished(t, job, time.Minute); end.Type != batchv1.JobFailed || end.Reason != "BackoffLimitExceeded" {
			t.Errorf("%s: the Job ended as %s: %s, want it failed without a retry", job, end.Type, end.Reason)
		}
		if newCollated, newIndex := s.pair(t); newCollated != collated || newIndex != index {
			t.Errorf("%s: the published pair changed", job)
		}
		if now := s.status(t).Generation; now != served {
			t.Errorf("%s: generation %s is served, want %s", job, now, served)
		}
	}

	s.run(t, "deleted")
	s.midRun(t, "deleted")
	s.kubectl(t, "delete", "pod", "--selector=batch.kubernetes.io/job-name=deleted", "--timeout=60s")
	lost("deleted")

	s.run(t, "drained")
	s.midRun(t, "drained")
	s.drain(t, "batch.kubernetes.io/job-name=drained")
	lost("drained")

	open()
	s.write(t, siteOptions{schedule: "* * * * *"})
	s.kubectl(t, "apply", "--kustomize", s.overlay)
	repaired := s.nextScheduled(t)
	if end := s.finished(t, repaired, time.Minute); end.Type != batchv1.JobComplete {
		t.Fatalf("the next schedule: %s: %s", end.Reason, end.Message)
	}
	s.waitGeneration(t, served)
	if !slices.Contains(s.kernels(t), "Python/geo/9.9") {
		t.Errorf("the new kernel is not served: %v", s.kernels(t))
	}
	if diff := cmp.Diff(append([]string{manifests.LockName}, sample...), s.hidden(t)); diff != "" {
		t.Errorf("hidden files, but for the lock, are not those of the sample (-want +got):\n%s", diff)
	}
}

// drain evicts pods from the node as an administrator does who takes it out of service, and puts it into service again.
func (s *site) drain(t *testing.T, selector string) {
	t.Helper()
	uncordon := func() error {
		_, err := cluster.Kubectl(context.WithoutCancel(t.Context()), "uncordon", onenode.NodeName)
		return err
	}
	_, err := cluster.Kubectl(t.Context(), "--namespace", s.namespace, "drain", onenode.NodeName,
		"--pod-selector="+selector, "--delete-emptydir-data", "--timeout=60s")
	if err := errors.Join(err, uncordon()); err != nil {
		t.Fatal(err)
	}
}

// midRun waits until a Job has indexed kernels and is still at it.
func (s *site) midRun(t *testing.T, job string) {
	t.Helper()
	pod := s.podOf(t, job, corev1.PodRunning)
	eventually(t, 30*time.Second, "indexed kernels in the log of "+job, func() (bool, string) {
		n := strings.Count(s.log(t, pod.Name), `"message":"indexed"`)
		return n >= 5, fmt.Sprint(n)
	})
	if phase := s.podOf(t, job, corev1.PodRunning).Status.Phase; phase != corev1.PodRunning {
		t.Fatalf("the pod of %s is %s", job, phase)
	}
}

// hidden returns the hidden files and folders of the repository, where runs keep what is unfinished.
func (s *site) hidden(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(s.repo, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(entry.Name(), ".") {
			paths = append(paths, strings.TrimPrefix(path, s.repo+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
