package api

import (
	"bufio"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/runs"
	"kernelindexer/serve"
)

// streamPage is how many lines are sent before the connection is flushed.
const streamPage = 500

// runKey names a run for those who watch it.
type runKey struct {
	domain, project, process string
	version                  int
}

// tails watch logs and runs for all who follow them.
type tails struct {
	logs *hub[archive.Stream, archive.Extent]
	runs *hub[runKey, runs.Run]
}

func newTails(logs Logs, known Runs, every time.Duration) *tails {
	return &tails{
		logs: newHub(every, logs.Extent, func(a, b archive.Extent) bool { return a == b }),
		runs: newHub(every, func(ctx context.Context, k runKey) (runs.Run, error) {
			return known.Version(ctx, k.domain, k.project, k.process, k.version)
		}, sameRun),
	}
}

// sameRun says that followers have nothing to be told.
func sameRun(a, b runs.Run) bool {
	if a.Status.State != b.Status.State || a.Status.Phase != b.Status.Phase || a.Archived != b.Archived || a.Status.Attempts != b.Status.Attempts ||
		(a.Status.Failure == nil) != (b.Status.Failure == nil) || len(a.Status.Commands) != len(b.Status.Commands) ||
		!slices.EqualFunc(a.Status.Earlier, b.Status.Earlier, sameAttempt) {
		return false
	}
	for i := range a.Status.Commands {
		if a.Status.Commands[i].Stream != b.Status.Commands[i].Stream || a.Status.Commands[i].State != b.Status.Commands[i].State {
			return false
		}
	}
	return true
}

func sameAttempt(a, b process.Attempt) bool {
	return a.Pod == b.Pod && slices.Equal(a.Containers, b.Containers)
}

// stateView is what a stream says when a run goes on.
type stateView struct {
	State      process.State `json:"state"`
	Phase      process.Phase `json:"phase,omitzero"`
	Attempts   int           `json:"attempts"`
	ReturnCode *int32        `json:"returncode"`
}

func viewState(run runs.Run) stateView {
	return stateView{run.Status.State, run.Status.Phase, run.Status.Attempts, run.Status.ReturnCode}
}

// follower sends the log of one run to one client. It keeps no lines but those of one chunk: what a slow client has not taken
// is read from the archive when it does.
type follower struct {
	s       *server
	out     *bufio.Writer
	client  http.ResponseWriter
	control *http.ResponseController
	run     runs.Run
	wanted  filter
	told    stateView
	failed  bool // and its failure was told

	at   part  // the log that it is in
	next int64 // the line in it that comes next
}

// follow answers a log as server-sent events, from where the client left off to the end of the run:
//
//	log      a line; its id says where to go on
//	state    the run goes on
//	failure  why it failed
//	end      nothing follows: the run is over, and all it printed was sent
func (s *server) follow(c echo.Context, p place, run runs.Run, wanted filter, offset int64) error {
	if !s.streams.TryAcquire(1) {
		return fail(codeTooMany, "%d logs are being followed; try again", s.options.Streams)
	}
	defer s.streams.Release(1)
	s.metrics.streams.Inc()
	defer s.metrics.streams.Dec()
	client := c.Response().Writer
	f := &follower{
		s: s, out: bufio.NewWriterSize(c.Response(), 32<<10), client: client, control: http.NewResponseController(client), run: run, wanted: wanted,
	}
	if err := f.begin(c.Request().Context(), c.Request().Header.Get("Last-Event-ID"), offset); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, typeStream)
	h.Set(echo.HeaderCacheControl, "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies that gather answers would gather this one for ever
	// Nothing more comes from the client; a deadline for reading would end the connection.
	_ = f.control.SetReadDeadline(time.Time{})
	c.Response().WriteHeader(http.StatusOK)
	watch := s.tails.runs.subscribe(runKey{run.Namespace, run.Project, run.Process, run.Version})
	defer watch.close()
	// Errors from here on are the client's, who has gone, or the archive's: the stream ends without "end", and the client
	// comes back with the id it has.
	if err := f.send(c, watch, p); err != nil && c.Request().Context().Err() == nil {
		s.options.Log.Debug().Err(err).Str("process", run.Process).Msg("stream ended")
	}
	return nil
}

