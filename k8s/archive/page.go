package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sort"
)

// Bounds of a page.
const (
	MaxPage      = 10_000  // lines
	MaxPageBytes = 4 << 20 // of text; one line more may be in it
)

// Page is a part of a log.
type Page struct {
	Lines []Line
	Next  int64 // the offset of the page after this one
	Total int64 // lines of the log so far, those that were dropped included
	Done  bool  // the log is complete, and this is its last page
}

// Extent is how long a log is. The zero value is one of which the archive has
// nothing: not yet, or not any more.
type Extent struct {
	Total int64 // lines so far, those that were dropped included
	Done  bool  // the log is complete
}

// Extent returns how long a log is, at the cost of one small object when it is
// complete.
func (s *Store) Extent(ctx context.Context, stream Stream) (Extent, error) {
	extent, _, err := s.extent(ctx, stream, false)
	return extent, err
}

// extent returns how long a log is, with its chunks where they are wanted.
func (s *Store) extent(ctx context.Context, stream Stream, wanted bool) (Extent, []int64, error) {
	end, err := s.LogEnd(ctx, stream)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Extent{}, nil, err
	}
	if end != nil && !wanted {
		return Extent{end.Lines, true}, nil, nil
	}
	chunks, err := s.firsts(ctx, stream)
	switch {
	case err != nil:
		return Extent{}, nil, err
	case end != nil:
		return Extent{end.Lines, true}, chunks, nil
	case len(chunks) == 0:
		return Extent{}, nil, nil
	}
	h, err := s.header(ctx, stream, chunks[len(chunks)-1])
	if errors.Is(err, ErrNotFound) {
		return Extent{}, nil, nil // it has just expired: a last chunk is removed with all others
	}
	return Extent{Total: h.First + h.Count}, chunks, err
}

// Lines returns at most limit lines of a log from the line with the number
// offset on; a negative offset counts from the end. Lines that were dropped are
// one line with [NoteDropped]. A log that does not exist, or not yet, is empty.
func (s *Store) Lines(ctx context.Context, stream Stream, offset int64, limit int) (Page, error) {
	extent, chunks, err := s.extent(ctx, stream, true)
	if err != nil {
		return Page{}, err
	}
	if offset < 0 {
		offset = max(extent.Total+offset, 0)
	}
	page := Page{Next: min(offset, extent.Total), Total: extent.Total}
	limit = min(max(limit, 0), MaxPage)
	if limit == 0 || offset >= extent.Total {
		chunks = nil
	}
	bytes := 0
	for line, err := range s.read(ctx, stream, chunks, offset) {
		if err != nil {
			return Page{}, err
		}
		page.Lines = append(page.Lines, line)
		bytes += len(line.Text)
		page.Next = line.After()
		if len(page.Lines) == limit || bytes >= MaxPageBytes {
			break
		}
	}
	page.Total = max(page.Total, page.Next)
	page.Done = extent.Done && page.Next >= page.Total
	return page, nil
}

// From yields the lines of a log as it is now from the line with the number
// offset on, a chunk of them in memory at a time. Lines that were dropped are one
// line with [NoteDropped]. The error is the last thing that it yields.
func (s *Store) From(ctx context.Context, stream Stream, offset int64) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		chunks, err := s.firsts(ctx, stream)
		if err != nil {
			yield(Line{}, err)
			return
		}
		s.read(ctx, stream, chunks, max(offset, 0))(yield)
	}
}

// All yields all lines of a log, in order.
func (s *Store) All(ctx context.Context, stream Stream) iter.Seq2[Line, error] {
	return s.From(ctx, stream, 0)
}

// read yields the lines of a log from a number on, of chunks that begin with the
// numbers firsts. A chunk that is removed meanwhile is one of dropped lines.
func (s *Store) read(ctx context.Context, stream Stream, firsts []int64, offset int64) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		// The chunk before the first that begins after the offset has it.
		at := sort.Search(len(firsts), func(i int) bool { return firsts[i] > offset })
		next := offset
		for _, first := range firsts[max(at-1, 0):] {
			lines, err := s.chunk(ctx, stream, first)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				yield(Line{}, err)
				return
			}
			if first > next && !yield(Line{Number: next, Note: NoteDropped, Gone: first - next}, nil) {
				return
			}
			for _, line := range lines {
				if line.Number >= next && !yield(line, nil) {
					return
				}
			}
			next = max(next, first+int64(len(lines)))
		}
	}
}

// chunk reads the lines of one chunk.
func (s *Store) chunk(ctx context.Context, stream Stream, first int64) ([]Line, error) {
	data, err := s.get(ctx, stream.chunkKey(first), maxChunk)
	if err != nil {
		return nil, err
	}
	h, lines, err := decodeChunk(data)
	if err == nil && h.First != first {
		err = fmt.Errorf("archive: %w: it begins with line %d", errChunk, h.First)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", stream.chunkKey(first), err)
	}
	return lines, nil
}

// header reads what a chunk says of itself.
func (s *Store) header(ctx context.Context, stream Stream, first int64) (header, error) {
	data, err := s.head(ctx, stream.chunkKey(first), maxHeader)
	if err != nil {
		return header{}, err
	}
	h, _, err := decodeHeader(data)
	if err != nil {
		return header{}, fmt.Errorf("%s: %w", stream.chunkKey(first), err)
	}
	return h, nil
}
