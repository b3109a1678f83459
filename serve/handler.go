package serve

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// requestID is the header that names a request in our log and in that of a proxy before us.
const requestID = "X-Request-Id"

// Header values that all answers share. Nobody appends to them: their capacity is their length.
var (
	closing = []string{"close"}
	nosniff = []string{"nosniff"}
)

// Handler is the outermost http.Handler of a service: what holds for every request. It is safe for concurrent use.
type Handler struct {
	site      atomic.Pointer[site]
	gate      *Gate
	limits    Limits
	compress  bool
	probes    []string
	metrics   *requestMetrics
	log       zerolog.Logger
	accessLog bool
	pool      sync.Pool // of *exchange
}

// site is the routes.
type site struct {
	echo *echo.Echo
	next http.Handler // echo, or the compression before it
}

// NewHandler returns a handler for the routes of e, of which it sees what they are. It takes from cfg what is about
// requests, and registers their metrics.
func NewHandler(cfg *Config, e *echo.Echo, gate *Gate, metrics prometheus.Registerer) *Handler {
	h := &Handler{
		gate: gate, limits: cfg.Limits, compress: cfg.Compress, probes: cfg.Probes,
		metrics: newRequestMetrics(cfg.Namespace, metrics), log: cfg.Log, accessLog: cfg.AccessLog,
		pool: sync.Pool{New: func() any { return new(exchange) }},
	}
	h.Route(e)
	return h
}

// Route takes other routes from now on. Those of a service that begins with little to say come later.
func (h *Handler) Route(e *echo.Echo) {
	e.Use(noteRoute)
	s := &site{echo: e, next: e}
	if h.compress {
		s.next = compress(e)
	}
	h.site.Store(s)
}

// probe answers a probe at the other port, where nobody counts it.
func (h *Handler) probe(w http.ResponseWriter, r *http.Request) { h.site.Load().echo.ServeHTTP(w, r) }

// noteRoute is the middleware of echo that keeps the pattern of the route.
func noteRoute(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if x := exchangeOf(c.Response().Writer); x != nil {
			x.route = c.Path()
		}
		return next(c)
	}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, _ := h.pool.Get().(*exchange)
	*x = exchange{
		ResponseWriter: w, head: r.Method == http.MethodHead, start: time.Now(), pace: h.limits.Write, due: paceBytes,
	}
	h.metrics.inFlight.Inc()
	defer h.end(x, r)
	head := w.Header()
	head[requestID] = []string{idOf(r)}
	head["X-Content-Type-Options"] = nosniff
	// Where no route reads a body, a request that has one is the last of its connection, so that nothing in it, or behind
	// an end that a proxy sees elsewhere, is taken for a request of its own.
	if h.bodiless() && r.ContentLength != 0 || h.gate.Closed() {
		head["Connection"] = closing
	}
	if err := h.check(x, r); err != nil {
		h.fail(x, r, err)
		return
	}
	h.site.Load().next.ServeHTTP(x, r)
}

// bodiless reports whether no route reads a body.
func (h *Handler) bodiless() bool { return h.limits.BodyBytes > 0 }

// check refuses requests that are larger than any real one.
func (h *Handler) check(w http.ResponseWriter, r *http.Request) error {
	if len(r.RequestURI) > h.limits.TargetBytes {
		return echo.NewHTTPError(http.StatusRequestURITooLong)
	}
	if h.bodiless() && r.ContentLength > h.limits.BodyBytes {
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
	}
	if h.bodiless() && r.ContentLength != 0 {
		r.Body = http.MaxBytesReader(w, r.Body, h.limits.BodyBytes)
	}
	return nil
}

// fail answers with an error in the form that the routes of the API have.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := h.site.Load().echo
	c := e.AcquireContext()
	defer e.ReleaseContext(c)
	c.Reset(r, w)
	e.HTTPErrorHandler(err, c)
}

// end is deferred: it turns a panic into a 500, and logs and counts the exchange.
func (h *Handler) end(x *exchange, r *http.Request) {
	abort := false
	if p := recover(); p != nil {
		abort = !h.recovered(x, r, p)
	}
	switch {
	case abort && r.Context().Err() == nil: // else there is nobody to be misled
		x.aborted = true
		h.metrics.aborts.Inc()
	case x.status == 0 && !abort:
		x.status = http.StatusOK // net/http says so for a handler that says nothing
	}
	took := time.Since(x.start)
	h.metrics.observe(x, r.Method, took)
	h.logAccess(x, r, took)
	*x = exchange{}
	h.pool.Put(x)
	if abort {
		panic(http.ErrAbortHandler) // net/http closes the connection: nobody takes half an answer for a whole one
	}
}

// recovered logs a panic and answers 500. It reports false if the connection must be closed instead, because the answer
// has begun or because that is what the panic asks for.
func (h *Handler) recovered(x *exchange, r *http.Request, p any) bool {
	if p == http.ErrAbortHandler { //nolint:errorlint // a panic value: net/http compares it so, too
		return false
	}
	h.metrics.panics.Inc()
	id := x.Header().Get(requestID)
	h.log.Error().Str("panic", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Str("route", x.route).
		Str("request_id", id).Msg("a request panicked")
	if x.status != 0 {
		return false
	}
	clear(x.Header()) // whatever the handler said of an answer that does not come
	x.Header().Set(requestID, id)
	h.fail(x, r, echo.ErrInternalServerError)
	return true
}

// idOf returns the id that a proxy gave the request, if it is one, or a new one.
func idOf(r *http.Request) string {
	if id := r.Header.Get(requestID); isID(id) {
		return id
	}
	return fmt.Sprintf("%016x", rand.Uint64())
}

// isID reports whether s can stand in headers and logs as it is.
func isID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == ':':
		default:
			return false
		}
	}
	return true
}
