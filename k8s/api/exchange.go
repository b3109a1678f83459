package api

import (
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/rs/zerolog"

	"kernelindexer/k8s/access"
)

// exchange is what is known of a request while it is answered.
type exchange struct {
	id    string // of the request, in the log and in errors
	start time.Time
	user  *access.User // nil where nobody has to say who they are
	err   *failure
}

const exchangeKey = "kernel-jobs.exchange"

// exchangeOf returns that of a request. Errors of requests that no route takes have one, too.
func exchangeOf(c echo.Context) *exchange {
	x, ok := c.Get(exchangeKey).(*exchange)
	if !ok {
		x = &exchange{id: rand.Text(), start: time.Now()}
		c.Set(exchangeKey, x)
	}
	return x
}

func (x *exchange) failed(f *failure, _ int) { x.err = f }

// observe gives each request its exchange, and counts and logs it when it has ended. It is the outermost middleware.
func (s *server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		x := exchangeOf(c)
		c.Response().Header().Set(echo.HeaderXRequestID, x.id)
		s.metrics.inFlight.Inc()
		defer s.metrics.inFlight.Dec()
		if err := next(c); err != nil {
			c.Error(err)
		}
		status := c.Response().Status
		took := time.Since(x.start)
		s.metrics.request(c.Path(), c.Request().Method, status, took)
		s.logRequest(c, x, status, took)
		return nil
	}
}

func (s *server) logRequest(c echo.Context, x *exchange, status int, took time.Duration) {
	level := zerolog.InfoLevel
	switch {
	case c.Path() == livePath || c.Path() == readyPath:
		level = zerolog.DebugLevel
	case x.err != nil && x.err.code == codeInternal:
		level = zerolog.ErrorLevel
	case status >= http.StatusInternalServerError:
		level = zerolog.WarnLevel
	}
	line := s.options.Log.WithLevel(level)
	if line == nil {
		return
	}
	r := c.Request()
	line = line.Str("method", r.Method).Str("route", c.Path()).Str("path", short(r.URL.Path)).Int("status", status).
		Int64("bytes", c.Response().Size).Dur("ms", took).Str("remote", r.RemoteAddr).Str("request_id", x.id)
	if x.user != nil {
		line = line.Str("user", short(x.user.Name))
	}
	if x.err != nil {
		line = line.Str("code", string(x.err.code))
		if x.err.cause != nil {
			line = line.AnErr("cause", x.err.cause)
		}
	}
	line.Msg("request")
}

// short cuts foreign text for the log.
func short(text string) string { return text[:min(len(text), 256)] }

// requestTime is how long an ordinary request may take to arrive and to be answered. Uploads and streams move it.
const requestTime = 30 * time.Second

// bounded gives each request a deadline for arriving and for being answered.
func (s *server) bounded(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		deadlines(c, requestTime)
		return next(c)
	}
}

// deadlines moves the deadlines of a connection. A recorder in a test has none.
func deadlines(c echo.Context, d time.Duration) {
	control := http.NewResponseController(c.Response().Writer)
	at := time.Now().Add(d)
	if err := control.SetReadDeadline(at); err != nil && !errors.Is(err, http.ErrNotSupported) && !errors.Is(err, os.ErrClosed) {
		return // a connection that is going away ends by itself
	}
	_ = control.SetWriteDeadline(at)
}

// recovered turns a panic into an error of ours: one request may not end the service.
func (s *server) recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			if r == http.ErrAbortHandler { //nolint:errorlint // it is compared as net/http compares it
				panic(r)
			}
			err = panicked(r)
		}()
		return next(c)
	}
}
