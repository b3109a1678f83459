package service_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Where no domain at all can be watched the service is not ready, however long it has waited.
func TestServiceThatCanWatchNoDomain(t *testing.T) {
	c := newCluster(t)
	c.denied = "/namespaces/"
	cfg, out := config(t, c)
	cfg.Patience = 100 * time.Millisecond
	r := start(t, cfg, out)
	wait(t, "two warnings", func() bool { return strings.Count(out.String(), "cannot be watched") >= 2 })
	wait(t, "routes", func() bool { status, _ := r.get(r.api, "/openapi.json"); return status == http.StatusOK })
	if status, _ := r.get(r.api, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d", status)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

// One domain that this service may not watch is unavailable until it may. The others are served.
func TestOneDomainWithoutRights(t *testing.T) {
	c := newCluster(t)
	c.denied = "/namespaces/soil/"
	cfg, out := config(t, c)
	cfg.Patience = 300 * time.Millisecond
	r := start(t, cfg, out)
	wait(t, "ready", r.ready)
	if status, body := r.get(r.api, "/projects/water/processes"); status != http.StatusOK {
		t.Errorf("the domain that can be watched: %d %s", status, body)
	}
	if status, body := r.get(r.api, "/projects/soil/processes"); status != http.StatusServiceUnavailable || !strings.Contains(body, "UNAVAILABLE") {
		t.Errorf("the domain that cannot: %d %s", status, body)
	}
	if log := out.String(); !strings.Contains(log, `"level":"warn","domain":"soil"`) || strings.Contains(log, `"domain":"water"`) {
		t.Error(log)
	}
	if _, m := r.get(r.metrics, "/metrics"); !strings.Contains(m, "kernel_jobs_domains_unwatched 1\n") {
		t.Error("no metric tells of it")
	}
	c.mu.Lock()
	c.denied = ""
	c.mu.Unlock()
	wait(t, "it can be watched", func() bool {
		status, _ := r.get(r.api, "/projects/soil/processes")
		return status == http.StatusOK && strings.Contains(out.String(), "is watched now")
	})
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}
