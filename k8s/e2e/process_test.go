//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// process is process 1 of a container, as this machine sees it: what the kernel says holds, whatever the objects say.
type process struct{ folder string }

// processOf finds process 1 of a pod's only container.
func processOf(t *testing.T, pod corev1.Pod) process {
	t.Helper()
	_, id, ok := strings.Cut(pod.Status.ContainerStatuses[0].ContainerID, "://")
	if !ok {
		t.Fatalf("pod %s has no container: %+v", pod.Name, pod.Status.ContainerStatuses)
	}
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	first := 0
	for _, file := range files {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if text, readErr := os.ReadFile(file); err == nil && readErr == nil && strings.Contains(string(text), id) && (first == 0 || pid < first) {
			first = pid
		}
	}
	if first == 0 {
		t.Fatalf("no process of container %s", id)
	}
	return process{fmt.Sprintf("/proc/%d", first)}
}

// status returns a line of /proc/PID/status.
func (p process) status(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(p.folder + "/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	t.Fatalf("no %s in /proc/PID/status", name)
	return ""
}

// wantRestricted fails if the process has more rights than k8s/deploy promises.
func (p process) wantRestricted(t *testing.T) {
	t.Helper()
	for name, want := range map[string]string{
		"Uid": "65532 65532 65532 65532", "Gid": "65532 65532 65532 65532", "NoNewPrivs": "1", "Seccomp": "2",
		"CapInh": "0000000000000000", "CapPrm": "0000000000000000", "CapEff": "0000000000000000", "CapBnd": "0000000000000000",
	} {
		if got := p.status(t, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// writable tries, with root's rights, to make a file where the process sees that folder; the mount alone can refuse it.
func (p process) writable(folder string) error {
	file, err := os.CreateTemp(p.folder+"/root"+folder, "e2e-")
	if err != nil {
		return err
	}
	file.Close()
	return os.Remove(file.Name())
}
