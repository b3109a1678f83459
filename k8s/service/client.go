package service

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// clients are clients of the cluster, each with a bound of its own on what it asks: a burst of launches must not keep the
// loop from its runs, and neither of them the Lease from being renewed.
type clients struct {
	requests kubernetes.Interface // reviews, launches, environments
	loop     kubernetes.Interface // watches, and what is done for runs
	lease    kubernetes.Interface
}

// Bounds of the client that renews the Lease: it asks every two seconds.
const (
	leaseQPS   = 5
	leaseBurst = 10
)

// connect returns clients of the cluster, whose requests are counted.
func (c *Config) connect(m *metrics) (*clients, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = c.Kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("no cluster: %w", err)
	}
	config.UserAgent = "kernel-jobs/" + c.Version
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return counted{next, m.kube} })
	made := &clients{}
	for _, one := range []struct {
		client *kubernetes.Interface
		qps    float32
		burst  int
	}{{&made.requests, c.QPS, c.Burst}, {&made.loop, c.QPS, c.Burst}, {&made.lease, leaseQPS, leaseBurst}} {
		own := rest.CopyConfig(config)
		own.QPS, own.Burst = one.qps, one.burst
		if *one.client, err = kubernetes.NewForConfig(own); err != nil {
			return nil, fmt.Errorf("no cluster: %w", err)
		}
	}
	return made, nil
}

// counted counts requests by the status of their answers.
type counted struct {
	next http.RoundTripper
	by   *prometheus.CounterVec
}

// RoundTrip implements http.RoundTripper.
func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.next.RoundTrip(r)
	code := "none"
	if err == nil {
		code = strconv.Itoa(answer.StatusCode)
	}
	c.by.WithLabelValues(code).Inc()
	return answer, err
}

// quiet makes the client library's own log a part of ours.
func quiet(log zerolog.Logger) {
	klog.LogToStderr(false)
	klog.SetOutput(lines{log})
}

// lines takes lines of the client library: a letter for the level, and so on.
type lines struct{ log zerolog.Logger }

// Write implements io.Writer.
func (l lines) Write(p []byte) (int, error) {
	level := zerolog.DebugLevel
	if len(p) > 0 && (p[0] == 'W' || p[0] == 'E') {
		level = zerolog.WarnLevel
	}
	text := p
	if i := bytes.Index(p, []byte("] ")); i >= 0 {
		text = p[i+2:]
	}
	l.log.WithLevel(level).Bytes("kubernetes", bytes.TrimSpace(text)).Msg("client")
	return len(p), nil
}
