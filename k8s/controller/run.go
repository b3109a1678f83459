package controller

import (
	"context"
	"fmt"
	"maps"
	"time"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/record"
)

// run is a run in hand.
type run struct {
	name    archive.Run
	open    record.Open
	outcome *process.Outcome
	streams map[process.Stream]process.StreamFact
	secrets map[string]bool // all values that its containers were ever seen to be given
}

// opened is the name of an open run in the archive.
func opened(key Key) archive.Opened { return archive.Opened{Domain: key.Namespace, Job: key.Name} }

// observe gathers all that is known of a run; from the cluster itself, not from
// what is cached, when fresh is asked for.
func (l *Loop) observe(ctx context.Context, key Key, fresh bool) (process.Observation, error) {
	o := process.Observation{Limits: l.options.Limits}
	var err error
	if o.Job, o.Pods, o.Events, err = l.cluster.Look(ctx, key, fresh); err != nil {
		return o, err
	}
	o.Now = time.Now()
	var seen *process.Record
	if o.Job != nil {
		seen = process.RecordOf(o.Job)
	}
	r, err := l.load(ctx, key, seen)
	if err != nil || r == nil {
		return o, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	o.Facts = process.Facts{
		Record: r.open.Record, Replacement: r.open.Replacement, Outcome: r.outcome, Streams: maps.Clone(r.streams),
	}
	return o, nil
}

// load returns the run in hand, or takes it from the archive; nil when neither
// the cluster nor the archive knows it.
func (l *Loop) load(ctx context.Context, key Key, seen *process.Record) (*run, error) {
	l.mu.Lock()
	r := l.runs[key]
	l.mu.Unlock()
	if r != nil && r.name != (archive.Run{}) && (seen == nil || r.name == record.Run(seen)) {
		return r, nil
	}
	r = &run{secrets: map[string]bool{}}
	var err error
	r.open, err = l.records.Open(ctx, opened(key))
	if err != nil && (!l.damaged(key, err) || seen == nil) {
		return nil, err // otherwise the Job tells what has to be known, and the document is written anew
	}
	switch {
	case seen != nil:
		r.name = record.Run(seen)
	case r.open.Record != nil:
		r.name = record.Run(r.open.Record)
	default:
		return nil, nil
	}
	r.outcome, err = l.records.Outcome(ctx, r.name)
	if err != nil && !l.damaged(key, err) {
		return nil, err
	}
	broken := map[process.Stream]bool{}
	r.streams, err = l.records.Streams(ctx, r.name, func(stream process.Stream, err error) {
		broken[stream] = true
		l.options.Failed(key, fmt.Errorf("log of %s/%s: %w", stream.Pod, stream.Container, err))
	})
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r.inherit(l.runs[key], broken, time.Now())
	l.runs[key] = r
	return r, nil
}

// damaged says that an error is about a document that is damaged, and tells of it.
func (l *Loop) damaged(key Key, err error) bool {
	if !record.Damaged(err) {
		return false
	}
	l.options.Failed(key, err)
	return true
}

// inherit takes over from a run that is loaded anew what the archive does not tell: its followers go on, and a log that
// was broken is so since then. A log that is broken now and was not is from now on.
func (r *run) inherit(former *run, broken map[process.Stream]bool, now time.Time) {
	for stream := range broken {
		r.streams[stream] = process.StreamFact{Broken: now}
	}
	if former == nil {
		return
	}
	maps.Copy(r.secrets, former.secrets)
	for stream, fact := range former.streams {
		switch {
		case fact.Following:
			r.streams[stream] = fact
		case !fact.Broken.IsZero() && !r.streams[stream].Complete:
			r.streams[stream] = process.StreamFact{Broken: fact.Broken}
		}
	}
}

// forget drops a run; what it was is read again when it is needed. Of a run whose
// logs are being copied, or cannot be, that is kept: nobody may copy them twice.
func (l *Loop) forget(key Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.runs[key]
	if r == nil {
		return
	}
	for _, fact := range r.streams {
		if fact.Following || !fact.Broken.IsZero() {
			r.name = archive.Run{} // no run's: it is loaded anew
			return
		}
	}
	delete(l.runs, key)
}
