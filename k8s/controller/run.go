package controller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
)

// open is the document of a run that has begun and not been closed.
type open struct {
	Record      *process.Record      `json:"run"`
	Replacement *process.Replacement `json:"replacement,omitempty"`
}

// run is a run in hand.
type run struct {
	name    archive.Run
	open    open
	outcome *process.Outcome
	streams map[process.Stream]process.StreamFact
}

// nameOf is the name of a run in the archive.
func nameOf(record *process.Record) archive.Run {
	return archive.Run{Domain: record.Namespace, Project: record.Project, Process: record.Process, Version: record.Version}
}

// observe gathers all that is known of a run; from the cluster itself, not from
// what is cached, when fresh is asked for.
func (l *Loop) observe(ctx context.Context, key Key, fresh bool) (process.Observation, error) {
	o := process.Observation{Limits: l.options.Limits}
	var err error
	if o.Job, o.Pods, o.Events, err = l.cluster.Look(ctx, key, fresh); err != nil {
		return o, err
	}
	o.Now = time.Now()
	var record *process.Record
	if o.Job != nil {
		record = process.RecordOf(o.Job)
	}
	r, err := l.load(ctx, key, record)
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
func (l *Loop) load(ctx context.Context, key Key, record *process.Record) (*run, error) {
	l.mu.Lock()
	r := l.runs[key]
	l.mu.Unlock()
	if r != nil && r.name != (archive.Run{}) && (record == nil || r.name == nameOf(record)) {
		return r, nil
	}
	r = &run{streams: map[process.Stream]process.StreamFact{}}
	err := document(l.store.GetOpen(ctx, archive.Opened{Domain: key.Namespace, Job: key.Name}))(&r.open)
	if err != nil {
		return nil, err
	}
	switch {
	case record != nil:
		r.name = nameOf(record)
	case r.open.Record != nil:
		r.name = nameOf(r.open.Record)
	default:
		return nil, nil
	}
	if err := document(l.store.Outcome(ctx, r.name))(&r.outcome); err != nil {
		return nil, err
	}
	if err := l.loadStreams(ctx, r); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if former := l.runs[key]; former != nil { // its followers go on
		for stream, fact := range former.streams {
			if fact.Following {
				r.streams[stream] = fact
			}
		}
	}
	l.runs[key] = r
	return r, nil
}

func (l *Loop) loadStreams(ctx context.Context, r *run) error {
	streams, err := l.store.Streams(ctx, r.name)
	if err != nil {
		return err
	}
	for _, stream := range streams {
		end, err := l.store.LogEnd(ctx, stream)
		if err != nil && !errors.Is(err, archive.ErrNotFound) {
			return err
		}
		fact, err := factOf(end)
		if err != nil {
			return err
		}
		r.streams[process.Stream{Pod: stream.Pod, Container: stream.Container}] = fact
	}
	return nil
}

// factOf is what the end of a log tells; nil is of a log that has none.
func factOf(end *archive.End) (process.StreamFact, error) {
	if end == nil {
		return process.StreamFact{}, nil
	}
	fact := process.StreamFact{Complete: true, Partial: end.Partial}
	if err := json.Unmarshal(end.Document, &fact.End); err != nil {
		return fact, fmt.Errorf("the end of a log: %w", err)
	}
	return fact, nil
}

// document decodes what was read; what is not in the archive leaves the target.
func document(data []byte, err error) func(any) error {
	return func(target any) error {
		if errors.Is(err, archive.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := json.Unmarshal(data, target); err != nil {
			return fmt.Errorf("a document of the archive: %w", err)
		}
		return nil
	}
}

// forget drops a run; what it was is read again when it is needed. A run whose
// logs are being copied is kept, so that nobody copies them twice.
func (l *Loop) forget(key Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.runs[key]
	if r == nil {
		return
	}
	for _, fact := range r.streams {
		if fact.Following {
			r.name = archive.Run{} // no run's: it is loaded anew
			return
		}
	}
	delete(l.runs, key)
}
