package reload_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"kernelindexer/webserver/reload"
)

// Refresh reads whatever a stat shows. Those who ask before the reading begins
// share it, and those who ask while it goes on share the next. Meanwhile nobody
// who reads waits.
func TestRefreshCoalesces(t *testing.T) {
	s, files := newStore(t), &faulty{}
	p := pairOf(t, "1.0")
	s.publish(p)
	r := s.start(files.use)
	gate, entered := make(chan struct{}), make(chan struct{}, 100)
	files.set(func(op, path string) error {
		if op == "open" && path == s.config.Collated {
			entered <- struct{}{}
			<-gate
		}
		return nil
	})
	loads := r.State().Loads
	results := make(chan error, 100)
	ask := func(n int) {
		for range n {
			go func() { results <- r.Refresh(t.Context()) }()
		}
	}
	ask(1)
	<-entered // it is being read
	ask(50)
	r.eventually("all have asked", func() bool { return r.Waiting() == 50 })
	if r.State().Reading.IsZero() || served(r.Current()) != "1.0" {
		t.Errorf("state %+v", r.State())
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := r.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a caller that gives up: %v", err)
	}
	close(gate)
	for range 51 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if got := r.State().Loads - loads; got != 2 {
		t.Errorf("%d loads for 51 callers", got)
	}
	if state := r.State(); !state.Reading.IsZero() {
		t.Errorf("state %+v", state)
	}
}

// Refresh returns when the state, the view and who counts know of the load.
func TestRefreshIsSeen(t *testing.T) {
	s := newStore(t)
	r := s.start()
	for i := range 50 {
		version := fmt.Sprintf("1.%d", i)
		s.publish(pairOf(t, version))
		before := r.State().Loads
		r.refresh()
		if served(r.Current()) != version || r.State().Loads <= before || uint64(r.count(reload.Loaded)) != r.State().Loads {
			t.Fatalf("after Refresh to %s: %s, %+v", version, served(r.Current()), r.State())
		}
	}
}

// Refresh fails when nobody looks any more, and when its caller gives up.
func TestRefreshEnds(t *testing.T) {
	s := newStore(t)
	s.publish(pairOf(t, "1.0"))
	never := reload.New(s.config)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := never.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("before Run: %v", err)
	}
	r := s.start()
	view := r.Current()
	r.stop()
	if err := r.Refresh(t.Context()); !errors.Is(err, reload.ErrStopped) {
		t.Errorf("after Run: %v", err)
	}
	if _, err := view.Open(reload.Index); !errors.Is(err, reload.ErrReplaced) {
		t.Errorf("files after Run: %v", err)
	}
	if r.Current() != view || served(view) != "1.0" {
		t.Error("the view is gone")
	}
}
