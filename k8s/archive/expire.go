package archive

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Expire removes the logs of runs whose outcome was written before logs, and all
// of those whose outcome was before outcomes; the zero time is before nothing.
// Runs without an outcome are kept. It returns how many runs it took something
// of. The outcome of a run goes last: an expiry that was cut can be done again.
func (s *Store) Expire(ctx context.Context, logs, outcomes time.Time) (runs int, err error) {
	if outcomes.After(logs) {
		logs = outcomes
	}
	runs, err = s.expireLogs(ctx, logs, outcomes)
	if err != nil {
		return runs, err
	}
	// What is left are the outcomes of runs whose logs are gone already.
	for object, err := range s.list(ctx, outcomesPrefix) {
		if err != nil {
			return runs, err
		}
		about, err := object.stat()
		if errors.Is(err, ErrNotFound) || err == nil && !about.modified.Before(outcomes) {
			continue
		}
		if err == nil {
			err = s.remove(ctx, object.key)
		}
		if err != nil {
			return runs, err
		}
		runs++
	}
	return runs, nil
}

// expireLogs goes through all logs, a run at a time.
func (s *Store) expireLogs(ctx context.Context, logs, outcomes time.Time) (runs int, err error) {
	var keys []string // of the run that the listing is in
	run := ""
	expire := func() error {
		if run == "" {
			return nil
		}
		outcome := outcomesPrefix + run + documentSuffix
		about, err := s.stat(ctx, outcome)
		if errors.Is(err, ErrNotFound) || err == nil && !about.modified.Before(logs) {
			return nil
		}
		if err != nil {
			return err
		}
		if about.modified.Before(outcomes) {
			keys = append(keys, outcome)
		}
		runs++
		return s.removeAll(ctx, keys)
	}
	for object, err := range s.list(ctx, logsPrefix) {
		if err != nil {
			return runs, err
		}
		of := runOf(object.key)
		if of != run {
			if err := expire(); err != nil {
				return runs, err
			}
			run, keys = of, keys[:0]
		}
		keys = append(keys, object.key)
	}
	return runs, expire()
}

// runOf is the run of a key of its logs, as [Run.path]; "" of another key.
func runOf(key string) string {
	parts := strings.SplitN(strings.TrimPrefix(key, logsPrefix), "/", 5)
	if len(parts) < 5 {
		return ""
	}
	return strings.Join(parts[:4], "/")
}
