package controller

import (
	"context"
	"errors"
	"maps"
	"slices"

	batchv1 "k8s.io/api/batch/v1"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
)

// secrets are the values that nothing which is kept of a run may show: those that its containers are given now, and
// those that they were given when it was looked at before, for a Secret may change. An error means that they are not
// known and will be: nothing may be kept until then.
func (l *Loop) secrets(ctx context.Context, key Key, job *batchv1.Job) ([]string, error) {
	var now []string
	if job != nil {
		var err error
		now, err = l.cluster.Secrets(ctx, job)
		if errors.Is(err, ErrUnreadable) {
			l.unreadable(key, err)
		} else if err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	known := map[string]bool{}
	if r := l.runs[key]; r != nil {
		known = r.secrets
	}
	for _, value := range now {
		known[value] = true
	}
	return slices.Sorted(maps.Keys(known)), nil
}

// unreadable tells, once a namespace, that secrets cannot be masked there for want of a right.
func (l *Loop) unreadable(key Key, err error) {
	l.mu.Lock()
	told := l.told[key.Namespace]
	l.told[key.Namespace] = true
	l.mu.Unlock()
	if !told {
		l.options.Failed(key, err)
	}
}

// masked decides once more on what was observed, with the secrets of the run hidden. Only an outcome with a failure
// holds what a container has said last.
func (l *Loop) masked(ctx context.Context, key Key, o process.Observation, action process.Action) (process.Action, error) {
	if action.Kind != process.ActArchive || action.Outcome.Status.Failure == nil {
		return action, nil
	}
	secrets, err := l.secrets(ctx, key, o.Job)
	if err != nil {
		return action, err
	}
	o.Mask = archive.NewMask(secrets).MaskPiece
	return process.Observe(o).Next, nil
}
