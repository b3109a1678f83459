package reload

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"kernelindexer/manifests"

	"github.com/fsnotify/fsnotify"
)

// Reloader keeps the view of one pair of files. All methods may be called
// concurrently.
type Reloader struct {
	config Config
	source source
	view   atomic.Pointer[View]
	blind  bool // watches nothing, for tests

	newWatcher func() (*fsnotify.Watcher, error)

	// requests and hints wake the loop: somebody waits for a load, or something
	// may have changed. Both hold one at most, for one look serves them all.
	requests, hints chan struct{}

	mu      sync.Mutex
	state   State
	waiting []chan<- error // of those who asked since the last load began
	stopped bool
}

// New returns a reloader that has not looked at anything yet; see [Reloader.Run].
func New(c Config) *Reloader {
	return &Reloader{
		config:     c.withDefaults(),
		source:     source{files: disk{}, paths: [len(both)]string{Collated: c.Collated, Index: c.Index}},
		newWatcher: fsnotify.NewWatcher,
		requests:   make(chan struct{}, 1),
		hints:      make(chan struct{}, 1),
	}
}

// stopGrace is how long Run waits for a file system that hangs.
const stopGrace = 2 * time.Second

// Run looks at the files at once and then whenever there is reason to, until
// ctx ends, and then releases the files: the current view goes on to answer
// from memory, but its documents can no longer be opened. A server should have
// answered its last request by then.
//
// Run is called once and returns nil, or an error if at the end it had to leave
// behind a system call that does not return, as on a hard-mounted NFS whose
// server is gone.
func (r *Reloader) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		newLoop(r).run(ctx)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-done:
		return nil
	case <-time.After(stopGrace):
		return errors.New("the file system of " + r.source.paths[Collated] + " does not answer")
	}
}

// Current returns what is to be served, nil before the first good pair. It
// never waits. A handler should ask once and stay with the answer.
func (r *Reloader) Current() *View { return r.view.Load() }

// State returns how the reloading goes. It does not wait for a load.
func (r *Reloader) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Refresh has both documents read, whatever a stat shows, and returns when that
// is done. Calls that come before the reading begins share it; those that come
// later share the next. The error is a [*LoadError] if the pair was not taken,
// [ErrStopped], or the cause of ctx. Before Run it waits for Run.
func (r *Reloader) Refresh(ctx context.Context) error {
	done := make(chan error, 1)
	if !r.wait(done) {
		return ErrStopped
	}
	poke(r.requests)
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// wait enters somebody who waits for the next load.
func (r *Reloader) wait(done chan<- error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return false
	}
	r.waiting = append(r.waiting, done)
	return true
}

// takeWaiting returns those who wait, for the load that begins now.
func (r *Reloader) takeWaiting() []chan<- error {
	r.mu.Lock()
	defer r.mu.Unlock()
	waiting := r.waiting
	r.waiting = nil
	return waiting
}

// stop sends away those who wait, now and from now on.
func (r *Reloader) stop() {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	for _, done := range r.takeWaiting() {
		done <- ErrStopped
	}
}

// update changes the state.
func (r *Reloader) update(change func(*State)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.state)
}

// setStatus shows another status with the same pair.
func (r *Reloader) setStatus(s *manifests.Status) { r.change(func(v *View) { v.Status = s }) }

// setChanges shows other changes with the same pair.
func (r *Reloader) setChanges(c *manifests.Changes) { r.change(func(v *View) { v.Changes = c }) }

// change makes another view of the same pair.
func (r *Reloader) change(edit func(*View)) {
	if old := r.view.Load(); old != nil {
		next := *old
		edit(&next)
		r.view.Store(&next)
	}
}

// poke wakes whoever receives from c.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
