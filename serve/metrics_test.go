package serve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// The labels of requests have few values, whatever clients send.
func TestRequestLabelsAreBounded(t *testing.T) {
	s := start(t, func(c *Config) { c.AccessLog = false })
	for i := range 30 {
		ask(t, "GET", fmt.Sprintf("http://%s/kernel/%d", s.api, i))
		ask(t, "GET", fmt.Sprintf("http://%s/nothing/%d", s.api, i))
		ask(t, fmt.Sprintf("BREW%d", i), "http://"+s.api+"/ok")
	}
	var got []string
	for line := range strings.Lines(metricsText(t, s)) {
		if strings.HasPrefix(line, "kernel_web_http_requests_total") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	want := []string{
		`kernel_web_http_requests_total{code="200",method="GET",route="/kernel/:name"} 30`,
		`kernel_web_http_requests_total{code="404",method="GET",route="none"} 30`,
		`kernel_web_http_requests_total{code="405",method="other",route="/ok"} 30`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What a dashboard needs is there under names that promtool accepts.
func TestMetricsListener(t *testing.T) {
	s := start(t)
	ask(t, "GET", "http://"+s.api+"/text?n=5000")
	got := metricsText(t, s)
	for _, want := range []string{
		`kernel_web_build_info{goversion="go`,
		`revision="abc",version="v1"} 1`,
		`kernel_web_http_request_duration_seconds_count{method="GET",route="/text"} 1`,
		`kernel_web_http_response_bytes_total{route="/text"} 5000`,
		"go_goroutines ",
		"process_resident_memory_bytes ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	registry := prometheus.NewPedanticRegistry()
	newRequestMetrics("kernel_web", registry)
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	for _, path := range []string{"/", "/ok", "/metrics/x"} {
		if resp, _ := ask(t, "GET", "http://"+s.metrics+path); resp.StatusCode != 404 {
			t.Errorf("%s at the metrics port: %d", path, resp.StatusCode)
		}
	}
	if resp, _ := ask(t, "GET", "http://"+s.api+"/metrics"); resp.StatusCode != 404 {
		t.Errorf("/metrics at the port for everyone: %d", resp.StatusCode)
	}
}

func TestNoMetricsListener(t *testing.T) {
	s := start(t, func(c *Config) { c.MetricsPort = NoMetrics })
	if s.MetricsAddr() != nil {
		t.Errorf("metrics at %v", s.MetricsAddr())
	}
	if resp, _ := ask(t, "GET", "http://"+s.api+"/ok"); resp.StatusCode != 200 {
		t.Errorf("%d", resp.StatusCode)
	}
}
