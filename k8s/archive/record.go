package archive

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// maxLine bounds the text of one line, in bytes. The rest of it is counted.
const maxLine = 64 << 10

// record is one line of the kubelet's stream.
type record struct {
	at    time.Time // zero: the line has no time stamp, as what the kubelet itself says
	text  string
	cut   int64 // bytes of the line that are left out
	ended bool  // a line feed followed
	gap   bool  // lines before it are missing
}

// records reads the kubelet's stream with time stamps: each line is an RFC 3339
// time, a blank and the text. Memory is bounded whatever comes.
type records struct {
	in   *bufio.Reader
	raw  []byte
	mask Mask
}

func newRecords(in io.Reader, mask Mask) *records {
	return &records{in: bufio.NewReaderSize(in, 32<<10), mask: mask}
}

// next returns the next line; io.EOF after the last. A last line without a line
// feed is returned before that, with ended unset: more of it may exist.
func (r *records) next() (record, error) {
	const room = len(time.RFC3339Nano) + 1 + maxLine + maxSecret
	r.raw = r.raw[:0]
	var over int64
	for {
		piece, err := r.in.ReadSlice('\n')
		take := min(len(piece), room-len(r.raw))
		r.raw = append(r.raw, piece[:take]...)
		over += int64(len(piece) - take)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == nil:
			return r.parse(over, true), nil
		case errors.Is(err, io.EOF) && len(r.raw) > 0:
			return r.parse(over, false), nil
		}
		return record{}, err
	}
}

// parse makes a record of the raw line, of which over bytes were not kept.
func (r *records) parse(over int64, ended bool) record {
	line := r.raw
	if ended {
		if over > 0 {
			over-- // the line feed
		} else {
			line = bytes.TrimSuffix(line, []byte("\n"))
		}
	}
	one := record{ended: ended}
	if stamp, _, found := bytes.Cut(line[:min(len(line), len(time.RFC3339Nano)+1)], []byte(" ")); found {
		if at, err := time.Parse(time.RFC3339Nano, string(stamp)); err == nil && plausible(at.UTC()) {
			one.at = at.UTC()
			line = line[len(stamp)+1:]
		}
	}
	text, rest := r.mask.cut(line, maxLine)
	one.cut = over + int64(rest)
	if one.cut > 0 {
		whole := wholeRunes(text)
		one.cut += int64(len(text) - len(whole))
		text = whole
	}
	one.text = strings.ToValidUTF8(text, "\uFFFD")
	return one
}

// wholeRunes returns text without the beginning of a rune at its end.
func wholeRunes(text string) string {
	for back := 1; back <= utf8.UTFMax-1 && back <= len(text); back++ {
		if i := len(text) - back; utf8.RuneStart(text[i]) {
			if !utf8.FullRuneInString(text[i:]) {
				return text[:i]
			}
			break
		}
	}
	return text
}

// plausible says that a time has a form that can be read again.
func plausible(at time.Time) bool { return at.Year() >= 1 && at.Year() <= 9999 && !at.IsZero() }
