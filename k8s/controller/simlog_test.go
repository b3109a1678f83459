package controller_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"kernelindexer/k8s/controller"
	"kernelindexer/k8s/process"
)

// simLog is the log of a container of the simulation.
type simLog struct {
	lines []simLine
	ended bool
}

type simLine struct {
	at   time.Time
	text string
}

// Open implements controller.Logs.
func (s *sim) Open(_ context.Context, _ string, stream process.Stream, since time.Time, follow bool) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.logs[stream]
	if log == nil || s.pods[stream.Pod] == nil {
		return nil, controller.ErrGone
	}
	reader := &simReader{sim: s, log: log, since: since, follow: follow, left: -1}
	if s.cuts != nil && s.cuts.IntN(3) > 0 {
		reader.left, reader.clean = s.cuts.IntN(3000), s.cuts.IntN(2) == 0
	}
	return reader, nil
}

// simReader is the stream of a log. It may break anywhere.
type simReader struct {
	sim    *sim
	log    *simLog
	since  time.Time
	follow bool
	next   int
	text   bytes.Buffer
	left   int // bytes until it breaks; negative: it does not
	clean  bool
	closed bool
}

func (r *simReader) Read(p []byte) (int, error) {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	for {
		for r.text.Len() == 0 && r.next < len(r.log.lines) {
			line := r.log.lines[r.next]
			r.next++
			if !line.at.Before(r.since) {
				fmt.Fprintf(&r.text, "%s %s\n", line.at.UTC().Format(time.RFC3339Nano), line.text)
			}
		}
		switch {
		case r.closed:
			return 0, io.ErrClosedPipe
		case r.left == 0 && r.clean && r.follow:
			return 0, io.EOF // as when the kubelet restarts
		case r.left == 0:
			return 0, io.ErrUnexpectedEOF
		case r.text.Len() > 0:
			if r.left > 0 {
				p = p[:min(len(p), r.left)]
			}
			n, err := r.text.Read(p)
			if r.left > 0 {
				r.left -= n
			}
			return n, err
		case !r.follow || r.log.ended:
			return 0, io.EOF
		}
		r.sim.moved.Wait()
	}
}

func (r *simReader) Close() error {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	r.closed = true
	r.sim.moved.Broadcast()
	return nil
}
