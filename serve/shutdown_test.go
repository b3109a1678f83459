package serve

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The end fails no request: clients that go elsewhere once /readyz says so, as behind a load balancer, get an answer to
// each request they sent, and what is under way when connections are refused is finished.
func TestEndFailsNoRequest(t *testing.T) {
	const drain = 2 * time.Second
	s := start(t, func(c *Config) { c.AccessLog = false; c.Drain = drain })
	var away atomic.Bool
	var answered atomic.Int64
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			transport := &http.Transport{DisableKeepAlives: i%2 == 0}
			defer transport.CloseIdleConnections()
			c := &http.Client{Transport: transport, Timeout: 10 * time.Second}
			path := []string{"/ok", "/slow", "/text?n=100000", "/kernel/x"}[i/2]
			for !away.Load() {
				if !get(t, c, "http://"+s.api+path) {
					return
				}
				answered.Add(1)
			}
		})
	}
	clients.Go(func() { // the load balancer
		for !away.Load() {
			resp, _ := ask(t, "GET", "http://"+s.api+"/readyz")
			away.Store(resp.StatusCode != 200)
			time.Sleep(20 * time.Millisecond)
		}
	})
	eventually(t, "some load", func() bool { return answered.Load() > 100 })
	begin := time.Now()
	s.end(nil)
	clients.Wait()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took < drain || took > 3*drain {
		t.Errorf("ended after %v", took)
	}
	if conn, err := net.Dial("tcp", s.api); err == nil {
		conn.Close()
		t.Error("still listening")
	}
}

func get(t *testing.T, c *http.Client, url string) bool {
	r, err := http.NewRequestWithContext(context.Background(), "GET", url, nil)
	if err != nil {
		t.Error(err)
		return false
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Error(err)
		return false
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
		t.Errorf("%s: %d %v", url, resp.StatusCode, err)
		return false
	}
	return true
}

// While it drains, the server answers and asks clients to connect elsewhere for the next request.
func TestDraining(t *testing.T) {
	s := start(t, func(c *Config) { c.Drain = 2 * time.Second })
	s.end(nil)
	eventually(t, "the gate closed", s.gate.Closed)
	resp, _ := ask(t, "GET", "http://"+s.api+"/ok")
	if resp.StatusCode != 200 || !resp.Close {
		t.Errorf("%d, closing %v", resp.StatusCode, resp.Close)
	}
	if resp, _ := ask(t, "GET", "http://"+s.api+"/readyz"); resp.StatusCode != 503 {
		t.Errorf("/readyz: %d", resp.StatusCode)
	}
	if resp, _ := ask(t, "GET", "http://"+s.metrics+"/readyz"); resp.StatusCode != 503 {
		t.Errorf("/readyz at the metrics port: %d", resp.StatusCode)
	}
	if resp, _ := ask(t, "GET", "http://"+s.api+"/livez"); resp.StatusCode != 200 {
		t.Errorf("/livez: %d", resp.StatusCode)
	}
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

// A download that takes longer than the drain delay is finished.
func TestDownloadOutlivesTheListener(t *testing.T) {
	s := start(t, func(c *Config) { c.Grace = 10 * time.Second })
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+s.api+"/large", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	s.end(ErrAtOnce)
	eventually(t, "the listener closed", func() bool {
		conn, err := net.Dial("tcp", s.api)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil || n != int64(len(large)) {
		t.Errorf("%d bytes: %v", n, err)
	}
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

func TestInterruptDoesNotDrain(t *testing.T) {
	s := start(t, func(c *Config) { c.Drain = time.Minute })
	begin := time.Now()
	s.end(ErrAtOnce)
	if err := <-s.ended; err != nil || time.Since(begin) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}

// A request that never ends is cut off, and the error says so.
func TestGraceEnds(t *testing.T) {
	s := start(t, func(c *Config) { c.Grace = 200 * time.Millisecond })
	conn := dial(t, s.api)
	if _, err := io.WriteString(conn, "GET /hang HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the request under way", func() bool {
		return strings.Contains(metricsText(t, s), "\nkernel_web_http_requests_in_flight 1\n")
	})
	s.end(ErrAtOnce)
	if err := <-s.ended; err == nil || !strings.Contains(err.Error(), "cut off after 200ms") {
		t.Errorf("got %v", err)
	}
}

func TestPortTaken(t *testing.T) {
	s := start(t)
	port := s.Addr().(*net.TCPAddr).Port
	for _, cfg := range []Config{
		{Address: "127.0.0.1", Port: port, MetricsPort: 0, Limits: DefaultLimits()},
		{Address: "127.0.0.1", Port: 0, MetricsPort: port, Limits: DefaultLimits()},
		{Address: "no.such.host.invalid", Limits: DefaultLimits()},
	} {
		_, err := Listen(t.Context(), cfg, testRoutes(s.gate), s.gate)
		if err == nil || !strings.HasPrefix(err.Error(), "cannot listen: ") {
			t.Errorf("got %v", err)
		}
	}
}
