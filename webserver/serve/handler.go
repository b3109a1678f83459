package serve

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/rs/zerolog"
)

// requestID is the header that names a request in our log and in that of a proxy before us.
const requestID = "X-Request-Id"

// Header values that all answers share. Nobody appends to them: their capacity is their length.
var (
	closing = []string{"close"}
	nosniff = []string{"nosniff"}
)

// handler is the outermost http.Handler of the API: what holds for every request.
type handler struct {
	echo      *echo.Echo
	next      http.Handler // echo behind the compression
	gate      *Gate
	limits    Limits
	metrics   *requestMetrics
	log       zerolog.Logger
	accessLog bool
	pool      sync.Pool // of *exchange
}

// newHandler wraps the routes of e, and has e tell which of them a request took.
func newHandler(cfg *Config, e *echo.Echo, gate *Gate, m *requestMetrics) *handler {
	e.Use(noteRoute)
	return &handler{
		echo: e, next: compress(e), gate: gate, limits: cfg.Limits, metrics: m, log: cfg.Log, accessLog: cfg.AccessLog,
		pool: sync.Pool{New: func() any { return new(exchange) }},
	}
}

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
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, _ := h.pool.Get().(*exchange)
	*x = exchange{
		ResponseWriter: w, head: r.Method == http.MethodHead, start: time.Now(), pace: h.limits.Write, due: paceBytes,
	}
	h.metrics.inFlight.Inc()
	defer h.end(x, r)
	head := w.Header()
	head[requestID] = []string{idOf(r)}
	head["X-Content-Type-Options"] = nosniff
	// No route reads a body. A request that has one is the last of its connection, so that nothing in it, or behind an
	// end that a proxy sees elsewhere, is taken for a request of its own.
	if r.ContentLength != 0 || h.gate.Closed() {
		head["Connection"] = closing
	}
	if err := h.check(x, r); err != nil {
		h.fail(x, r, err)
		return
	}
	h.next.ServeHTTP(x, r)
}

// check refuses requests that are larger than any real one.
func (h *handler) check(w http.ResponseWriter, r *http.Request) error {
	if len(r.RequestURI) > h.limits.TargetBytes {
		return echo.NewHTTPError(http.StatusRequestURITooLong)
	}
	if r.ContentLength > h.limits.BodyBytes {
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
	}
	if r.ContentLength != 0 {
		r.Body = http.MaxBytesReader(w, r.Body, h.limits.BodyBytes)
	}
	return nil
}

// fail answers with an error in the form that the routes of the API have.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	c := h.echo.AcquireContext()
	defer h.echo.ReleaseContext(c)
	c.Reset(r, w)
	h.echo.HTTPErrorHandler(err, c)
}

// end is deferred: it turns a panic into a 500, and logs and counts the exchange.
func (h *handler) end(x *exchange, r *http.Request) {
	abort := false
	if p := recover(); p != nil {
		abort = !h.recovered(x, r, p)
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
func (h *handler) recovered(x *exchange, r *http.Request, p any) bool {
	if p == http.ErrAbortHandler { //nolint:errorlint // a panic value: net/http compares it so, too
		return false
	}
	h.metrics.panics.Inc()
	h.log.Error().Str("panic", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Str("route", x.route).
		Str("request_id", x.Header().Get(requestID)).Msg("a request panicked")
	if x.status != 0 {
		return false
	}
	id := x.Header().Get(requestID)
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
