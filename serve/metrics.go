package serve

import (
	"net"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// unmatched is the route of requests that none of ours matches.
const unmatched = "none"

// requestMetrics counts and times requests. The labels have few values whatever clients send: routes are patterns, and
// methods that no route knows share one.
type requestMetrics struct {
	requests           *prometheus.CounterVec
	seconds            *prometheus.HistogramVec
	bytes              *prometheus.CounterVec
	panics, aborts     prometheus.Counter
	inFlight, connects prometheus.Gauge
	known              sync.Map // of seriesKey to *series
}

// seriesKey is the labels of a request.
type seriesKey struct {
	route, method string
	status        int
}

// series is what a request with these labels changes.
type series struct {
	requests, bytes prometheus.Counter
	seconds         prometheus.Observer
}

func newRequestMetrics(namespace string, into prometheus.Registerer) *requestMetrics {
	m := &requestMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "http_requests_total", Help: "Requests answered.",
		}, []string{"route", "method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "http_request_duration_seconds", Help: "Time from the header of a request to the end of its answer.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60, 600},
		}, []string{"route", "method"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "http_response_bytes_total", Help: "Bytes of the bodies of answers, as sent.",
		}, []string{"route"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "http_panics_total", Help: "Requests that panicked.",
		}),
		aborts: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "http_aborts_total", Help: "Answers that were broken off, so that nobody takes half of one for the whole.",
		}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "http_requests_in_flight", Help: "Requests being answered.",
		}),
		connects: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "http_connections", Help: "Open connections.",
		}),
	}
	into.MustRegister(m.requests, m.seconds, m.bytes, m.panics, m.aborts, m.inFlight, m.connects)
	return m
}

// observe counts an exchange that has ended.
func (m *requestMetrics) observe(x *exchange, method string, took time.Duration) {
	m.inFlight.Dec()
	key := seriesKey{route: x.route, method: method, status: x.status}
	if key.route == "" {
		key.route = unmatched
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions:
	default:
		key.method = "other"
	}
	s := m.series(key)
	s.requests.Inc()
	s.bytes.Add(float64(x.sent))
	s.seconds.Observe(took.Seconds())
}

// series returns the series of the labels; looking them up by label costs a microsecond a request.
func (m *requestMetrics) series(key seriesKey) *series {
	if s, ok := m.known.Load(key); ok {
		return s.(*series)
	}
	s, _ := m.known.LoadOrStore(key, &series{
		requests: m.requests.WithLabelValues(key.route, key.method, strconv.Itoa(key.status)),
		seconds:  m.seconds.WithLabelValues(key.route, key.method),
		bytes:    m.bytes.WithLabelValues(key.route),
	})
	return s.(*series)
}

// connection counts open connections; it is an http.Server's ConnState.
func (m *requestMetrics) connection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		m.connects.Inc()
	case http.StateClosed, http.StateHijacked:
		m.connects.Dec()
	case http.StateActive, http.StateIdle:
	}
}

// buildInfo is a metric that says what runs.
func buildInfo(cfg *Config) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: cfg.Namespace, Name: "build_info", Help: "1, labelled with what was built.",
		ConstLabels: prometheus.Labels{"version": cfg.Version, "revision": cfg.Revision, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
}
