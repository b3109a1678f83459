//go:build e2e

package jobs

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"kernelindexer/k8s/process"
)

// TestMoreDiskThanAskedForIsToldAsSuch: in a directory that commands share, and in one of the container's own. T12.
func TestMoreDiskThanAskedForIsToldAsSuch(t *testing.T) {
	t.Parallel()
	s := newSite(t, "storage", siteOptions{})
	shared := s.commands(t, "shared", []string{"fill", "/data/file", "60"})
	shared.Directories, shared.Resources.Ephemeral = []string{"data"}, "20Mi"
	own := s.commands(t, "own", []string{"fill", "/home/mine", "60"})
	own.Environment, own.Resources.Ephemeral = pinned(t, open, "home"), "20Mi"
	s.launch(t, shared)
	s.launch(t, own)
	for spec, words := range map[*process.Spec]string{&shared: "emptydir", &own: "ephemeral local storage"} {
		status := s.want(t, *spec, process.Failed, process.StorageLimit)
		if status.Failure.Retriable || !strings.Contains(strings.ToLower(status.Failure.Message), words) {
			t.Errorf("%s: want it not retriable, in the kubelet's words: %s", spec.Process, asJSON(status.Failure))
		}
		if got := s.logOf(t, *spec, status, 0); len(got) == 0 || got[0] != "filled" {
			t.Errorf("%s: log %q", spec.Process, got)
		}
	}
}

// TestRunOfAQueueBeginsWhenItIsAdmitted: as Kueue does it, which lets the Job go. T26.
func TestRunOfAQueueBeginsWhenItIsAdmitted(t *testing.T) {
	t.Parallel()
	s := newSite(t, "admitted", siteOptions{})
	spec := s.commands(t, "admitted", []string{"print", "let in"})
	spec.Queue = "some"
	job := s.launch(t, spec)
	if job.Spec.Suspend == nil || !*job.Spec.Suspend || job.Labels["kueue.x-k8s.io/queue-name"] != "some" {
		t.Errorf("a Job that waits for a queue: suspended %v, labels %v", job.Spec.Suspend, job.Labels)
	}
	patch := []byte(`{"spec":{"suspend":false}}`)
	if _, err := api.BatchV1().Jobs(s.namespace).Patch(t.Context(), job.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	status := s.want(t, spec, process.Done, "")
	if diff := cmp.Diff([]string{"let in"}, s.logOf(t, spec, status, 0)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// TestRunOfAQueueThatNobodyServesIsNotAdmitted: a Job that waits for Kueue is suspended, and would wait for ever. T26.
func TestRunOfAQueueThatNobodyServesIsNotAdmitted(t *testing.T) {
	t.Parallel()
	s := newSite(t, "queue", siteOptions{})
	spec := s.commands(t, "queued", []string{"print", "never"})
	spec.Queue, spec.StartWithin = "none", 3*time.Second
	s.launch(t, spec)
	if failure := s.want(t, spec, process.Failed, process.NotAdmitted).Failure; !failure.Retriable {
		t.Errorf("want it retriable: %s", asJSON(failure))
	}
	s.nothingLeft(t, spec)
}

// TestAnyIDIsARun: what is no name of an object, and no label, and what would be the name of another. T18.
func TestAnyIDIsARun(t *testing.T) {
	t.Parallel()
	s := newSite(t, "names", siteOptions{})
	ids := []string{strings.Repeat("long", 32), "Grün & Blau/é \U0001F4A9", "a.b", "A", "a", "-", "x234567abcdefghi"}
	specs := make([]process.Spec, len(ids))
	for i, id := range ids {
		specs[i] = s.commands(t, id, []string{"echo"})
		specs[i].Name, specs[i].Version = "Name of "+id[:1], 1_000_000
		s.launch(t, specs[i])
	}
	for i, id := range ids {
		outcome := s.outcome(t, specs[i])
		if outcome.Status.State != process.Done || outcome.Record.Process != id {
			t.Errorf("%q: %s of %q", id, outcome.Status.State, outcome.Record.Process)
			continue
		}
		if got := echoed(t, s.logOf(t, specs[i], outcome.Status, 0)).Env["PROCESS_ID"]; got != id {
			t.Errorf("PROCESS_ID is %q, want %q", got, id)
		}
	}
}

// TestKernelIsMountedReadOnlyAtItsOwnPath: into an image that knows nothing of it, with what makes it the active
// environment.
func TestKernelIsMountedReadOnlyAtItsOwnPath(t *testing.T) {
	t.Parallel()
	s := newSite(t, "kernel", siteOptions{})
	kernels := t.TempDir()
	prefix := filepath.Join(kernels, "Python/geo/1.0")
	if err := os.MkdirAll(prefix+"/conda-meta", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(prefix+"/conda-meta/history", []byte("of the kernel"), 0o644); err != nil {
		t.Fatal(err)
	}
	for dir := kernels; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // anybody may read kernels
			t.Fatal(err)
		}
	}
	capacity := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	modes := []corev1.PersistentVolumeAccessMode{corev1.ReadOnlyMany}
	_, err := api.CoreV1().PersistentVolumes().Create(t.Context(), &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: capacity, AccessModes: modes,
			PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: kernels}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := api.CoreV1().PersistentVolumes().Delete(context.WithoutCancel(t.Context()), s.namespace, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	_, err = api.CoreV1().PersistentVolumeClaims(s.namespace).Create(t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "kernels"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: modes, VolumeName: s.namespace, StorageClassName: new(""),
			Resources: corev1.VolumeResourceRequirements{Requests: capacity},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const at = "/sw/kernels/Python/geo/1.0"
	spec := s.commands(t, "kernel", []string{"read", at + "/conda-meta/history"}, []string{"echo"}, []string{"write", at + "/mine", "x"})
	spec.Environment.Kind = process.KindKernel
	spec.Environment.Kernel = process.Kernel{Prefix: at, Claim: "kernels", SubPath: "Python/geo/1.0"}
	s.launch(t, spec)
	status := s.want(t, spec, process.Failed, process.AppError)
	if diff := cmp.Diff([]string{at + "/conda-meta/history: of the kernel"}, s.logOf(t, spec, status, 0)); diff != "" {
		t.Errorf("what is there (-want +got):\n%s", diff)
	}
	env := echoed(t, s.logOf(t, spec, status, 1)).Env
	if env["CONDA_PREFIX"] != at || !strings.HasPrefix(env["PATH"], at+"/bin:") {
		t.Errorf("CONDA_PREFIX %q, PATH %q", env["CONDA_PREFIX"], env["PATH"])
	}
	if got := strings.Join(s.logOf(t, spec, status, 2), "\n"); !strings.Contains(got, "read-only file system") {
		t.Errorf("writing to the kernel: %q", got)
	}
}
