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
	maxPageBytes = 4 << 20 // of text; one line more may be in it
)

// Page is a part of a log.
type Page struct {
	Lines []Line
	Next  int64 // the offset of the page after this one
	Total int64 // lines of the log so far, those that were dropped included
	Done  bool  // the log is complete, and this is its last page
}

// Lines returns at most limit lines of a log from the line with the number
// offset on; a negative offset counts from the end. Lines that were dropped are
// one line with [NoteDropped]. A log that does not exist, or not yet, is empty.
func (s *Store) Lines(ctx context.Context, stream Stream, offset int64, limit int) (Page, error) {
	end, err := s.LogEnd(ctx, stream)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Page{}, err
	}
	total, err := s.total(ctx, stream)
	if err != nil {
		return Page{}, err
	}
	if offset < 0 {
		offset = max(total+offset, 0)
	}
	page := Page{Next: offset, Total: total}
	limit = min(max(limit, 0), MaxPage)
	bytes := 0
	for line, err := range s.from(ctx, stream, offset) {
		if err != nil {
			return Page{}, err
		}
		if len(page.Lines) == limit || bytes > maxPageBytes {
			break
		}
		page.Lines = append(page.Lines, line)
		bytes += len(line.Text)
		page.Next = line.Number + max(line.Gone, 1)
	}
	page.Total = max(total, page.Next)
	if offset > total {
		page.Next, page.Total = total, total
	}
	page.Done = end != nil && page.Next >= page.Total
	return page, nil
}

// All yields all lines of a log, in order.
func (s *Store) All(ctx context.Context, stream Stream) iter.Seq2[Line, error] {
	return s.from(ctx, stream, 0)
}

// total is how many lines a log has.
func (s *Store) total(ctx context.Context, stream Stream) (int64, error) {
	chunks, err := s.chunks(ctx, stream)
	if err != nil || len(chunks) == 0 {
		return 0, err
	}
	data, err := s.get(ctx, stream.chunkKey(chunks[len(chunks)-1].first), maxChunk)
	if err != nil {
		return 0, err
	}
	h, _, err := decodeHeader(data)
	return h.First + h.Count, err
}

// from yields the lines of a log from a number on. A chunk that is removed
// meanwhile is one of dropped lines.
func (s *Store) from(ctx context.Context, stream Stream, offset int64) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		chunks, err := s.chunks(ctx, stream)
		if err != nil {
			yield(Line{}, err)
			return
		}
		// The chunk before the first that begins after the offset has it.
		at := sort.Search(len(chunks), func(i int) bool { return chunks[i].first > offset })
		at = max(at-1, 0)
		next := offset
		for _, chunk := range chunks[min(at, len(chunks)):] {
			data, err := s.get(ctx, stream.chunkKey(chunk.first), maxChunk)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			var lines []Line
			if err == nil {
				_, lines, err = decodeChunk(data)
			}
			if err != nil {
				yield(Line{}, fmt.Errorf("%s: %w", stream.chunkKey(chunk.first), err))
				return
			}
			if chunk.first > next && !yield(Line{Number: next, Note: NoteDropped, Gone: chunk.first - next}, nil) {
				return
			}
			for _, line := range lines {
				if line.Number >= next && !yield(line, nil) {
					return
				}
			}
			next = max(next, chunk.first+int64(len(lines)))
		}
	}
}
