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

// maxSecret bounds a secret that is looked for, in bytes.
const maxSecret = 8 << 10

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
	in  *bufio.Reader
	raw []byte
	sec secrets
}

func newRecords(in io.Reader, sec secrets) *records {
	return &records{in: bufio.NewReaderSize(in, 32<<10), sec: sec}
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
	text, rest := r.sec.mask(line)
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

// secrets are texts that no log shows.
type secrets []string

// minSecret is the length below which a secret is taken for an ordinary word.
const minSecret = 8

// masked stands for a secret.
const masked = "***"

// newSecrets returns the lines of the given secrets that can be told from
// ordinary text.
func newSecrets(values []string) secrets {
	var list secrets
	for _, value := range values {
		for _, line := range strings.Split(value, "\n") {
			if line = strings.TrimSuffix(line, "\r"); len(line) >= minSecret && len(line) <= maxSecret {
				list = append(list, line)
			}
		}
	}
	return list
}

// mask returns the first maxLine bytes of a line with the secrets that begin in
// them replaced, and how many bytes are left out. A secret is looked for in the
// whole line: the cut never goes through one.
func (s secrets) mask(line []byte) (text string, rest int) {
	if len(s) == 0 {
		end := min(len(line), maxLine)
		return string(line[:end]), len(line) - end
	}
	var b strings.Builder
	i := 0
	for i < len(line) && i < maxLine {
		at, length := s.find(line[i:])
		if at < 0 || i+at >= maxLine {
			end := min(len(line), maxLine)
			b.Write(line[i:end])
			i = end
			break
		}
		b.Write(line[i : i+at])
		b.WriteString(masked)
		i += at + length
	}
	return b.String(), len(line) - i
}

// find returns where the first secret is, the longest of those that begin there.
func (s secrets) find(line []byte) (at, length int) {
	at = -1
	for _, secret := range s {
		i := bytes.Index(line, []byte(secret))
		if i >= 0 && (at < 0 || i < at || i == at && len(secret) > length) {
			at, length = i, len(secret)
		}
	}
	return at, length
}
