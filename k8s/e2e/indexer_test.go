//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/manifests"
)

const scheduled = "app.kubernetes.io/component=indexer"

// kernelOfSample is a kernel of the sample repository.
const kernelOfSample = "Python/geo/1.2"

// TestScheduleIndexesRestrictedAndAlone follows one run from its schedule to the page: who it runs as, what it may
// write, that nothing starts beside it, and that the web server is ready when, and only when, it has published.
func TestScheduleIndexesRestrictedAndAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, "schedule", siteOptions{schedule: "* * * * *"})
	open := s.gate(t, kernelOfSample)

	first := s.nextScheduled(t)
	pod := s.podOf(t, first, corev1.PodRunning)
	p := processOf(t, pod)
	p.wantRestricted(t)
	if err := p.writable("/"); !errors.Is(err, syscall.EROFS) {
		t.Errorf("write to the root file system: %v, want it to be read-only", err)
	}
	for _, folder := range []string{"/kernels", "/tmp"} {
		if err := p.writable(folder); err != nil {
			t.Errorf("the repository and /tmp are to be written to: %v", err)
		}
	}

	t.Run("a Job by hand meets the lock", func(t *testing.T) {
		s.run(t, "by-hand")
		if end := s.finished(t, "by-hand", time.Minute); end.Type != batchv1.JobFailed {
			t.Errorf("it ended as %s", end.Type)
		}
		pod := s.podOf(t, "by-hand", corev1.PodFailed)
		if code := exitCode(t, pod); code != 1 {
			t.Errorf("exit code %d, want 1", code)
		}
		if log := s.log(t, pod.Name); !strings.Contains(log, manifests.LockName+" is locked by") {
			t.Errorf("the log does not name the lock:\n%s", log)
		}
	})
	t.Run("a pod without documents is alive and not ready", func(t *testing.T) {
		s.wantUnready(t)
	})
	t.Run("the next schedule does not start beside it", func(t *testing.T) {
		s.event(t, 90*time.Second, "JobAlreadyActive", "")
		if jobs := s.scheduledJobs(t); len(jobs) != 1 {
			t.Errorf("%d Jobs, want the first alone: %v", len(jobs), jobs)
		}
	})

	open()
	if end := s.finished(t, first, time.Minute); end.Type != batchv1.JobComplete {
		t.Fatalf("%s: %s", end.Reason, end.Message)
	}
	if code := exitCode(t, s.podOf(t, first, corev1.PodSucceeded)); code != 0 {
		t.Errorf("exit code %d", code)
	}
	log := s.kubectl(t, "logs", "job/"+first)
	if !strings.Contains(log, `"kernels":14`) || !strings.Contains(log, `"message":"done"`) {
		t.Errorf("no summary in the log:\n%s", log)
	}
	s.wantOwned(t)
	s.ready(t)
	if status := s.status(t); status.Kernels != 14 || status.LastRun.ExitCode != 0 {
		t.Errorf("the web server shows %+v", status)
	}
}

// wantOwned fails if the published documents are not the indexer's user's, or not readable for everyone.
func (s *site) wantOwned(t *testing.T) {
	t.Helper()
	for _, name := range []string{manifests.CollatedName, manifests.PackageIndexName, manifests.StatusName} {
		info, err := os.Stat(filepath.Join(s.repo, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != indexerUser || info.Mode().Perm()&0o444 != 0o444 {
			t.Errorf("%s: mode %s, user %d", name, info.Mode(), owner.Uid)
		}
	}
}

// scheduledJobs returns the names of the Jobs that the CronJob made, not those made by hand.
func (s *site) scheduledJobs(t *testing.T) (names []string) {
	t.Helper()
	list, err := api.BatchV1().Jobs(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: scheduled})
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range list.Items {
		if strings.HasPrefix(job.Name, "kernel-indexer-") {
			names = append(names, job.Name)
		}
	}
	return names
}

// nextScheduled waits for the first Job that the schedule makes.
func (s *site) nextScheduled(t *testing.T) (name string) {
	t.Helper()
	eventually(t, 100*time.Second, "a Job made by the schedule", func() (bool, string) {
		jobs := s.scheduledJobs(t)
		if len(jobs) > 0 {
			name = jobs[0]
		}
		return name != "", "none"
	})
	return name
}

// TestMissingRepositoryFailsThePod shows that a node without the mount does not index an empty folder: the pod does not
// start, nothing is created, and the Job fails at its deadline.
func TestMissingRepositoryFailsThePod(t *testing.T) {
	t.Parallel()
	s := newSite(t, "missing", siteOptions{missing: true, patches: `  - target: {kind: CronJob, name: kernel-indexer}
    patch: |-
      - {op: replace, path: /spec/jobTemplate/spec/activeDeadlineSeconds, value: 20}
`})
	s.run(t, "run")
	s.event(t, time.Minute, "FailedMount", "hostPath type check failed: "+s.repo+" is not a directory")
	end := s.finished(t, "run", time.Minute)
	if end.Type != batchv1.JobFailed || end.Reason != "DeadlineExceeded" {
		t.Errorf("the Job ended as %s: %s", end.Type, end.Reason)
	}
	if _, err := os.Lstat(s.repo); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the repository was created: %v", err)
	}
}

