package controller

import (
	"context"
	"time"

	"kernelindexer/k8s/record"
)

// day is how often what is too old is removed.
const day = 24 * time.Hour

// sweeper looks at all open runs now and then: a Job that was deleted while
// nobody looked says nothing by itself. Once a day it removes what is too old.
func (l *Loop) sweeper(ctx context.Context) {
	var expired time.Time
	for {
		if err := l.sweep(ctx); err != nil && ctx.Err() == nil {
			l.options.Failed(Key{}, err)
		}
		if time.Since(expired) >= day {
			expired = time.Now()
			if err := l.expire(ctx); err != nil && ctx.Err() == nil {
				l.options.Failed(Key{}, err)
			}
		}
		if !sleep(ctx, l.options.Sweep) {
			return
		}
	}
}

func (l *Loop) sweep(ctx context.Context) error {
	for open, err := range l.records.OpenRuns(ctx) {
		if record.Damaged(err) || err == nil && open.Record == nil {
			continue // of no run that can be named
		}
		if err != nil {
			return err
		}
		l.queue.Add(Key{Namespace: open.Record.Namespace, Name: open.Record.Job})
	}
	return nil
}

func (l *Loop) expire(ctx context.Context) error {
	logs, outcomes := l.options.LogsKept, l.options.OutcomesKept
	if logs <= 0 && outcomes <= 0 {
		return nil
	}
	now := time.Now()
	before := func(kept time.Duration) time.Time {
		if kept <= 0 {
			return time.Time{}
		}
		return now.Add(-kept)
	}
	_, err := l.records.Store.Expire(ctx, before(logs), before(outcomes))
	return err
}
