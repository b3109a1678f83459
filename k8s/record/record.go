package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
)

// ErrDamaged is in the error for a document that is there and cannot be understood.
var ErrDamaged = errors.New("damaged")

// Damaged says that an error is about one document only, which is there and is of no use; others are not concerned.
func Damaged(err error) bool {
	var unreadable *archive.DamagedError
	return errors.Is(err, ErrDamaged) || errors.As(err, &unreadable)
}

// Open is the document of a run that has begun and not been closed. The zero value is of none.
type Open struct {
	Record      *process.Record      `json:"run"`
	Replacement *process.Replacement `json:"replacement,omitempty"`
}

// Archive reads and writes the documents of runs. It is safe for concurrent use.
type Archive struct{ Store *archive.Store }

// Run is the name of a run in the archive.
func Run(r *process.Record) archive.Run {
	return archive.Run{Domain: r.Namespace, Project: r.Project, Process: r.Process, Version: r.Version}
}

// Open returns the document of an open run by its Job; the zero value if there is none.
func (a Archive) Open(ctx context.Context, run archive.Opened) (Open, error) {
	data, err := a.Store.GetOpen(ctx, run)
	if errors.Is(err, archive.ErrNotFound) {
		return Open{}, nil
	}
	if err != nil {
		return Open{}, err
	}
	return decode[Open](data, "an open run")
}

// PutOpen keeps the document of an open run, or replaces it.
func (a Archive) PutOpen(ctx context.Context, run archive.Opened, open Open) error {
	data, err := json.Marshal(open)
	if err != nil {
		return err
	}
	return a.Store.PutOpen(ctx, run, data)
}

// OpenRuns yields the documents of all open runs. One that is damaged is an error of its own; the others follow.
func (a Archive) OpenRuns(ctx context.Context) iter.Seq2[Open, error] {
	return func(yield func(Open, error) bool) {
		for data, err := range a.Store.ListOpen(ctx) {
			var open Open
			if err == nil {
				open, err = decode[Open](data, "an open run")
			}
			if !yield(open, err) {
				return
			}
		}
	}
}

// Outcome returns how a run ended; nil if that is not known. Of one whose outcome is damaged the error says so, and that
// it has ended is returned all the same: nothing changes an outcome, and a version is used once.
func (a Archive) Outcome(ctx context.Context, run archive.Run) (*process.Outcome, error) {
	data, err := a.Store.Outcome(ctx, run)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return legible(run, data)
}

// legible is an outcome as it is kept, or what there is to say of one that cannot be read: as far as anybody can tell the
// run has not succeeded.
func legible(run archive.Run, data []byte) (*process.Outcome, error) {
	outcome, err := DecodeOutcome(data)
	if err == nil {
		return outcome, nil
	}
	return &process.Outcome{
		Record: process.Record{
			Namespace: run.Domain, Project: run.Project, Process: run.Process, Version: run.Version,
			Job: process.JobName(run.Process, run.Version),
		},
		Status: process.Status{State: process.Failed, Failure: &process.Failure{
			Code: process.Lost, Message: "the record of how the run ended is damaged",
		}},
	}, err
}

// PutOutcome keeps how a run ended, unless that is known already. What is kept is returned, as by Outcome.
func (a Archive) PutOutcome(ctx context.Context, outcome *process.Outcome) (*process.Outcome, error) {
	data, err := json.Marshal(outcome)
	if err != nil {
		return nil, err
	}
	kept, _, err := a.Store.PutOutcome(ctx, Run(&outcome.Record), data)
	if err != nil {
		return nil, err
	}
	return legible(Run(&outcome.Record), kept)
}

// DecodeOutcome reads a document that tells how a run ended. The error is [ErrDamaged].
func DecodeOutcome(data []byte) (*process.Outcome, error) {
	outcome, err := decode[process.Outcome](data, "the outcome of a run")
	if err == nil && outcome.Record.Job == "" {
		err = fmt.Errorf("the outcome of a run: %w: it does not say of which", ErrDamaged)
	}
	return &outcome, err
}

func decode[T any](data []byte, what string) (T, error) {
	var document T
	if err := json.Unmarshal(data, &document); err != nil {
		var none T
		return none, fmt.Errorf("%s: %w: %w", what, ErrDamaged, err)
	}
	return document, nil
}
