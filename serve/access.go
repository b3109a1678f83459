package serve

import (
	"net/http"
	"slices"
	"time"

	"github.com/rs/zerolog"
)

// loggedBytes is how much of a target or of a note a line of the log shows.
const loggedBytes = 256

// note is a field of a line that the routes know.
type note struct{ key, value string }

// Note adds a field to the line that the log gets of a request. w is what the request's route writes to; one that is not
// ours, such as a recorder, takes no notes.
func Note(w http.ResponseWriter, key, value string) {
	if x := exchangeOf(w); x != nil {
		x.notes = append(x.notes, note{key, value})
	}
}

// Cause keeps why a request is answered with an error, for the log: clients are not told of what is the service's own
// affair. The line of a request with a cause is written even if others are not, if the answer is a 5xx or was broken off.
func Cause(w http.ResponseWriter, err error) {
	if x := exchangeOf(w); x != nil {
		x.cause = err
	}
}

// logAccess writes the line of a request: probes at debug level, our own failures as warnings, and as errors if nobody
// expected them.
func (h *Handler) logAccess(x *exchange, r *http.Request, took time.Duration) {
	failed := x.status >= http.StatusInternalServerError || x.aborted
	if !h.accessLog && (!failed || x.cause == nil) {
		return
	}
	level := zerolog.InfoLevel
	switch {
	case slices.Contains(h.probes, x.route):
		level = zerolog.DebugLevel
	case x.status == http.StatusInternalServerError && x.cause != nil:
		level = zerolog.ErrorLevel
	case failed:
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
	line.Str("method", r.Method).Str("route", x.route).Str("target", short(r.RequestURI)).
		Int("status", x.status).Int64("bytes", x.sent).Dur("ms", took).
		Str("remote", r.RemoteAddr).Str("request_id", id[0])
	for _, n := range x.notes {
		line.Str(n.key, short(n.value))
	}
	if x.aborted {
		line.Bool("aborted", true)
	}
	if x.cause != nil {
		line.AnErr("cause", x.cause)
	}
	line.Msg("request")
}

// short cuts foreign text for the log.
func short(text string) string { return text[:min(len(text), loggedBytes)] }
