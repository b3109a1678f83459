package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// bounds are those of one log, in bytes. Of a log that is larger the beginning
// and the end are kept.
type bounds struct {
	chunk      int // when a chunk is written at once
	head, tail int64
}

const chunkSize = 1 << 20

func defaultBounds() bounds { return bounds{chunk: chunkSize, head: 16 << 20, tail: 48 << 20} }

// ErrConflict is the error of a copy when another one has gone on with the same
// log: this one has to stop, and may resume from what is in the archive.
var ErrConflict = errors.New("another copy of the log has gone on")

// ErrComplete is the error for adding to a log that is complete.
var ErrComplete = errors.New("the log is complete")

// Options of a copy.
type Options struct {
	// Secrets are replaced in what is archived; see [NewMask].
	Secrets []string
	// Flush is how long a line may wait for its chunk; 0 is 5 s. It grows with the
	// number of chunks, so that a log of a week does not become a million objects.
	Flush time.Duration
}

// Log copies one log. Its methods are not for concurrent use, save that Copy
// writes chunks in the background while it reads.
type Log struct {
	store   *Store
	stream  Stream
	options Options
	mask    Mask

	mu      sync.Mutex
	chunks  []chunk      // in the archive, in order
	next    int64        // number of the next line
	first   int64        // number of the first line that waits
	waiting bytes.Buffer // encoded lines that wait for their chunk
	point   point        // reached with what waits
	end     *End         // of a log that is complete
	rest    *record      // a last line without a line feed
}

// chunk is what a listing tells.
type chunk struct {
	first int64
	size  int64
}

// End is what is kept when a log is complete.
type End struct {
	Lines    int64           `json:"lines"`              // in all, dropped ones included
	Partial  bool            `json:"partial,omitempty"`  // its end could not be had
	Document json.RawMessage `json:"document,omitempty"` // of whoever copied it
}

// Resume returns the log of a stream as it stands in the archive, to go on with.
func (s *Store) Resume(ctx context.Context, stream Stream, options Options) (*Log, error) {
	if options.Flush <= 0 {
		options.Flush = 5 * time.Second
	}
	l := &Log{store: s, stream: stream, options: options, mask: NewMask(options.Secrets)}
	var err error
	if l.end, err = s.LogEnd(ctx, stream); err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if l.chunks, err = s.chunks(ctx, stream); err != nil {
		return nil, err
	}
	if len(l.chunks) == 0 {
		return l, nil
	}
	h, err := s.header(ctx, stream, l.chunks[len(l.chunks)-1].first)
	if err != nil {
		return nil, err
	}
	l.next, l.point = h.First+h.Count, h.Point
	l.first = l.next
	return l, nil
}

// chunks lists the chunks of a log in order.
func (s *Store) chunks(ctx context.Context, stream Stream) ([]chunk, error) {
	var chunks []chunk
	for object, err := range s.list(ctx, stream.prefix()) {
		if err != nil {
			return nil, err
		}
		first, ok := chunkOf(object.key)
		if !ok {
			continue
		}
		about, err := object.stat()
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		chunks = append(chunks, chunk{first: first, size: about.size})
	}
	return chunks, nil
}

// firsts is where the chunks of a log begin, in order.
func (s *Store) firsts(ctx context.Context, stream Stream) ([]int64, error) {
	var firsts []int64
	for object, err := range s.list(ctx, stream.prefix()) {
		if err != nil {
			return nil, err
		}
		if first, ok := chunkOf(object.key); ok {
			firsts = append(firsts, first)
		}
	}
	return firsts, nil
}

// LogEnd returns the end of a log that is complete, [ErrNotFound] of another.
func (s *Store) LogEnd(ctx context.Context, stream Stream) (*End, error) {
	data, err := s.get(ctx, stream.endKey(), maxDocument)
	if err != nil {
		return nil, err
	}
	end := &End{}
	if err := json.Unmarshal(data, end); err != nil {
		return nil, fmt.Errorf("archive: %s: %w", stream.endKey(), err)
	}
	return end, nil
}

// End is how the log ended, nil while it is not complete.
func (l *Log) End() *End { return l.end }

// Since is from when the stream has to be read to go on: the second of the
// newest line, for the kubelet knows seconds only. Zero is from the start.
func (l *Log) Since() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.point.Time.Truncate(time.Second)
}

// add takes a line in. The lock is held.
func (l *Log) add(line Line) error {
	line.Number = l.next
	if err := encodeLine(&l.waiting, line); err != nil {
		return err
	}
	l.next++
	return nil
}

// Flush writes what waits to the archive.
func (l *Log) Flush(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flush(ctx)
}

func (l *Log) flush(ctx context.Context) error {
	if l.waiting.Len() == 0 {
		return nil
	}
	data, err := encodeChunk(header{First: l.first, Count: l.next - l.first, Point: l.point}, l.waiting.Bytes())
	if err != nil {
		return err
	}
	key := l.stream.chunkKey(l.first)
	err = l.store.create(ctx, key, data)
	if errors.Is(err, errExists) {
		// It may be our own, of an attempt whose answer was lost.
		there, readErr := l.store.get(ctx, key, maxChunk)
		if readErr != nil {
			return readErr
		}
		if !bytes.Equal(there, data) {
			return fmt.Errorf("%s: %w", key, ErrConflict)
		}
		err = nil
	}
	if err != nil {
		return err
	}
	l.chunks = append(l.chunks, chunk{first: l.first, size: int64(len(data))})
	l.first = l.next
	l.waiting.Reset()
	return l.trim(ctx)
}

// trim removes chunks from the middle of a log that is over its bound. The head
// is told by sizes alone, so every writer finds the same.
func (l *Log) trim(ctx context.Context) error {
	head, sum := 0, int64(0)
	for head < len(l.chunks) && sum < l.store.bounds.head {
		sum += l.chunks[head].size
		head++
	}
	var tail int64
	for _, chunk := range l.chunks[head:] {
		tail += chunk.size
	}
	for tail > l.store.bounds.tail {
		oldest := l.chunks[head]
		if err := l.store.remove(ctx, l.stream.chunkKey(oldest.first)); err != nil {
			return err
		}
		tail -= oldest.size
		l.chunks = append(l.chunks[:head], l.chunks[head+1:]...)
	}
	return nil
}

// Finish writes what waits and says that nothing will follow. partial says that
// the end of the log could not be had; document is kept with it, and must be
// JSON. To finish a log that is complete does nothing.
func (l *Log) Finish(ctx context.Context, partial bool, document any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end != nil {
		return nil
	}
	if l.rest != nil {
		if err := l.accept(*l.rest); err != nil {
			return err
		}
		l.rest = nil
	}
	if err := l.flush(ctx); err != nil {
		return err
	}
	text, err := json.Marshal(document)
	if err != nil {
		return fmt.Errorf("archive: %s: %w", l.stream.endKey(), err)
	}
	end := &End{Lines: l.next, Partial: partial, Document: text}
	data, err := json.Marshal(end)
	if err != nil {
		return fmt.Errorf("archive: %s: %w", l.stream.endKey(), err)
	}
	err = l.store.create(ctx, l.stream.endKey(), data)
	if errors.Is(err, errExists) {
		end, err = l.store.LogEnd(ctx, l.stream)
	}
	if err != nil {
		return err
	}
	l.end = end
	return nil
}
