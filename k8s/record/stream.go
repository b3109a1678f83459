package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
)

// Streams are what the archive knows of the logs of a run. For a log of which the end cannot be read the function
// broken is called, unless it is nil, and nothing is known of it: one object that is damaged must not hide the others.
func (a Archive) Streams(
	ctx context.Context, run archive.Run, broken func(process.Stream, error),
) (map[process.Stream]process.StreamFact, error) {
	streams, err := a.Store.Streams(ctx, run)
	if err != nil {
		return nil, err
	}
	facts := make(map[process.Stream]process.StreamFact, len(streams))
	for _, stream := range streams {
		name := process.Stream{Pod: stream.Pod, Container: stream.Container}
		fact, err := a.Stream(ctx, stream)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil && broken != nil {
			broken(name, err)
		}
		facts[name] = fact
	}
	return facts, nil
}

// Stream is what the archive knows of one log: the zero value of one that has no end.
func (a Archive) Stream(ctx context.Context, stream archive.Stream) (process.StreamFact, error) {
	end, err := a.Store.LogEnd(ctx, stream)
	if errors.Is(err, archive.ErrNotFound) {
		return process.StreamFact{}, nil
	}
	if err != nil {
		return process.StreamFact{}, err
	}
	return Fact(end)
}

// Fact is what the end of a log tells; nil is of a log that has none.
func Fact(end *archive.End) (process.StreamFact, error) {
	if end == nil {
		return process.StreamFact{}, nil
	}
	fact := process.StreamFact{Complete: true, Partial: end.Partial}
	if len(end.Document) == 0 {
		return fact, nil
	}
	if err := json.Unmarshal(end.Document, &fact.End); err != nil {
		return process.StreamFact{}, fmt.Errorf("the end of a log: %w: %w", ErrDamaged, err)
	}
	return fact, nil
}
