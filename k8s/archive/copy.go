package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrStream is in the error of [Log.Copy] when it was the stream that failed: the
// log may be copied further at once.
var ErrStream = errors.New("reading the log")

// Copy adds what is new in a stream that was opened at [Log.Since], until the
// stream ends, ctx is done or the archive fails. It closes the stream. What it
// has read it has written when it returns, unless the archive fails; then the log
// has to be resumed from what the archive has.
//
// The time stamps tell what is new: of the lines of the stream all are left out
// that are older than the newest in the archive, and of those from there on as
// many as are known. A stream that begins after what is in the archive has lost
// lines, which a line with [NoteGap] tells.
//
// A last line without a line feed waits for [Log.Finish]: the stream may have
// been cut in it.
func (l *Log) Copy(ctx context.Context, stream io.ReadCloser) error {
	if l.end != nil {
		return errors.Join(fmt.Errorf("%s: %w", l.stream.prefix(), ErrComplete), stream.Close())
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// A read that waits for the next line ends when the stream is closed.
	stop := context.AfterFunc(ctx, func() { _ = stream.Close() })
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		l.flushNow(ctx, cancel)
	}()
	err := l.read(ctx, stream)
	if stop() {
		err = errors.Join(err, stream.Close())
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	cancel(nil)
	<-flushed
	// Also what came before an error, and when the program ends.
	finally, done := context.WithTimeout(context.WithoutCancel(ctx), flushAtEnd)
	defer done()
	if failed := l.Flush(finally); failed != nil {
		return failed
	}
	return err
}

// flushAtEnd is how long the last lines of a copy that was ended may take.
const flushAtEnd = 10 * time.Second

// flushNow writes what waits every now and then.
func (l *Log) flushNow(ctx context.Context, fail context.CancelCauseFunc) {
	timer := time.NewTimer(l.pause())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := l.Flush(ctx); err != nil {
			fail(err)
			return
		}
		timer.Reset(l.pause())
	}
}

// pause is how long lines wait: longer in a log of many chunks.
func (l *Log) pause() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch n := len(l.chunks); {
	case n < 100:
		return l.options.Flush
	case n < 1000:
		return 3 * l.options.Flush
	}
	return 12 * l.options.Flush
}

// read takes in the lines of a stream.
func (l *Log) read(ctx context.Context, stream io.Reader) error {
	l.mu.Lock()
	l.rest = nil // it comes again, with what follows it
	known := newKnown(l.point)
	l.mu.Unlock()
	lines := newRecords(stream, l.mask)
	for {
		one, err := lines.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w of %s: %w", ErrStream, l.stream.Container, err)
		}
		if err := l.take(ctx, known, one); err != nil {
			return err
		}
	}
}

// take takes in a line, unless it is known.
func (l *Log) take(ctx context.Context, known *known, one record) error {
	old, gap := known.has(one)
	if old {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one.gap = gap
	if !one.ended {
		l.rest = &one
		return nil
	}
	if err := l.accept(one); err != nil {
		return err
	}
	if l.waiting.Len() < l.store.bounds.chunk {
		return nil
	}
	return l.flush(ctx)
}

// accept adds a line of the stream, and moves the point. The lock is held.
func (l *Log) accept(one record) error {
	if one.gap {
		if err := l.add(Line{Time: l.point.Time, Note: NoteGap}); err != nil {
			return err
		}
	}
	switch {
	case one.at.After(l.point.Time):
		l.point = point{Time: one.at, Count: 1}
	case counted(one, l.point.Time):
		l.point.Count++
	}
	at := one.at
	if at.IsZero() {
		at = l.point.Time
	}
	return l.add(Line{Time: at, Text: one.text, Cut: one.cut})
}

// counted says that a stream opened at the second of a point has the line.
func counted(one record, point time.Time) bool {
	return one.at.IsZero() || !one.at.Before(point.Truncate(time.Second))
}

// known tells the lines that are in the archive from new ones.
type known struct {
	point point
	left  int64 // lines from the first of the point's time on that are known
	state knownState
}

type knownState int

const (
	before knownState = iota // the time of the point has not come
	within                   // at it, left lines are known
	after                    // all is new
)

func newKnown(point point) *known {
	k := &known{point: point, left: point.Count}
	switch {
	case point.Count == 0:
		k.state = after
	case point.Time.IsZero():
		k.state = within // nothing had a time yet
	}
	return k
}

// has says that a line is in the archive; and if not, that lines before it are
// missing in the stream.
func (k *known) has(one record) (old, gap bool) {
	if k.state == before {
		switch {
		case one.at.IsZero() || one.at.Before(k.point.Time):
			return true, false
		case one.at.After(k.point.Time):
			k.state = after
			return false, true
		}
		k.state = within
	}
	if k.state == within {
		switch {
		case k.left == 0:
			k.state = after
		case one.at.After(k.point.Time):
			k.state = after
			return false, true
		case counted(one, k.point.Time):
			k.left--
			return true, false
		default:
			return true, false
		}
	}
	return false, false
}
