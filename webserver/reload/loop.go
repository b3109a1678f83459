package reload

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	// settle is how long an event waits for those that follow it: a publication
	// is two renames, and one look after the second is enough.
	settle = 20 * time.Millisecond
	// firstRetry is when a failure that may pass is tried again; then after twice
	// the time each, up to the interval.
	firstRetry = time.Second
	// maxDoublings bounds how often a time is doubled.
	maxDoublings = 5
)

// loop is the one place where files are looked at. It belongs to one goroutine.
type loop struct {
	*Reloader
	watch *watch
	timer *time.Timer

	seen     [len(both)]stamp // before the files were last read
	read     time.Time        // when they were last read
	last     *LoadError       // how that ended
	failures int              // in a row
	quiet    time.Time        // no load before that because of an event
	docs     *documents       // of the current view
	status   statusFile
	changes  changesFile
	logged   string // the problem that the log knows of
}

func newLoop(r *Reloader) *loop {
	c := r.config
	w := newWatch(r.hints, c.Log, c.Collated, c.Index, changesPath(c.Collated), statusPath(c.StatusDir))
	if r.blind {
		w = newWatch(r.hints, c.Log)
	}
	w.newWatcher = r.newWatcher
	return &loop{
		Reloader: r,
		watch:    w,
		timer:    time.NewTimer(0), // the first look is at once
		status:   newStatusFile(r.source.files, c.StatusDir),
		changes:  newChangesFile(r.source.files, c.Collated),
	}
}

// run looks at the files until ctx ends.
func (l *loop) run(ctx context.Context) {
	defer l.end()
	for due := time.Now(); ; {
		l.timer.Reset(time.Until(due))
		select {
		case <-ctx.Done():
			return
		case <-l.hints:
			due = earlier(due, later(time.Now().Add(settle), l.quiet))
			continue
		case <-l.requests:
		case <-l.timer.C:
		}
		l.look(ctx)
		due = time.Now().Add(l.pause())
	}
}

func (l *loop) end() {
	l.timer.Stop()
	l.watch.close()
	l.stop()
	if l.docs != nil {
		l.docs.release()
	}
}

// pause returns the time to the next look if nothing happens before.
func (l *loop) pause() time.Duration {
	pause := l.config.Interval
	if l.last != nil && l.last.transient() {
		pause = min(pause, firstRetry<<min(l.failures-1, maxDoublings))
	}
	return time.Duration(float64(pause) * (0.8 + 0.4*rand.Float64()))
}

// look looks at the files, and reads them if there is reason to.
func (l *loop) look(ctx context.Context) {
	start := time.Now()
	l.watch.renew() // before the stat, so that nothing is missed in between
	waiting := l.takeWaiting()
	whatever := len(waiting) > 0 || start.Sub(l.read) >= l.config.Reread // a stat shows
	l.lookAtStatus(whatever)
	stamps := l.source.stamps()
	outcome := Outcome{Result: Unchanged}
	if whatever || stamps != l.seen || l.last != nil && l.last.transient() {
		l.seen = stamps
		outcome.Result = Loaded
		if err := l.load(ctx); errors.As(err, &outcome.Err) {
			outcome.Result = Failed
		} else if err != nil { // ctx has ended
			answer(waiting, ErrStopped)
			return
		}
	}
	if outcome.Result != Loaded && l.lookAtChanges(whatever) { // a load has looked itself
		l.setChanges(l.changes.last)
	}
	outcome.Took = time.Since(start)
	l.report(outcome)
	if outcome.Err != nil {
		answer(waiting, outcome.Err)
	} else {
		answer(waiting, nil)
	}
}

func answer(waiting []chan<- error, err error) {
	for _, done := range waiting {
		done <- err
	}
}

// load reads the files and takes the pair, or says why not.
func (l *loop) load(ctx context.Context) error {
	began := time.Now()
	l.update(func(s *State) { s.Reading = l.config.Now() })
	defer l.update(func(s *State) { s.Reading = time.Time{} })
	p, err := l.source.load(ctx)
	end := time.Now()
	l.read = end
	took := end.Sub(began)
	// Whatever keeps changing the files, at least half of the time is left, and
	// more while what is there cannot be read: somebody may be writing it.
	l.quiet = end.Add(took)
	if err != nil {
		if errors.As(err, &l.last) {
			l.quiet = end.Add(max(took, settle<<min(l.failures, maxDoublings)))
			l.failures++
		}
		return err
	}
	l.last, l.failures = nil, 0
	l.take(p, took)
	return nil
}

// take swaps the view.
func (l *loop) take(p *pair, took time.Duration) {
	l.lookAtChanges(true) // after the pair was opened
	v := &View{Catalog: p.catalog, Digest: p.digest, Loaded: l.config.Now(), Status: l.status.last, Changes: l.changes.last}
	old := l.view.Load()
	same := old != nil && old.Digest == v.Digest
	if same {
		v.Catalog = old.Catalog
	}
	before := l.docs
	l.docs = newDocuments(p.files, func() { poke(l.hints) })
	v.docs = l.docs
	l.view.Store(v)
	if before != nil {
		before.release()
	}
	l.logLoaded(v, same, took)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
