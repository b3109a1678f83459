package serve

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
)

// logged returns the lines of the log as objects.
func logged(t *testing.T, log *lines) (found []map[string]any) {
	t.Helper()
	for line := range strings.Lines(log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v in the log line %q", err, line)
		}
		found = append(found, fields)
	}
	return found
}

// requestLine waits for the line of the n-th request.
func requestLine(t *testing.T, log *lines, n int) map[string]any {
	t.Helper()
	var found []map[string]any
	eventually(t, "a line of the access log", func() bool {
		found = nil
		for _, fields := range logged(t, log) {
			if fields["message"] == "request" {
				found = append(found, fields)
			}
		}
		return len(found) >= n
	})
	return found[n-1]
}

func TestAccessLog(t *testing.T) {
	for _, c := range []struct {
		name, method, target string
		want                 map[string]any
	}{
		{"the route is a pattern", "GET", "/kernel/a%2Fb?x=1", map[string]any{
			"level": "info", "method": "GET", "route": "/kernel/:name", "target": "/kernel/a%2Fb?x=1", "status": 200., "bytes": 2.,
		}},
		{"no route", "GET", "/nothing", map[string]any{"level": "info", "route": "", "status": 404.}},
		{"HEAD sends no body", "HEAD", "/nothing", map[string]any{"method": "HEAD", "bytes": 0.}},
		{"a failure of ours is a warning", "GET", "/panic", map[string]any{"level": "warn", "route": "/panic", "status": 500.}},
		{"probes are for debugging", "GET", "/readyz", map[string]any{"level": "debug", "route": "/readyz", "status": 200.}},
		{"a long target is cut", "GET", "/nothing?" + strings.Repeat("x", 3000), map[string]any{"target": ("/nothing?" + strings.Repeat("x", 3000))[:256]}},
		{"markup and quotes stay data", "GET", `/nothing?"><script>%0a`, map[string]any{"target": `/nothing?"><script>%0a`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t)
			conn := dial(t, s.api)
			if _, err := io.WriteString(conn, c.method+" "+c.target+" HTTP/1.1\r\nHost: x\r\nX-Request-Id: id-1\r\nConnection: close\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(conn); err != nil {
				t.Fatal(err)
			}
			got := requestLine(t, s.log, 1)
			c.want["request_id"] = "id-1"
			for k, v := range c.want {
				if got[k] != v {
					t.Errorf("%s is %v, want %v, in %v", k, got[k], v, got)
				}
			}
			for _, k := range []string{"ms", "remote"} {
				if got[k] == nil {
					t.Errorf("no %s in %v", k, got)
				}
			}
		})
	}
	t.Run("off", func(t *testing.T) {
		s := start(t, func(c *Config) { c.AccessLog = false })
		ask(t, "GET", "http://"+s.api+"/ok")
		s.end(ErrAtOnce)
		<-s.ended
		if strings.Contains(s.log.String(), `"request"`) {
			t.Errorf("logged: %s", s.log)
		}
	})
}

func TestRequestID(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		sent string
		kept bool
	}{
		{"7f3a-1.2:x_Y", true},
		{"", false},
		{strings.Repeat("x", 65), false},
		{"a b", false},
		{`a"b`, false},
		{"é", false},
	} {
		resp, _ := ask(t, "GET", "http://"+s.api+"/ok", "X-Request-Id", c.sent)
		got := resp.Header.Get("X-Request-Id")
		if (got == c.sent) != c.kept || got == "" {
			t.Errorf("sent %q, answered %q", c.sent, got)
		}
	}
}

// A panic is an error like others: a whole answer, a line in the log with the place, a number in the metrics, and the
// server goes on.
func TestPanicIsA500(t *testing.T) {
	s := start(t)
	for _, coding := range []string{"", "gzip"} {
		resp, body := ask(t, "GET", "http://"+s.api+"/panic", "Accept-Encoding", coding, "X-Request-Id", "p1")
		if resp.StatusCode != 500 || body != `{"detail":"Internal Server Error"}`+"\n" {
			t.Errorf("coding %q: %d %q", coding, resp.StatusCode, body)
		}
		if resp.Header.Get("ETag") != "" || resp.Header.Get("X-Request-Id") != "p1" {
			t.Errorf("coding %q: headers %v", coding, resp.Header)
		}
	}
	if resp, _ := ask(t, "GET", "http://"+s.api+"/ok"); resp.StatusCode != 200 {
		t.Errorf("afterwards: %d", resp.StatusCode)
	}
	log := s.log.String()
	for _, want := range []string{`"level":"error"`, `"panic":"out of cheese"`, "helpers_test.go", `"route":"/panic"`, `"request_id":"p1"`} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in the log: %s", want, log)
		}
	}
	if m := metricsText(t, s); !strings.Contains(m, "\nkernel_web_http_panics_total 2\n") ||
		!strings.Contains(m, `kernel_web_http_requests_total{code="500",method="GET",route="/panic"} 2`) {
		t.Errorf("metrics:\n%s", m)
	}
}

