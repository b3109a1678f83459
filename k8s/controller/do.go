package controller

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
)

// do carries out an action.
func (l *Loop) do(ctx context.Context, key Key, o process.Observation, action process.Action) error {
	switch action.Kind {
	case process.ActBegin, process.ActSettle:
		return l.keep(ctx, key, open{Record: action.Record})
	case process.ActReplace:
		return l.keep(ctx, key, open{Record: o.Facts.Record, Replacement: action.Replacement})
	case process.ActFollow:
		return l.follow(ctx, key, o.Job, action.Streams)
	case process.ActArchive:
		return l.archive(ctx, key, action.Outcome)
	case process.ActClose:
		return l.close(ctx, key)
	case process.ActStop:
		return l.cluster.Stop(ctx, key, action.UID, action.Pods)
	case process.ActArmTTL:
		return l.cluster.ArmTTL(ctx, key, action.UID, action.TTL)
	case process.ActDelete:
		return l.cluster.Delete(ctx, key, action.UID)
	case process.ActCreate:
		return l.cluster.Create(ctx, action.Job)
	case process.ActNone, process.ActWait:
		return nil
	}
	return fmt.Errorf("nobody knows how to %s", action.Kind)
}

// keep writes the document of an open run.
func (l *Loop) keep(ctx context.Context, key Key, doc open) error {
	data, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	if err := l.store.PutOpen(ctx, archive.Opened{Domain: key.Namespace, Job: key.Name}, data); err != nil {
		return err
	}
	l.change(key, func(r *run) { r.open = doc })
	return nil
}

// archive writes the outcome of a run. When there is one, that is the outcome.
func (l *Loop) archive(ctx context.Context, key Key, outcome *process.Outcome) error {
	data, err := json.Marshal(outcome)
	if err != nil {
		return err
	}
	kept, _, err := l.store.PutOutcome(ctx, nameOf(&outcome.Record), data)
	if err != nil {
		return err
	}
	first := &process.Outcome{}
	if err := json.Unmarshal(kept, first); err != nil {
		return fmt.Errorf("the outcome in the archive: %w", err)
	}
	l.change(key, func(r *run) { r.outcome = first })
	return nil
}

func (l *Loop) close(ctx context.Context, key Key) error {
	if err := l.store.CloseOpen(ctx, archive.Opened{Domain: key.Namespace, Job: key.Name}); err != nil {
		return err
	}
	l.change(key, func(r *run) { r.open = open{} })
	return nil
}

// change changes the run in hand as the archive was changed.
func (l *Loop) change(key Key, change func(*run)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.runs[key]; r != nil {
		change(r)
	}
}

// follow starts a follower for each stream.
func (l *Loop) follow(ctx context.Context, key Key, job *batchv1.Job, streams []process.Stream) error {
	var secrets []string
	if job != nil {
		secrets = l.cluster.Secrets(ctx, job)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.runs[key]
	if r == nil {
		return nil // dropped meanwhile; the next look says so again
	}
	for _, stream := range streams {
		if fact := r.streams[stream]; fact.Following || fact.Complete {
			continue
		}
		r.streams[stream] = process.StreamFact{Following: true, Since: time.Now()}
		f := &follower{
			loop: l, key: key, stream: stream,
			name: archive.Stream{Run: r.name, Pod: stream.Pod, Container: stream.Container}, secrets: secrets,
		}
		l.work.Go(func() { f.run(ctx) })
	}
	return nil
}
