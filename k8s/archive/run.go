package archive

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"strings"
	"time"
)

// Opened names a run that has begun and not been closed, by its Job.
type Opened struct{ Domain, Job string }

// PutOpen keeps a document of a run that has begun, or replaces it.
func (s *Store) PutOpen(ctx context.Context, run Opened, document []byte) error {
	return s.put(ctx, openKey(run.Domain, run.Job), document)
}

// GetOpen returns the document of a run that has begun; [ErrNotFound] when there
// is none.
func (s *Store) GetOpen(ctx context.Context, run Opened) ([]byte, error) {
	return s.get(ctx, openKey(run.Domain, run.Job), maxDocument)
}

// CloseOpen removes the document of a run; that it is gone is no error.
func (s *Store) CloseOpen(ctx context.Context, run Opened) error {
	return s.remove(ctx, openKey(run.Domain, run.Job))
}

// ListOpen yields the documents of all runs that have begun and not been closed.
func (s *Store) ListOpen(ctx context.Context) iter.Seq2[[]byte, error] {
	return s.documents(ctx, openPrefix, "")
}

// PutOutcome keeps how a run ended, unless that is known already: the outcome
// that is kept is returned, and whether it is this one. The same outcome may be
// put again.
func (s *Store) PutOutcome(ctx context.Context, run Run, document []byte) (kept []byte, first bool, err error) {
	err = s.create(ctx, run.outcomeKey(), document)
	if err == nil {
		return document, true, nil
	}
	if !errors.Is(err, errExists) {
		return nil, false, err
	}
	if kept, err = s.Outcome(ctx, run); err != nil {
		return nil, false, err
	}
	return kept, bytes.Equal(kept, document), nil
}

// Outcome returns how a run ended; [ErrNotFound] when that is not known.
func (s *Store) Outcome(ctx context.Context, run Run) ([]byte, error) {
	return s.get(ctx, run.outcomeKey(), maxDocument)
}

// Outcomes yields the outcomes of a process, of a project when process is "", of
// a domain when project is "" too. Versions of a process are in order.
func (s *Store) Outcomes(ctx context.Context, domain, project, process string) iter.Seq2[[]byte, error] {
	return s.documents(ctx, processPrefix(domain, project, process), "/"+outcomeName)
}

// documents yields the objects with a prefix and a suffix. One that vanishes
// meanwhile is left out.
func (s *Store) documents(ctx context.Context, prefix, suffix string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for object, err := range s.list(ctx, prefix) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !strings.HasSuffix(object.Key, suffix) {
				continue
			}
			document, err := s.get(ctx, object.Key, maxDocument)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if !yield(document, err) || err != nil {
				return
			}
		}
	}
}

// Delete removes all that is kept of a run, its outcome last: a deletion that
// was cut can be done again.
func (s *Store) Delete(ctx context.Context, run Run) error {
	var keys []string
	for object, err := range s.list(ctx, run.prefix()) {
		if err != nil {
			return err
		}
		keys = append(keys, object.Key) // in order: logs sort before the outcome
	}
	return s.removeAll(ctx, keys)
}

// Expire removes the logs of runs whose outcome was written before logs, and all
// of those before outcomes. Runs without an outcome are kept. It returns how
// many runs it took something of.
func (s *Store) Expire(ctx context.Context, logs, outcomes time.Time) (runs int, err error) {
	var pending []string // what is kept of the run that the listing is in
	folder := ""
	for object, err := range s.list(ctx, runsPrefix) {
		if err != nil {
			return runs, err
		}
		run, rest := splitRun(object.Key)
		if run != folder {
			pending, folder = nil, run
		}
		if rest != outcomeName {
			pending = append(pending, object.Key)
			continue
		}
		if object.ModTime.Before(outcomes) {
			pending = append(pending, object.Key)
		} else if !object.ModTime.Before(logs) {
			pending = nil
		}
		if len(pending) == 0 {
			continue
		}
		if err := s.removeAll(ctx, pending); err != nil {
			return runs, err
		}
		runs++
	}
	return runs, nil
}

func (s *Store) removeAll(ctx context.Context, keys []string) error {
	for _, key := range keys {
		if err := s.remove(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// splitRun splits a key after the version of the run.
func splitRun(key string) (run, rest string) {
	end := 0
	for range 5 { // runs, domain, project, process, version
		next := strings.IndexByte(key[end:], '/')
		if next < 0 {
			return key, ""
		}
		end += next + 1
	}
	return key[:end], key[end:]
}

// Streams are the logs of a run that the archive has, complete or not.
func (s *Store) Streams(ctx context.Context, run Run) ([]Stream, error) {
	prefix := run.prefix() + logsFolder
	var streams []Stream
	for object, err := range s.list(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		parts := strings.Split(strings.TrimPrefix(object.Key, prefix), "/")
		if len(parts) != 3 {
			continue
		}
		stream := Stream{Run: run, Pod: unsegment(parts[0]), Container: unsegment(parts[1])}
		if len(streams) == 0 || streams[len(streams)-1] != stream {
			streams = append(streams, stream)
		}
	}
	return streams, nil
}