// TestBrokenKernelFailsTheJobAndThePageGoesOn breaks a kernel after a good run.
func TestBrokenKernelFailsTheJobAndThePageGoesOn(t *testing.T) {
	t.Parallel()
	s := newSite(t, "broken", siteOptions{})
	s.succeed(t, "good")
	s.ready(t)
	before := s.status(t)
	collated, index := s.pair(t)

	record := filepath.Join(s.repo, kernelOfSample, "conda-meta", "broken-1.0-0.json")
	if err := os.WriteFile(record, []byte(`{"name": "broken", `), 0o644); err != nil {
		t.Fatal(err)
	}
	s.run(t, "bad")
	end := s.finished(t, "bad", time.Minute)
	if end.Type != batchv1.JobFailed || end.Reason != "BackoffLimitExceeded" {
		t.Errorf("the Job ended as %s: %s", end.Type, end.Reason)
	}
	if failed := s.job(t, "bad").Status.Failed; failed != 1 {
		t.Errorf("%d pods failed, want 1: there is no retry", failed)
	}
	if code := exitCode(t, s.podOf(t, "bad", corev1.PodFailed)); code != 4 {
		t.Errorf("exit code %d, want 4", code)
	}
	if newCollated, newIndex := s.pair(t); newCollated != collated || newIndex != index {
		t.Error("the published pair changed")
	}
	eventually(t, 10*time.Second, "the failure on the web server's status", func() (bool, string) {
		after := s.status(t)
		same := after.Generation == before.Generation && after.Kernels == before.Kernels
		run := after.LastRun
		return same && run.ExitCode == 4 && run.FailedKernel == kernelOfSample && run.Error != "", fmt.Sprintf("%+v", after)
	})
	s.ready(t)
}

// TestShardsPublishWhatOneRunDoes lets the four pods of one Indexed Job share the work of one, and then fail together.
func TestShardsPublishWhatOneRunDoes(t *testing.T) {
	t.Parallel()
	s := newSite(t, "shards", siteOptions{})
	s.succeed(t, "alone")
	collated, index := s.pair(t)
	for _, name := range []string{manifests.CollatedName, manifests.PackageIndexName} {
		if err := os.Remove(filepath.Join(s.repo, name)); err != nil {
			t.Fatal(err)
		}
	}
	s.write(t, siteOptions{components: []string{"sharded"}})
	s.kubectl(t, "apply", "--kustomize", s.overlay)
	s.succeed(t, "shared")
	if job := s.job(t, "shared"); job.Status.Succeeded != 4 {
		t.Errorf("%d pods succeeded, want 4", job.Status.Succeeded)
	}
	newCollated, newIndex := s.pair(t)
	if undated(collated) != undated(newCollated) || undated(index) != undated(newIndex) {
		t.Error("four shards published other documents than one run")
	}

	if err := os.WriteFile(filepath.Join(s.repo, kernelOfSample, "conda-meta", "broken-1.0-0.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s.run(t, "broken")
	if end := s.finished(t, "broken", time.Minute); end.Type != batchv1.JobFailed {
		t.Errorf("the Job with a broken kernel ended as %s", end.Type)
	}
	if c, i := s.pair(t); c != newCollated || i != newIndex {
		t.Error("a shard failed, and the published pair changed")
	}
}

// undated replaces the times in a document.
func undated(document string) string {
	return regexp.MustCompile(`"\d{4}-\d\d-\d\dT[^"]*"`).ReplaceAllString(document, `""`)
}
