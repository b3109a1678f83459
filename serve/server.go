package serve

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"
)

// ErrAtOnce as the cause of a context's end asks for an end without Config.Drain: nobody has to notice it first.
// Requests under way are finished all the same.
var ErrAtOnce = errors.New("ended at once")

// Server is two listeners and what answers there.
type Server struct {
	cfg          Config
	gate         *Gate
	handler      *Handler
	api, metrics endpoint
}

// endpoint is a listener with its server. That of the metrics may be empty.
type endpoint struct {
	http     *http.Server
	listener net.Listener
}

// Listen opens the listeners for the routes of e and the metrics. Clients can connect from now on and are answered when
// Run runs. The caller has to have e say that it is not ready when gate is closed.
func Listen(ctx context.Context, cfg Config, e *echo.Echo, gate *Gate) (*Server, error) {
	registry := cfg.Metrics
	if registry == nil {
		registry = prometheus.NewRegistry()
	}
	registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(&cfg),
	)
	s := &Server{cfg: cfg, gate: gate, handler: NewHandler(&cfg, e, gate, registry)}
	var err error
	if s.api, err = s.open(ctx, cfg.Port, s.handler); err != nil {
		return nil, err
	}
	s.api.http.ConnState = s.handler.metrics.connection
	if cfg.MetricsPort == NoMetrics {
		return s, nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}))
	for _, path := range cfg.Probes {
		mux.HandleFunc("GET "+path, s.handler.probe)
	}
	if s.metrics, err = s.open(ctx, cfg.MetricsPort, mux); err != nil {
		return nil, errors.Join(err, s.api.listener.Close())
	}
	return s, nil
}

// Route takes other routes from now on; see [Handler.Route].
func (s *Server) Route(e *echo.Echo) { s.handler.Route(e) }

// open listens on a port and prepares the server for it.
func (s *Server) open(ctx context.Context, port int, h http.Handler) (endpoint, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", net.JoinHostPort(s.cfg.Address, strconv.Itoa(port)))
	if err != nil {
		return endpoint{}, fmt.Errorf("cannot listen: %w", err)
	}
	limits := s.cfg.Limits
	return endpoint{
		listener: netutil.LimitListener(l, limits.Connections),
		http: &http.Server{
			Handler: h, MaxHeaderBytes: limits.HeaderBytes,
			ReadHeaderTimeout: limits.ReadHeader, ReadTimeout: limits.Read, WriteTimeout: limits.Write, IdleTimeout: limits.Idle,
			DisableGeneralOptionsHandler: true, // "OPTIONS *" is no route of ours
			ErrorLog:                     log.New(serverLog{s.cfg.Log}, "", 0),
		},
	}, nil
}

// Addr returns the address of the API, and MetricsAddr that of the metrics or nil.
func (s *Server) Addr() net.Addr { return s.api.listener.Addr() }

// MetricsAddr returns the address of the metrics, or nil if they are not served.
func (s *Server) MetricsAddr() net.Addr {
	if s.metrics.listener == nil {
		return nil
	}
	return s.metrics.listener.Addr()
}

// Run answers requests until ctx ends, and then ends without failing one: it closes the gate, goes on for Config.Drain
// while clients and load balancers take notice, takes no more connections, and waits for the requests under way. The
// error is that of a listener, or says that requests were still under way after Config.Grace; they are cut off.
func (s *Server) Run(ctx context.Context) error {
	var serving sync.WaitGroup
	defer serving.Wait()
	failed := make(chan error, 2)
	for _, e := range []endpoint{s.api, s.metrics} {
		if e.listener == nil {
			continue
		}
		serving.Go(func() {
			if err := e.http.Serve(e.listener); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	err := s.untilEnd(ctx, failed)
	if s.cfg.Ending != nil {
		s.cfg.Ending()
	}
	if err != nil {
		return errors.Join(err, s.close())
	}
	return s.shutdown(context.WithoutCancel(ctx))
}

// untilEnd returns when the end was asked for and clients have had time to notice, or when a listener has failed.
func (s *Server) untilEnd(ctx context.Context, failed <-chan error) error {
	defer s.gate.Close()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.gate.Close()
	wait := s.cfg.Drain
	if wait <= 0 || errors.Is(context.Cause(ctx), ErrAtOnce) {
		return nil
	}
	s.cfg.Log.Info().Dur("ms", wait).Msg("ending: not ready any more, still answering")
	select {
	case err := <-failed:
		return err
	case <-time.After(wait):
		return nil
	}
}

// shutdown takes no more connections and waits for the requests under way. The metrics go last.
func (s *Server) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Grace)
	defer cancel()
	if err := s.api.http.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were cut off after %v: %w", s.cfg.Grace, err), s.close())
	}
	return s.close()
}

// close cuts off what is left.
func (s *Server) close() error {
	err := s.api.http.Close()
	if s.metrics.http != nil {
		err = errors.Join(err, s.metrics.http.Close())
	}
	return err
}

// serverLog takes the lines of net/http.
type serverLog struct{ log zerolog.Logger }

// Write implements io.Writer.
func (l serverLog) Write(line []byte) (int, error) {
	l.log.Warn().Str("server", strings.TrimSpace(string(line))).Msg("connection")
	return len(line), nil
}
