package serve

import (
	"net/http"
	"time"

	"github.com/rs/zerolog"
)

// loggedTarget is how much of a path and query a line of the log shows.
const loggedTarget = 256

// logAccess writes the line of a request: probes at debug level, our own failures as warnings.
func (h *handler) logAccess(x *exchange, r *http.Request, took time.Duration) {
	if !h.accessLog {
		return
	}
	level := zerolog.InfoLevel
	switch {
	case isProbe(x.route):
		level = zerolog.DebugLevel
	case x.status >= http.StatusInternalServerError:
		level = zerolog.WarnLevel
	}
	line := h.log.WithLevel(level)
	if line == nil {
		return
	}
	id := x.Header()[requestID]
	if len(id) == 0 {
		id = []string{""}
	}
	line.Str("method", r.Method).Str("route", x.route).Str("target", r.RequestURI[:min(len(r.RequestURI), loggedTarget)]).
		Int("status", x.status).Int64("bytes", x.sent).Dur("ms", took).
		Str("remote", r.RemoteAddr).Str("request_id", id[0]).Msg("request")
}

// isProbe reports whether a route is what an orchestrator asks every few seconds.
func isProbe(route string) bool { return route == "/livez" || route == "/readyz" || route == "/health" }
