//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kernelindexer/testrepo"
)

// slowest is the ratio from which indexing in a pod counts as broken. It is 0.9 to 1.3 on a quiet machine.
const slowest = 3.0

// TestOneCPUInAPodAgainstOneOutside indexes the same repository in a pod that may use one CPU, and beside the cluster on
// one CPU, in turns. Both read what is in the page cache. The best of each counts, and there are more turns as long as
// other work on the machine, of which the pod and the program outside never have the same share, may be the reason.
// Nothing else goes on in the cluster: the test is not parallel.
func TestOneCPUInAPodAgainstOneOutside(t *testing.T) {
	s := newSite(t, "speed", siteOptions{patches: `  - target: {kind: CronJob, name: kernel-indexer}
    patch: |-
      - {op: replace, path: /spec/jobTemplate/spec/template/spec/containers/0/resources/limits/cpu, value: "1"}
      - {op: replace, path: /spec/jobTemplate/spec/template/spec/containers/0/resources/requests/cpu, value: "1"}
      - {op: add, path: /spec/jobTemplate/spec/template/spec/containers/0/env/-, value: {name: JOBS, value: "2"}}
      - {op: add, path: /spec/jobTemplate/spec/template/spec/containers/0/args/-, value: --lister=files}
  - target: {kind: Deployment, name: kernel-web}
    patch: |-
      - {op: replace, path: /spec/replicas, value: 0}
`})
	if err := os.RemoveAll(s.repo); err != nil {
		t.Fatal(err)
	}
	spec := testrepo.DefaultSpec()
	spec.Kernels, spec.MetaBytes = 24, 2<<20
	if err := testrepo.Generate(s.repo, spec); err != nil {
		t.Fatal(err)
	}
	s.handOver(t)

	var inside, outside []float64
	best := func() float64 { return slices.Min(inside) / slices.Min(outside) }
	for round := 0; round < 3 || round < 12 && best() > slowest; round++ {
		program := exec.CommandContext(t.Context(), "taskset", "--cpu-list", "0", root+"/bin/kernel-indexer", "run",
			"--kernel-root", s.repo, "--lister=files", "--jobs=2")
		log, err := program.Output()
		if err != nil {
			t.Fatalf("outside: %v\n%s", err, log)
		}
		outside = append(outside, seconds(t, string(log)))
		s.handOver(t) // root has written
		job := "round-" + strconv.Itoa(round)
		s.succeed(t, job)
		inside = append(inside, seconds(t, s.kubectl(t, "logs", "job/"+job)))
	}
	ratio := best()
	t.Logf("%d kernels of %d packages: %.2f x (%v s in a pod, %v s outside)", spec.Kernels, spec.Packages, ratio, inside, outside)
	if ratio > slowest {
		t.Errorf("indexing in a pod takes %.2f times as long as outside", ratio)
	}
}

// seconds reads the time that a run took from its summary.
func seconds(t *testing.T, log string) float64 {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(log), "\n")
	var summary struct {
		Message string
		Seconds float64
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil || summary.Message != "done" || summary.Seconds <= 0 {
		t.Fatalf("no summary: %v\n%s", err, log)
	}
	return summary.Seconds
}
