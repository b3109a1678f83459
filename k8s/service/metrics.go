package service

import (
	"bytes"
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	batchv1 "k8s.io/api/batch/v1"

	"kernelindexer/k8s/api"
	"kernelindexer/k8s/controller"
	"kernelindexer/k8s/process"
)

const namespace = api.MetricsNamespace

// metrics are those of the loop and of the cluster; those of requests are of packages serve and api.
type metrics struct {
	registry *prometheus.Registry
	kube     *prometheus.CounterVec
	actions  *prometheus.CounterVec
	runs     *prometheus.CounterVec
	phases   *prometheus.HistogramVec
	lines    prometheus.Counter
	bytes    prometheus.Counter
	failures prometheus.Counter
	damaged  prometheus.Counter
	leader   prometheus.Gauge
	cluster  atomic.Pointer[controller.Kubernetes]
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		kube:     counters("kube_requests_total", "Requests to the API server, by the status of the answer.", "code"),
		actions:  counters("reconcile_actions_total", "What the loop has done for runs, and whether it could: ok or failed.", "action", "result"),
		runs:     counters("runs_total", "Runs that have ended and were archived, by how; code is empty where nothing failed.", "state", "code"),
		phases: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "run_phase_seconds", Help: "How long an archived run was queued, and how long it was running.",
			Buckets: []float64{1, 2, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600},
		}, []string{"phase"}),
		lines:    counter("log_lines_total", "Lines of logs read from nodes, some again after a stream has broken."),
		bytes:    counter("log_bytes_total", "Bytes of logs read from nodes, time stamps included, some again after a stream has broken."),
		failures: counter("reconcile_failures_total", "What the loop could not do, and tries again."),
		damaged:  counter("archive_damaged_total", "Documents of the archive that were passed over because they cannot be read."),
		leader: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "leader", Help: "1 while this process looks after runs.",
		}),
	}
	m.registry.MustRegister(
		m.kube, m.actions, m.runs, m.phases, m.lines, m.bytes, m.failures, m.damaged, m.leader,
		m.jobs("jobs_active", "Jobs of runs that are not over.", func(job *batchv1.Job) bool { return !process.Finished(job) }),
		m.jobs("archive_pending", "Jobs of runs that are over and not archived yet.", func(job *batchv1.Job) bool {
			return process.Finished(job) && !process.Archived(job)
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "domains_unwatched", Help: "Domains that cannot be watched: they do not exist, or there are no rights.",
		}, func() float64 {
			if cluster := m.cluster.Load(); cluster != nil {
				return float64(len(cluster.Unwatched()))
			}
			return 0
		}),
	)
	return m
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

// jobs is a gauge of the Jobs, of those that are cached, of which something is true.
func (m *metrics) jobs(name, help string, is func(*batchv1.Job) bool) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, func() float64 {
		cluster := m.cluster.Load()
		if cluster == nil {
			return 0
		}
		jobs, err := cluster.Jobs(context.Background(), "", nil)
		if err != nil {
			return 0
		}
		n := 0
		for _, job := range jobs {
			if is(job) {
				n++
			}
		}
		return float64(n)
	})
}

// done counts what the loop has done, and the runs that it has brought to their end.
func (m *metrics) done(_ controller.Key, action process.Action, err error) {
	if err != nil {
		m.actions.WithLabelValues(string(action.Kind), "failed").Inc()
		return
	}
	m.actions.WithLabelValues(string(action.Kind), "ok").Inc()
	if action.Kind == process.ActArchive {
		m.ended(action.Outcome.Status)
	}
}

func (m *metrics) ended(status process.Status) {
	code := ""
	if status.Failure != nil {
		code = string(status.Failure.Code)
	}
	m.runs.WithLabelValues(string(status.State), code).Inc()
	m.lasted("queued", status.CreatedAt, status.StartedAt)
	m.lasted("running", status.StartedAt, status.FinishedAt)
}

// lasted observes a phase whose beginning and end are known.
func (m *metrics) lasted(phase string, from, to *time.Time) {
	if from != nil && to != nil {
		m.phases.WithLabelValues(phase).Observe(max(to.Sub(*from), 0).Seconds())
	}
}

// copied counts what is read of logs.
func (m *metrics) copied(piece []byte) {
	m.bytes.Add(float64(len(piece)))
	m.lines.Add(float64(bytes.Count(piece, []byte("\n"))))
}
