//go:build e2e

package jobs

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/process"
)

// TestPodsThatAreCollectedEarlyLoseNoLog: where the cluster keeps ten ended pods, fifty short runs at once come to their
// archived end with all they said. T24. The test is not parallel: the collector takes the pods of others too.
func TestPodsThatAreCollectedEarlyLoseNoLog(t *testing.T) {
	const runs, kept = 50, 10
	// A second controller manager, which has only this to do. It ends with the test.
	var log bytes.Buffer
	collector := cluster.Command(t.Context(), cluster.Bin+"/kube-controller-manager", "--kubeconfig="+cluster.Kubeconfig(),
		"--controllers=pod-garbage-collector-controller", fmt.Sprint("--terminated-pod-gc-threshold=", kept),
		"--leader-elect=false", "--secure-port=0")
	collector.Stdout, collector.Stderr = &log, &log
	collector.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := collector.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = collector.Process.Signal(os.Interrupt)
		_ = collector.Wait()
		if t.Failed() {
			t.Logf("the collector said:\n%s", log.String())
		}
	}()

	s := newSite(t, "collected", siteOptions{})
	specs := make([]process.Spec, runs)
	for i := range specs {
		specs[i] = s.commands(t, fmt.Sprintf("short-%02d", i), []string{"print", fmt.Sprint("run ", i), "same", "same", "the end"})
		s.launch(t, specs[i])
	}
	for i, spec := range specs {
		status := s.want(t, spec, process.Done, "")
		want := []string{fmt.Sprint("run ", i), "same", "same", "the end"}
		if diff := cmp.Diff(want, s.logOf(t, spec, status, 0)); diff != "" || len(status.Warnings) != 0 {
			t.Errorf("%s: warnings %v, log (-want +got):\n%s", spec.Process, status.Warnings, diff)
		}
	}
	eventually(t, patience, "collected pods", func() (bool, string) {
		n := 0
		for _, spec := range specs {
			n += len(s.pods(t, spec))
		}
		return n <= kept, fmt.Sprint(n, " pods")
	})
}
