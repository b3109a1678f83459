package service

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"kernelindexer/k8s/controller"
	"kernelindexer/k8s/process"
)

// What the loop does, reads and ends is counted; what was done before, or could not be, is no end.
func TestWhatTheLoopDoesIsCounted(t *testing.T) {
	m := newMetrics()
	at := func(second int) *time.Time { return new(time.Unix(int64(second), 0)) }
	failed := process.Status{
		State: process.Failed, Failure: &process.Failure{Code: process.ImagePull}, CreatedAt: at(0), FinishedAt: at(120),
	}
	done := process.Status{State: process.Done, CreatedAt: at(0), StartedAt: at(4), FinishedAt: at(14)}
	for _, status := range []process.Status{failed, done, done} {
		m.done(controller.Key{}, process.Action{Kind: process.ActArchive, Outcome: &process.Outcome{Status: status}}, nil)
	}
	m.done(controller.Key{}, process.Action{Kind: process.ActArchive, Outcome: &process.Outcome{Status: done}}, errors.New("no"))
	m.done(controller.Key{}, process.Action{Kind: process.ActStop}, nil)
	m.copied([]byte("one\ntwo\nth"))
	m.copied([]byte("ree\n"))
	want := `
# HELP kernel_jobs_log_bytes_total Bytes of logs read from nodes, time stamps included, some again after a stream has broken.
# TYPE kernel_jobs_log_bytes_total counter
kernel_jobs_log_bytes_total 14
# HELP kernel_jobs_log_lines_total Lines of logs read from nodes, some again after a stream has broken.
# TYPE kernel_jobs_log_lines_total counter
kernel_jobs_log_lines_total 3
# HELP kernel_jobs_reconcile_actions_total What the loop has done for runs, and whether it could: ok or failed.
# TYPE kernel_jobs_reconcile_actions_total counter
kernel_jobs_reconcile_actions_total{action="archive",result="failed"} 1
kernel_jobs_reconcile_actions_total{action="archive",result="ok"} 3
kernel_jobs_reconcile_actions_total{action="stop",result="ok"} 1
# HELP kernel_jobs_run_phase_seconds How long an archived run was queued, and how long it was running.
# TYPE kernel_jobs_run_phase_seconds histogram
kernel_jobs_run_phase_seconds_bucket{phase="queued",le="1"} 0
kernel_jobs_run_phase_seconds_bucket{phase="queued",le="2"} 0
kernel_jobs_run_phase_seconds_bucket{phase="queued",le="5"} 2
kernel_jobs_run_phase_seconds_bucket{phase="queued",le="15"} 2
kernel_jobs_run_phase_seconds_bucket{phase="queued",le="60"} 2
kernel_jobs_run_phase_seconds_bucket{phase="queued",le="300"} 2
kernel_jobs_run_phase_seconds_bucket{phase="queued",le="900"} 2
kernel_jobs_run_phase_seconds_bucket{phase="queued",le="3600"} 2
kernel_jobs_run_phase_seconds_bucket{phase="queued",le="14400"} 2
kernel_jobs_run_phase_seconds_bucket{phase="queued",le="86400"} 2
kernel_jobs_run_phase_seconds_bucket{phase="queued",le="+Inf"} 2
kernel_jobs_run_phase_seconds_sum{phase="queued"} 8
kernel_jobs_run_phase_seconds_count{phase="queued"} 2
kernel_jobs_run_phase_seconds_bucket{phase="running",le="1"} 0
kernel_jobs_run_phase_seconds_bucket{phase="running",le="2"} 0
kernel_jobs_run_phase_seconds_bucket{phase="running",le="5"} 0
kernel_jobs_run_phase_seconds_bucket{phase="running",le="15"} 2
kernel_jobs_run_phase_seconds_bucket{phase="running",le="60"} 2
kernel_jobs_run_phase_seconds_bucket{phase="running",le="300"} 2
kernel_jobs_run_phase_seconds_bucket{phase="running",le="900"} 2
kernel_jobs_run_phase_seconds_bucket{phase="running",le="3600"} 2
kernel_jobs_run_phase_seconds_bucket{phase="running",le="14400"} 2
kernel_jobs_run_phase_seconds_bucket{phase="running",le="86400"} 2
kernel_jobs_run_phase_seconds_bucket{phase="running",le="+Inf"} 2
kernel_jobs_run_phase_seconds_sum{phase="running"} 20
kernel_jobs_run_phase_seconds_count{phase="running"} 2
# HELP kernel_jobs_runs_total Runs that have ended and were archived, by how; code is empty where nothing failed.
# TYPE kernel_jobs_runs_total counter
kernel_jobs_runs_total{code="",state="done"} 2
kernel_jobs_runs_total{code="IMAGE_PULL",state="failed"} 1
`
	err := testutil.GatherAndCompare(m.registry, strings.NewReader(want), "kernel_jobs_log_bytes_total", "kernel_jobs_log_lines_total",
		"kernel_jobs_reconcile_actions_total", "kernel_jobs_run_phase_seconds", "kernel_jobs_runs_total")
	if err != nil {
		t.Error(err)
	}
}

// Whoever is refused for asking too much keeps nobody else from asking: least of all the Lease, without which two loops
// work.
func TestClientsHaveBoundsOfTheirOwn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{"apiVersion":"v1","kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],
"clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:1"}}],"users":[{"name":"u","user":{}}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config := Config{Kubeconfig: file, QPS: 50, Burst: 3}
	made, err := config.connect(newMetrics())
	if err != nil {
		t.Fatal(err)
	}
	requests := made.requests.BatchV1().RESTClient().GetRateLimiter()
	for range config.Burst {
		requests.Accept()
	}
	if requests.TryAccept() {
		t.Error("requests have no bound")
	}
	if !made.loop.BatchV1().RESTClient().GetRateLimiter().TryAccept() || !made.lease.CoordinationV1().RESTClient().GetRateLimiter().TryAccept() {
		t.Error("requests keep the loop or the Lease waiting")
	}
	if made.requests.AuthenticationV1().RESTClient().GetRateLimiter().TryAccept() {
		t.Error("the bound is not that of all requests together")
	}
}
