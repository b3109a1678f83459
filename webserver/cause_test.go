package webserver_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"kernelindexer/manifests"
	"kernelindexer/serve"
)

// Whoever serves the routes can log why an answer is a 500, and an error that is the client's has no cause of ours.
func TestCauseOf500IsLogged(t *testing.T) {
	s := newSite(t, "ours")
	s.write(manifests.CollatedName, "{")
	var log strings.Builder
	handler := serve.NewHandler(&serve.Config{Limits: serve.DefaultLimits(), Log: zerolog.New(&log)}, s.echo, &serve.Gate{}, prometheus.NewRegistry())
	ask := func(method, path string, want int) string {
		t.Helper()
		log.Reset()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		return log.String()
	}
	line := ask(http.MethodPost, "/api/refresh", http.StatusInternalServerError)
	if !strings.Contains(line, `"level":"error"`) || !strings.Contains(line, `"cause":"`) || !strings.Contains(line, manifests.CollatedName) {
		t.Errorf("logged %q", line)
	}
	if line := ask(http.MethodGet, "/api/v1/kernels?limit=x", http.StatusUnprocessableEntity); line != "" {
		t.Errorf("logged %q", line)
	}
}
