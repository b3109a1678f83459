package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// namespace is what the names of the metrics begin with.
const namespace = "kernel_jobs"

// metrics are those of requests. Labels have few values whatever clients send: routes are patterns.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	streams  prometheus.Gauge

	uploadBytes   prometheus.Counter
	uploadSeconds *prometheus.HistogramVec
	launches      *prometheus.CounterVec
}

func newMetrics(into prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "http_requests_total", Help: "Requests answered.",
		}, []string{"route", "method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "http_request_duration_seconds", Help: "Time from the header of a request to the end of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60, 600},
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "http_requests_in_flight", Help: "Requests being answered.",
		}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "log_streams", Help: "Clients that follow a log.",
		}),
		uploadBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "upload_bytes_total", Help: "Bytes of images that were uploaded, as they came.",
		}),
		uploadSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "upload_seconds", Help: "How long the steps of an upload took.",
			Buckets: []float64{.01, .1, .5, 1, 5, 15, 60, 300, 1800},
		}, []string{"step"}),
		launches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "launches_total", Help: "Runs that were asked for, by what came of it.",
		}, []string{"result"}),
	}
	into.MustRegister(m.requests, m.seconds, m.inFlight, m.streams, m.uploadBytes, m.uploadSeconds, m.launches)
	return m
}

// request counts a request that has been answered.
func (m *metrics) request(route, method string, status int, took time.Duration) {
	switch {
	case status == http.StatusNotFound && route == "":
		route = "none"
	case route == "":
		route = "none"
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route, method).Observe(took.Seconds())
}
