package serve

import (
	"errors"
	"net/http"
	"time"
)

// paceBytes is how much of an answer must be sent within Limits.Write.
const paceBytes = 256 << 10

// exchange is one request and its answer, as log and metrics see it. It is the outermost http.ResponseWriter: what goes
// through it is what the client gets.
type exchange struct {
	http.ResponseWriter
	route   string        // the pattern, "" while or if none matches
	head    bool          // the request is HEAD: net/http drops the body
	start   time.Time     // when the request had come
	status  int           // 0 until the header is written
	sent    int64         // bytes of the body
	pace    time.Duration // Limits.Write
	due     int64         // how many bytes may be sent before the deadline is moved
	aborted bool          // the answer was broken off

	notes []note // of the routes, for the log
	cause error  // why the answer is an error
}

// Unwrap lets http.ResponseController find the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= http.StatusOK {
		x.begin(status)
	}
	x.ResponseWriter.WriteHeader(status)
}

// begin notes that the answer begins. The time that it took to make, such as that of loading a pair, is not taken off
// the time for sending it, which net/http counts from the request.
func (x *exchange) begin(status int) {
	x.status = status
	if time.Since(x.start) > x.pace/2 {
		_ = x.moveDeadline() // where that fails, so does the write
	}
}

// moveDeadline gives the client time to take some more. A recorder in a test needs none.
func (x *exchange) moveDeadline() error {
	err := http.NewResponseController(x.ResponseWriter).SetWriteDeadline(time.Now().Add(x.pace))
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// Write implements http.ResponseWriter. Each paceBytes get the time that the first of them got.
func (x *exchange) Write(p []byte) (written int, err error) {
	if x.status == 0 {
		x.begin(http.StatusOK)
	}
	for {
		part := p[:min(int64(len(p)), x.due-x.sent)]
		n, err := x.ResponseWriter.Write(part)
		written += n
		if !x.head {
			x.sent += int64(n)
		}
		if p = p[len(part):]; err != nil || len(p) == 0 {
			return written, err
		}
		x.due = x.sent + paceBytes
		if err := x.moveDeadline(); err != nil {
			return written, err
		}
	}
}

// Flush implements http.Flusher, for handlers that look for it.
func (x *exchange) Flush() {
	if f, ok := x.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// exchangeOf finds the exchange below the writers that wrap it; nil if there is none.
func exchangeOf(w http.ResponseWriter) *exchange {
	for {
		switch v := w.(type) {
		case *exchange:
			return v
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return nil
		}
	}
}

// Pace gives the client d for what is written next, and for each paceBytes of it, instead of Limits.Write. Answers that
// go on for long say so before each part: time in which there was nothing to send is not the client's. A w that is not
// ours has no deadlines.
func Pace(w http.ResponseWriter, d time.Duration) {
	if x := exchangeOf(w); x != nil {
		x.pace, x.due = d, x.sent+paceBytes
		_ = x.moveDeadline() // where that fails, so does the write
	}
}
