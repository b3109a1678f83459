package service

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"
)

// Bounds of a connection. Requests have deadlines of their own, which package api moves.
const (
	maxConnections = 2000
	maxHeader      = 64 << 10
	headerTime     = 10 * time.Second
	idleTime       = 2 * time.Minute
)

// listeners are the two ports of the service.
type listeners struct {
	api, metrics         net.Listener // metrics is nil if there are none
	apiServer, metricsOf *http.Server
	handler              atomic.Pointer[http.Handler] // nil until there is one
	failed               chan error
}

// listen opens the ports. Nothing is answered before serve.
func listen(ctx context.Context, c *Config, m *metrics) (*listeners, error) {
	l := &listeners{failed: make(chan error, 2)}
	errorLog := log.New(serverLog{c.Log}, "", 0)
	var err error
	if l.api, err = open(ctx, c.Host, c.Port); err != nil {
		return nil, err
	}
	l.apiServer = &http.Server{
		Handler: http.HandlerFunc(l.answer), ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader, ErrorLog: errorLog,
	}
	if c.MetricsPort == NoMetrics {
		return l, nil
	}
	if l.metrics, err = open(ctx, c.Host, c.MetricsPort); err != nil {
		_ = l.api.Close()
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	l.metricsOf = &http.Server{
		Handler: mux, ReadHeaderTimeout: headerTime, ReadTimeout: headerTime, WriteTimeout: time.Minute, MaxHeaderBytes: maxHeader, ErrorLog: errorLog,
	}
	return l, nil
}

func open(ctx context.Context, host string, port int) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("cannot listen: %w", err)
	}
	return netutil.LimitListener(l, maxConnections), nil
}

// answer answers by the interface when there is one. Before that, the process is alive and not ready.
func (l *listeners) answer(w http.ResponseWriter, r *http.Request) {
	if h := l.handler.Load(); h != nil {
		(*h).ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path != "/healthz" {
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write([]byte(`{"status":"starting"}` + "\n"))
}

// serve answers until shutdown.
func (l *listeners) serve() {
	run := func(server *http.Server, listener net.Listener) {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			l.failed <- err
		}
	}
	go run(l.apiServer, l.api)
	if l.metrics != nil {
		go run(l.metricsOf, l.metrics)
	}
}

// shutdown takes no more connections and waits for the requests under way, for grace.
func (l *listeners) shutdown(ctx context.Context, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	err := l.apiServer.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("requests were cut off after %v: %w", grace, err)
		_ = l.apiServer.Close()
	}
	if l.metrics != nil {
		_ = l.metricsOf.Close()
	}
	return err
}

// serverLog takes the lines of net/http.
type serverLog struct{ log zerolog.Logger }

// Write implements io.Writer.
func (l serverLog) Write(line []byte) (int, error) {
	l.log.Debug().Str("server", strings.TrimSpace(string(line))).Msg("connection")
	return len(line), nil
}
