package service

import (
	"context"
	"sync/atomic"

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
	failures prometheus.Counter
	leader   prometheus.Gauge
	cluster  atomic.Pointer[controller.Kubernetes]
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		kube: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "kube_requests_total", Help: "Requests to the API server, by the status of the answer.",
		}, []string{"code"}),
		actions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "reconcile_actions_total", Help: "What the loop has done for runs.",
		}, []string{"action"}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "reconcile_failures_total", Help: "What the loop could not do, and tries again.",
		}),
		leader: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "leader", Help: "1 while this process looks after runs.",
		}),
	}
	m.registry.MustRegister(
		m.kube, m.actions, m.failures, m.leader,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "jobs_active", Help: "Jobs of runs that are not over.",
		}, m.active),
	)
	return m
}

// active counts the Jobs that Kubernetes still works on.
func (m *metrics) active() float64 {
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
		if !ended(job) {
			n++
		}
	}
	return float64(n)
}

func ended(job *batchv1.Job) bool {
	for _, c := range job.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == "True" {
			return true
		}
	}
	return false
}

// Before implements [controller.Failpoint]: it stops nothing.
func (m *metrics) Before(controller.Key, process.ActionKind) error { return nil }

// After counts what was done.
func (m *metrics) After(_ controller.Key, kind process.ActionKind) error {
	m.actions.WithLabelValues(string(kind)).Inc()
	return nil
}