// After a panic in the middle of an answer the connection ends, so that nobody takes half of it for all.
func TestPanicInTheMiddleOfAnAnswer(t *testing.T) {
	s := start(t)
	for _, coding := range []string{"identity", "gzip"} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+s.api+"/panic-late", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", coding)
		resp, err := client(t).Do(r)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: the half answer came out whole", coding)
		}
	}
	if resp, _ := ask(t, "GET", "http://"+s.api+"/ok"); resp.StatusCode != 200 {
		t.Errorf("afterwards: %d", resp.StatusCode)
	}
}

// A handler that breaks an answer off is no panic, but it is counted and logged with its cause.
func TestAnswerThatIsBrokenOff(t *testing.T) {
	s := start(t)
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+s.api+"/breaks-off", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client(t).Do(r)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("the half answer came out whole")
	}
	line := requestLine(t, s.log, 1)
	if line["level"] != "warn" || line["aborted"] != true || line["cause"] != "the disk is gone" || line["status"] != 200. {
		t.Errorf("logged %v", line)
	}
	m := metricsText(t, s)
	for _, want := range []string{
		"\nkernel_web_http_panics_total 0\n", "\nkernel_web_http_aborts_total 1\n",
		`kernel_web_http_requests_total{code="200",method="GET",route="/breaks-off"} 1`, "\nkernel_web_http_requests_in_flight 0\n",
	} {
		if !strings.Contains(m, want) {
			t.Errorf("no %q in\n%s", want, m)
		}
	}
}

// An answer whose client has gone is nobody's fault.
func TestAnswerThatNobodyWaitsFor(t *testing.T) {
	log, registry := &lines{}, prometheus.NewRegistry()
	gate := &Gate{}
	cfg := &Config{Limits: DefaultLimits(), Namespace: "kernel_web", Log: zerolog.New(log), AccessLog: true}
	h := NewHandler(cfg, testRoutes(gate), gate, registry)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // a panic value: net/http compares it so, too
				t.Errorf("panic %v", p)
			}
		}()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/breaks-off", nil))
	}()
	line := requestLine(t, log, 1)
	if line["level"] != "info" || line["aborted"] != nil || testutil.ToFloat64(h.metrics.aborts) != 0 {
		t.Errorf("logged %v, %v aborted", line, testutil.ToFloat64(h.metrics.aborts))
	}
}

// Why a request failed is in the log, whether or not that has the others, and not in the answer.
func TestCauseIsLogged(t *testing.T) {
	for _, all := range []bool{true, false} {
		s := start(t, func(c *Config) { c.AccessLog = all })
		resp, body := ask(t, "GET", "http://"+s.api+"/fails")
		if resp.StatusCode != 500 || strings.Contains(body, "disk") {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
		line := requestLine(t, s.log, 1)
		if line["level"] != "error" || line["cause"] != "the disk is gone" || line["user"] != "ada" {
			t.Errorf("access log %v: %v", all, line)
		}
	}
	w := httptest.NewRecorder() // none of ours takes no notes
	Note(w, "user", "ada")
	Cause(w, io.ErrUnexpectedEOF)
	Pace(w, time.Second)
}

// Routes that come later answer from then on, at both ports.
func TestRoutesThatComeLater(t *testing.T) {
	s := start(t)
	later := echo.New()
	later.GET("/livez", func(c echo.Context) error { return c.String(http.StatusOK, "later") })
	s.Route(later)
	for _, address := range []string{s.api, s.metrics} {
		if _, body := ask(t, "GET", "http://"+address+"/livez"); body != "later" {
			t.Errorf("%s answers %q", address, body)
		}
	}
	if resp, _ := ask(t, "GET", "http://"+s.api+"/ok"); resp.StatusCode != 404 {
		t.Errorf("an old route: %d", resp.StatusCode)
	}
	requestLine(t, s.log, 2) // both of the clients' port, and none of the other one
	if m := metricsText(t, s); !strings.Contains(m, `kernel_web_http_requests_total{code="200",method="GET",route="/livez"} 1`) {
		t.Errorf("metrics:\n%s", m)
	}
}

// Where routes read bodies, these have neither a limit nor an end of the connection.
func TestRoutesThatReadBodies(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.BodyBytes = 0 })
	body := strings.Repeat("x", 100_000)
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.api+"/length", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || string(got) != "100000" || resp.Close {
		t.Errorf("%q, closing %v, %v", got, resp.Close, err)
	}
}

func metricsText(t *testing.T, s *service) string {
	t.Helper()
	resp, body := ask(t, "GET", "http://"+s.metrics+"/metrics")
	if resp.StatusCode != 200 {
		t.Fatalf("metrics: %d", resp.StatusCode)
	}
	return body
}
