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

// connect returns a client of the cluster, whose requests are counted.
func (c *Config) connect(m *metrics) (kubernetes.Interface, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = c.Kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("no cluster: %w", err)
	}
	config.QPS, config.Burst, config.UserAgent = c.QPS, c.Burst, "kernel-jobs/"+c.Version
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return counted{next, m.kube} })
	client, err := kubernetes.NewForConfig(rest.CopyConfig(config))
	if err != nil {
		return nil, fmt.Errorf("no cluster: %w", err)
	}
	return client, nil
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
