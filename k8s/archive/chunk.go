package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Line is one line of a log. Number counts from 0 over the whole log, lines that
// are no longer there included.
type Line struct {
	Number int64     `json:"-"`
	Time   time.Time `json:"t"`                 // to the nanosecond, UTC; of the line before when it has none itself
	Text   string    `json:"m"`                 // valid UTF-8, without its line feed
	Cut    int64     `json:"cut,omitempty"`     // bytes at its end that are left out
	Note   Note      `json:"note,omitempty"`    // what the archive itself says instead of a text
	Gone   int64     `json:"dropped,omitempty"` // how many lines this one stands for, of NoteDropped
}

// After is the number of the line that follows.
func (l Line) After() int64 { return l.Number + max(l.Gone, 1) }

// Note is what a line that the archive wrote says.
type Note string

// The notes.
const (
	// NoteGap: lines may be missing here, the node had dropped them when the copy
	// went on.
	NoteGap Note = "gap"
	// NoteDropped: lines were here; the log was over its bound.
	NoteDropped Note = "dropped"
)

// point is how far a log has been copied: to the time of its newest line, of
// which, with all lines after its first, Count were copied.
type point struct {
	Time  time.Time `json:"time"`
	Count int64     `json:"count"`
}

// header is the first line of a chunk.
type header struct {
	First int64 `json:"first"` // number of its first line
	Count int64 `json:"count"` // of its lines
	Point point `json:"point"` // that the log has reached with it
}

// maxChunk bounds a chunk that is read. One line more than fits may be in it,
// and JSON writes a byte as six at worst.
const maxChunk = 2*chunkSize + 8*maxLine

// maxHeader bounds the header of a chunk, in bytes.
const maxHeader = 512

// encodeLine appends a line to a chunk.
func encodeLine(b *bytes.Buffer, line Line) error {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(line); err != nil {
		return fmt.Errorf("archive: line of a log: %w", err)
	}
	return nil
}

// encodeChunk is a chunk of lines that are encoded.
func encodeChunk(h header, lines []byte) ([]byte, error) {
	head, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("archive: chunk of a log: %w", err)
	}
	return append(append(head, '\n'), lines...), nil
}

// errChunk is the error for what is no chunk.
var errChunk = errors.New("no chunk of a log")

// decodeHeader reads the header of a chunk, and returns what follows.
func decodeHeader(data []byte) (header, []byte, error) {
	head, rest, _ := bytes.Cut(data, []byte("\n"))
	var h header
	if err := json.Unmarshal(head, &h); err != nil {
		return h, nil, fmt.Errorf("archive: %w: %w", errChunk, err)
	}
	if h.First < 0 || h.Count < 0 || h.Point.Count < 0 {
		return h, nil, fmt.Errorf("archive: %w: a negative number", errChunk)
	}
	return h, rest, nil
}

// decodeChunk reads a chunk.
func decodeChunk(data []byte) (header, []Line, error) {
	h, rest, err := decodeHeader(data)
	if err != nil {
		return h, nil, err
	}
	var lines []Line
	for text := range bytes.Lines(rest) {
		line := Line{Number: h.First + int64(len(lines))}
		if err := json.Unmarshal(text, &line); err != nil {
			return h, nil, fmt.Errorf("archive: %w: line %d: %w", errChunk, line.Number, err)
		}
		lines = append(lines, line)
	}
	if int64(len(lines)) != h.Count {
		return h, nil, fmt.Errorf("archive: %w: %d lines, not %d", errChunk, len(lines), h.Count)
	}
	return h, lines, nil
}
