package controller

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/record"
)

// Options of a [Loop]; the zero value of a field is its default.
type Options struct {
	Limits  process.Limits
	Workers int           // that look at Jobs at the same time; 4
	Sweep   time.Duration // between two looks at all runs that are open; 1 min
	Flush   time.Duration // that a line of a log may wait; see [archive.Options]

	// LogsKept and OutcomesKept are how long the archive keeps them; 0 is for ever.
	LogsKept, OutcomesKept time.Duration

	// Failed is told of what went wrong and will be tried again. It must be safe
	// for concurrent use; nil is nobody.
	Failed func(key Key, err error)
	// Done is told of each action, and of its error. It must be safe for
	// concurrent use and must not wait; nil is nobody.
	Done func(key Key, action process.Action, err error)
	// Copied is told of each piece of a log that was read from a node, some of it
	// perhaps again after a stream has broken. As Done.
	Copied func(piece []byte)
	// Failpoint is asked before and after each action; tests let it fail there,
	// as if the program had been killed.
	Failpoint Failpoint
}

// Failpoint stops the loop around an action by an error.
type Failpoint interface {
	Before(key Key, kind process.ActionKind) error
	After(key Key, kind process.ActionKind) error
}

// Loop looks after the runs of a cluster. Its methods are safe for concurrent
// use.
type Loop struct {
	cluster Cluster
	records record.Archive
	options Options
	queue   workqueue.TypedRateLimitingInterface[Key]

	mu   sync.Mutex
	runs map[Key]*run    // in hand; a copy of what the archive has
	told map[string]bool // namespaces of which it was said that secrets cannot be read
	work sync.WaitGroup
}

// New returns a loop that does nothing yet.
func New(cluster Cluster, store *archive.Store, options Options) *Loop {
	if options.Limits == (process.Limits{}) {
		options.Limits = process.DefaultLimits()
	}
	if options.Workers <= 0 {
		options.Workers = 4
	}
	if options.Sweep <= 0 {
		options.Sweep = time.Minute
	}
	if options.Failed == nil {
		options.Failed = func(Key, error) {}
	}
	if options.Done == nil {
		options.Done = func(Key, process.Action, error) {}
	}
	if options.Copied == nil {
		options.Copied = func([]byte) {}
	}
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[Key](100*time.Millisecond, time.Minute)
	return &Loop{
		cluster: cluster, records: record.Archive{Store: store}, options: options, runs: map[Key]*run{}, told: map[string]bool{},
		queue: workqueue.NewTypedRateLimitingQueue(limiter),
	}
}

// Changed says that something about a Job has changed. It may be said before Run
// is called, and too often.
func (l *Loop) Changed(key Key) { l.queue.Add(key) }

// Run works until ctx is done or a failpoint fails, and has stopped all it
// started when it returns. A loop runs once.
func (l *Loop) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	for range l.options.Workers {
		workers.Go(func() { l.worker(ctx, cancel) })
	}
	workers.Go(func() { l.sweeper(ctx) })
	<-ctx.Done()
	l.queue.ShutDown()
	workers.Wait()
	l.work.Wait() // followers
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// errStopped is the cause of an end by a failpoint.
var errStopped = errors.New("stopped at a failpoint")

func (l *Loop) worker(ctx context.Context, stop context.CancelCauseFunc) {
	for {
		key, shutdown := l.queue.Get()
		if shutdown {
			return
		}
		if ctx.Err() == nil {
			l.turn(ctx, key, stop)
		}
		l.queue.Done(key)
	}
}

// turn looks at one Job until there is nothing to do for it at once.
func (l *Loop) turn(ctx context.Context, key Key, stop context.CancelCauseFunc) {
	again, err := l.reconcile(ctx, key)
	switch {
	case errors.Is(err, errStopped):
		stop(err)
	case err != nil:
		if ctx.Err() == nil {
			l.options.Failed(key, err)
		}
		l.forget(key) // the archive may know better
		l.queue.AddRateLimited(key)
	default:
		l.queue.Forget(key)
		if again > 0 {
			l.queue.AddAfter(key, again)
		}
	}
}

// maxSteps bounds the actions of one turn. A run that needs more is wrong, and
// waits as after an error.
const maxSteps = 20

// settle is how long the cluster is given to show what was done to it, if it
// does not say so itself.
const settle = time.Second

// reconcile does what is next for a run, until that is to wait. It returns for
// how long, 0 for until something changes.
func (l *Loop) reconcile(ctx context.Context, key Key) (time.Duration, error) {
	for range maxSteps {
		o, err := l.observe(ctx, key, false)
		if err != nil {
			return 0, err
		}
		action := process.Observe(o).Next
		if decides(action.Kind) {
			// What cannot be taken back is not decided on what may be old.
			if o, err = l.observe(ctx, key, true); err != nil {
				return 0, err
			}
			if action, err = l.masked(ctx, key, o, process.Observe(o).Next); err != nil {
				return 0, err
			}
		}
		switch action.Kind {
		case process.ActNone:
			l.forget(key)
			return 0, nil
		case process.ActWait:
			return max(action.Until.Sub(o.Now), settle), nil
		default:
		}
		if err := l.failpoint(key, action.Kind, true); err != nil {
			return 0, err
		}
		err = l.do(ctx, key, o, action)
		l.options.Done(key, action, err)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", action.Kind, err)
		}
		if err := l.failpoint(key, action.Kind, false); err != nil {
			return 0, err
		}
		if changesCluster(action.Kind) {
			return settle, nil // what is cached does not show it yet
		}
	}
	return 0, fmt.Errorf("still not at rest after %d steps", maxSteps)
}

func (l *Loop) failpoint(key Key, kind process.ActionKind, before bool) error {
	var err error
	switch point := l.options.Failpoint; {
	case point == nil:
	case before:
		err = point.Before(key, kind)
	default:
		err = point.After(key, kind)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errStopped, err)
	}
	return nil
}

// decides says that an action ends a run, or begins one.
func decides(kind process.ActionKind) bool {
	switch kind {
	case process.ActArchive, process.ActReplace, process.ActDelete, process.ActCreate:
		return true
	default:
		return false
	}
}

func changesCluster(kind process.ActionKind) bool {
	switch kind {
	case process.ActStop, process.ActArmTTL, process.ActDelete, process.ActCreate:
		return true
	default:
		return false
	}
}
