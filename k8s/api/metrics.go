package api

import "github.com/prometheus/client_golang/prometheus"

// MetricsNamespace is what the names of the metrics of the backend begin with.
const MetricsNamespace = "kernel_jobs"

// metrics are those of what requests do; those of requests as such are package serve's.
type metrics struct {
	streams       prometheus.Gauge
	uploadBytes   prometheus.Counter
	uploadSeconds *prometheus.HistogramVec
	launches      *prometheus.CounterVec
}

func newMetrics(into prometheus.Registerer) *metrics {
	m := &metrics{
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: MetricsNamespace, Name: "log_streams", Help: "Clients that follow a log.",
		}),
		uploadBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: MetricsNamespace, Name: "upload_bytes_total", Help: "Bytes of images that were uploaded, as they came.",
		}),
		uploadSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: MetricsNamespace, Name: "upload_seconds", Help: "How long the steps of an upload took.",
			Buckets: []float64{.01, .1, .5, 1, 5, 15, 60, 300, 1800},
		}, []string{"step"}),
		launches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: MetricsNamespace, Name: "launches_total", Help: "Runs that were asked for, by what came of it.",
		}, []string{"result"}),
	}
	into.MustRegister(m.streams, m.uploadBytes, m.uploadSeconds, m.launches)
	return m
}
