package controller

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/record"
)

// follower copies the log of one container to the archive, to its end.
type follower struct {
	loop    *Loop
	key     Key
	stream  process.Stream
	name    archive.Stream
	secrets []string
}

// Pauses of a follower whose stream has ended before its container, or failed.
const (
	shortPause = time.Second
	longPause  = 15 * time.Second
	// giveUp is how often in a row the log of a container that has ended may
	// fail to be read before it is taken for lost.
	giveUp = 8
)

// run follows until the log is complete, ctx is done or another copy has gone
// on, and says what is known then.
func (f *follower) run(ctx context.Context) {
	fact, err := f.copy(ctx)
	again := shortPause
	if err != nil && ctx.Err() == nil && !errors.Is(err, archive.ErrConflict) {
		f.loop.options.Failed(f.key, fmt.Errorf("log of %s/%s: %w", f.stream.Pod, f.stream.Container, err))
		fact.Broken = f.broken(ctx)
		if !fact.Broken.IsZero() {
			again = min(max(shortPause, time.Since(fact.Broken)/4), longPause)
		}
	}
	f.loop.mu.Lock()
	if r := f.loop.runs[f.key]; r != nil {
		r.streams[f.stream] = fact
	}
	f.loop.mu.Unlock()
	if err != nil {
		f.loop.queue.AddAfter(f.key, again) // somebody else's, broken, or the archive is away
		return
	}
	f.loop.queue.Add(f.key)
}

// broken is since when this log, and not the archive as a whole, is broken: the zero time if the archive is away. It is
// there when it has the record of the run, which is open while its logs are copied.
func (f *follower) broken(ctx context.Context) time.Time {
	if open, err := f.loop.records.Open(ctx, opened(f.key)); err != nil || open.Record == nil {
		return time.Time{}
	}
	f.loop.mu.Lock()
	defer f.loop.mu.Unlock()
	if r := f.loop.runs[f.key]; r != nil && !r.streams[f.stream].Broken.IsZero() {
		return r.streams[f.stream].Broken
	}
	return time.Now()
}

// copy copies the log, and returns what is known of it in the end. The error is
// the archive's or the context's.
func (f *follower) copy(ctx context.Context) (process.StreamFact, error) {
	log, err := f.loop.records.Store.Resume(ctx, f.name, archive.Options{Secrets: f.secrets, Flush: f.loop.options.Flush})
	if err != nil {
		return process.StreamFact{}, err
	}
	mask := archive.NewMask(f.secrets).MaskPiece
	var end *process.End
	over := false // no container of the pod runs any more
	var seen time.Time
	failures, waited := 0, false
	for log.End() == nil {
		pod, err := f.loop.cluster.Pod(ctx, Key{Namespace: f.key.Namespace, Name: f.stream.Pod})
		if err == nil {
			if now := process.EndOf(pod, f.stream.Container, mask); now != nil {
				end, over = now, true
			}
			over = over || process.Over(pod)
			if over && seen.IsZero() {
				seen = time.Now()
			}
			err = f.once(ctx, log, !over)
		}
		gone := errors.Is(err, ErrGone) || err == nil && pod == nil
		if gone && end == nil {
			end = process.EndOf(f.loop.cluster.Last(Key{Namespace: f.key.Namespace, Name: f.stream.Pod}), f.stream.Container, mask)
		}
		switch {
		case ctx.Err() != nil:
			return process.StreamFact{}, ctx.Err()
		case errors.Is(err, errArchive):
			return process.StreamFact{}, err
		case gone && end == nil && !waited:
			waited = true // what watches may not have seen yet that the pod is gone
		case gone, err == nil && over && time.Since(seen) >= shortPause, err != nil && over && failures >= giveUp:
			// What was read a moment after the container had ended is all of it: on a
			// busy node its last lines come to the file after its end is known.
			err = log.Finish(ctx, err != nil || gone, end)
			if err != nil {
				return process.StreamFact{}, err
			}
			continue
		case err != nil:
			failures++
		default:
			failures = 0
		}
		if !sleep(ctx, pause(failures)) {
			return process.StreamFact{}, ctx.Err()
		}
	}
	return record.Fact(log.End())
}

// errArchive marks an error of the archive, which ends a follower: its log may
// not say any more what the archive has.
var errArchive = errors.New("writing the log")

// once reads the log once, to its end as it is now or will be.
func (f *follower) once(ctx context.Context, log *archive.Log, follow bool) error {
	stream, err := f.loop.cluster.Open(ctx, f.key.Namespace, f.stream, log.Since(), follow)
	if err != nil {
		return err
	}
	err = log.Copy(ctx, tapped{stream, f.loop.options.Copied})
	if err != nil && !errors.Is(err, archive.ErrStream) {
		return fmt.Errorf("%w: %w", errArchive, err)
	}
	return err
}

// tapped tells of what is read.
type tapped struct {
	io.ReadCloser
	tell func([]byte)
}

// Read implements io.Reader.
func (w tapped) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.tell(p[:n])
	return n, err
}

func pause(failures int) time.Duration {
	return min(shortPause<<min(failures, 4), longPause)
}

// sleep waits, and says that ctx is not done.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