// begin finds out where to begin: behind the event that the client saw last, else at an offset.
func (f *follower) begin(ctx context.Context, last string, offset int64) error {
	parts := f.parts()
	if where, line, ok := cutLast(last, ":"); ok {
		n, err := strconv.ParseInt(line, 10, 64)
		for _, part := range parts {
			if part.stream.Pod+"/"+part.stream.Container == where && err == nil && n >= 0 {
				f.at, f.next = part, n
				return nil
			}
		}
	}
	if len(parts) > 0 {
		f.at = parts[0]
	}
	if offset == 0 {
		return nil
	}
	sections, total, err := f.s.sections(ctx, f.run, f.wanted)
	if err != nil {
		return err
	}
	if offset < 0 {
		offset = max(total+offset, 0)
	}
	for _, section := range sections {
		if offset >= section.first {
			f.at, f.next = section.part, min(offset-section.first, section.total)
		}
	}
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// parts are the logs that are followed, as far as they are known.
func (f *follower) parts() []part { return partsOf(f.run, f.wanted) }

// ahead are the parts from the log on that it is in. Where that is not among them, its attempt is left out by now, has gone
// without a line, or is not seen yet by who looked at the run: then it goes on with what follows, when there is any.
func (f *follower) ahead() []part {
	parts := f.parts()
	at := slices.IndexFunc(parts, func(one part) bool { return one.stream == f.at.stream })
	if at < 0 {
		at = slices.IndexFunc(parts, func(one part) bool { return !one.before(f.at) })
	}
	if at < 0 {
		return nil
	}
	return parts[at:]
}

// send sends until the run is over, the client leaves, or the service ends.
func (f *follower) send(c echo.Context, watch *subscription[runKey, runs.Run], _ place) error {
	ctx := c.Request().Context()
	heartbeat := time.NewTicker(f.s.options.Heartbeat)
	defer heartbeat.Stop()
	var log *subscription[archive.Stream, archive.Extent]
	defer func() {
		if log != nil {
			log.close()
		}
	}()
	if _, err := f.out.WriteString("retry: 2000\n\n"); err != nil {
		return err
	}
	checked := time.Now()
	for {
		run, known, runChanged := watch.current()
		if known {
			f.run = run
		}
		if log == nil || log.key != f.at.stream {
			if log != nil {
				log.close()
			}
			log = f.s.tails.logs.subscribe(f.at.stream)
		}
		_, _, logChanged := log.current()
		over, err := f.advance(ctx)
		if err != nil {
			return err
		}
		if err := f.flush(); err != nil || over {
			return err
		}
		if f.at.stream != log.key {
			continue
		}
		select {
		case <-runChanged:
		case <-logChanged:
		case <-heartbeat.C:
			if _, err := f.out.WriteString(": \n\n"); err != nil {
				return err
			}
			if time.Since(checked) > recheck {
				checked = time.Now()
				if err := f.stillAllowed(c); err != nil {
					return err
				}
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-f.s.options.Closing:
			return nil
		}
	}
}

// recheck is how often a stream that is open asks whether its user may still read it.
const recheck = time.Minute

func (f *follower) stillAllowed(c echo.Context) error {
	return f.s.require(c, access.Deed{Verb: access.Get, Resource: access.Logs, Domain: f.run.Namespace, Name: f.run.Process})
}

// advance sends what is new, and says whether that was all there will ever be.
func (f *follower) advance(ctx context.Context) (over bool, err error) {
	if err := f.tell(); err != nil {
		return false, err
	}
	for _, one := range f.ahead() {
		if one.stream != f.at.stream {
			f.next = 0
		}
		f.at = one
		done, err := f.lines(ctx)
		if err != nil {
			return false, err
		}
		if !done && !f.run.Archived {
			break
		}
	}
	if !f.run.Status.State.Final() || !f.run.Archived {
		return false, nil
	}
	return true, f.event("end", "", viewState(f.run))
}

// tell sends the state of the run, if it is another than before.
func (f *follower) tell() error {
	if now := viewState(f.run); now.State != f.told.State || now.Phase != f.told.Phase || now.Attempts != f.told.Attempts {
		f.told = now
		if err := f.event("state", "", now); err != nil {
			return err
		}
	}
	if f.run.Status.Failure != nil && !f.failed {
		f.failed = true
		return f.event("failure", "", viewFailure(f.run.Status.Failure))
	}
	return nil
}

// lines sends all that is there of the log that it is in, and says whether the log is complete.
func (f *follower) lines(ctx context.Context) (done bool, err error) {
	// Asked before the lines are: a log that is complete then has them all.
	extent, err := f.s.options.Logs.Extent(ctx, f.at.stream)
	if err != nil {
		return false, err
	}
	sent := 0
	for line, err := range f.s.options.Logs.From(ctx, f.at.stream, f.next) {
		if err != nil {
			return false, err
		}
		if sent%streamPage == 0 {
			f.pace() // for what the buffer cannot hold
		}
		id := f.at.stream.Pod + "/" + f.at.stream.Container + ":" + strconv.FormatInt(line.After(), 10)
		if err := f.event("log", id, viewLine(line, f.at)); err != nil {
			return false, err
		}
		f.next = line.After()
		if sent++; sent%streamPage == 0 {
			if err := f.flush(); err != nil {
				return false, err
			}
		}
	}
	return extent.Done && f.next >= extent.Total, nil
}

// event writes one event.
func (f *follower) event(name, id string, value any) error {
	data, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		return err
	}
	for _, part := range []string{"event: ", name, "\n"} {
		if _, err := f.out.WriteString(part); err != nil {
			return err
		}
	}
	if id != "" {
		if _, err := f.out.WriteString("id: " + id + "\n"); err != nil {
			return err
		}
	}
	if _, err := f.out.WriteString("data: "); err != nil {
		return err
	}
	if _, err := f.out.Write(data); err != nil {
		return err
	}
	_, err = f.out.WriteString("\n\n")
	return err
}

// flush gives the client what there is, and some time to take it.
func (f *follower) flush() error {
	f.pace()
	if err := f.out.Flush(); err != nil {
		return err
	}
	return f.control.Flush()
}

// pace gives the client its time for what is written next.
func (f *follower) pace() { serve.Pace(f.client, f.s.options.WriteTime) }
