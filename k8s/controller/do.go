package controller

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/record"
)

// do carries out an action.
func (l *Loop) do(ctx context.Context, key Key, o process.Observation, action process.Action) error {
	switch action.Kind {
	case process.ActBegin, process.ActNote, process.ActSettle:
		return l.keep(ctx, key, record.Open{Record: action.Record})
	case process.ActReplace:
		return l.keep(ctx, key, record.Open{Record: o.Facts.Record, Replacement: action.Replacement})
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
func (l *Loop) keep(ctx context.Context, key Key, doc record.Open) error {
	if err := l.records.PutOpen(ctx, opened(key), doc); err != nil {
		return err
	}
	l.change(key, func(r *run) { r.open = doc })
	return nil
}

// archive writes the outcome of a run. When there is one, that is the outcome.
func (l *Loop) archive(ctx context.Context, key Key, outcome *process.Outcome) error {
	first, err := l.records.PutOutcome(ctx, outcome)
	if err != nil && !l.damaged(key, err) {
		return err
	}
	l.change(key, func(r *run) { r.outcome = first })
	return nil
}

func (l *Loop) close(ctx context.Context, key Key) error {
	if err := l.records.Store.CloseOpen(ctx, opened(key)); err != nil {
		return err
	}
	l.change(key, func(r *run) { r.open = record.Open{} })
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
	secrets, err := l.secrets(ctx, key, job)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.runs[key]
	if r == nil {
		return nil // dropped meanwhile; the next look says so again
	}
	for _, stream := range streams {
		fact := r.streams[stream]
		if fact.Following || fact.Complete {
			continue
		}
		r.streams[stream] = process.StreamFact{Following: true, Since: time.Now(), Broken: fact.Broken}
		f := &follower{
			loop: l, key: key, stream: stream,
			name: archive.Stream{Run: r.name, Pod: stream.Pod, Container: stream.Container}, secrets: secrets,
		}
		l.work.Go(func() { f.run(ctx) })
	}
	return nil
}
