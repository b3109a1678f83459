package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
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

// ListOpen yields the documents of all runs that have begun and not been closed;
// errors as those of [Store.Outcomes].
func (s *Store) ListOpen(ctx context.Context) iter.Seq2[[]byte, error] {
	return s.documents(ctx, openPrefix)
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
// a domain when project is "" too. Versions of a process are in order. What
// cannot be read is a [*DamagedError], after which the others follow; after any
// other error nothing does.
func (s *Store) Outcomes(ctx context.Context, domain, project, process string) iter.Seq2[[]byte, error] {
	return s.documents(ctx, outcomesPrefix+segments(domain, project, process))
}

// DamagedError is the error for a document that is there and cannot be used.
type DamagedError struct {
	Key string // of the object, for who repairs or removes it
	Err error
}

// Error implements error.
func (e *DamagedError) Error() string { return fmt.Sprintf("archive: %s is damaged: %v", e.Key, e.Err) }

// Unwrap returns what is wrong.
func (e *DamagedError) Unwrap() error { return e.Err }

// documents yields the documents below a prefix. One that vanishes meanwhile is
// left out.
func (s *Store) documents(ctx context.Context, prefix string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for object, err := range s.list(ctx, prefix) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !strings.HasSuffix(object.key, documentSuffix) {
				continue
			}
			document, err := s.document(ctx, object.key)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if !yield(document, err) || ctx.Err() != nil {
				return
			}
		}
	}
}

// document reads one document of many.
func (s *Store) document(ctx context.Context, key string) ([]byte, error) {
	document, err := s.get(ctx, key, maxDocument)
	if errors.Is(err, ErrNotFound) || ctx.Err() != nil {
		return nil, err
	}
	if err == nil && !json.Valid(document) {
		err = errors.New("not JSON")
	}
	if err != nil {
		return nil, &DamagedError{Key: key, Err: err}
	}
	return document, nil
}

// Streams are the logs of a run that the archive has, complete or not.
func (s *Store) Streams(ctx context.Context, run Run) ([]Stream, error) {
	prefix := run.logsPrefix()
	var streams []Stream
	for object, err := range s.list(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		parts := strings.Split(strings.TrimPrefix(object.key, prefix), "/")
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
