package condacmd

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxTail = 16 << 10 // bytes of stderr that are kept
	maxEnd  = 1 << 10  // bytes of it that an error quotes
	maxLine = 500      // bytes of a line that is a warning
)

// tail keeps the last maxTail bytes written to it. The zero value is ready for use, by one writer.
type tail struct {
	buf   []byte // up to twice as much, so that it is seldom moved
	total int64
}

// Write implements io.Writer. It never fails: what a program says on stderr must not end it.
func (t *tail) Write(p []byte) (int, error) {
	t.total += int64(len(p))
	t.buf = append(t.buf, p[max(0, len(p)-maxTail):]...)
	if len(t.buf) > 2*maxTail {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-maxTail:]...)
	}
	return len(p), nil
}

// String returns what is kept, as it came.
func (t *tail) String() string { return string(t.buf[max(0, len(t.buf)-maxTail):]) }

// lines returns the lines that are kept, made printable, without empty ones.
func (t *tail) lines() []string {
	text := t.String()
	var lines []string
	if t.total > maxTail {
		_, text, _ = strings.Cut(text, "\n")
		lines = append(lines, fmt.Sprintf("(%d bytes of earlier messages dropped)", t.total-int64(len(text))))
	}
	for line := range strings.Lines(text) {
		if line = shorten(correct(printable(line)), maxLine); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// undeleted is conda's complaint when it could not delete a record (conda list, SPEC 1.1).
var undeleted = regexp.MustCompile(`Could not remove or rename (.*)\. Please remove this file manually`)

// correct replaces advice that follows from our sandbox alone, and that an administrator should not follow.
func correct(line string) string {
	if m := undeleted.FindStringSubmatch(line); m != nil {
		return "conda takes " + m[1] + " for stale; it was kept from deleting it"
	}
	return line
}

// end returns the last of what is kept on one line, made printable.
func (t *tail) end() string {
	text := printable(t.String())
	if excess := len(text) - maxEnd; excess > 0 {
		for !utf8.RuneStart(text[excess]) {
			excess++
		}
		text = "…" + text[excess:]
	}
	return text
}

// shorten cuts text to at most limit bytes and an ellipsis, between characters.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}

// colours are the escape sequences that programs write to terminals.
var colours = regexp.MustCompile(`\x1b\[[0-9;?]*[@-~]`)

// printable makes foreign text fit for a log: one line, valid UTF-8, no control or invisible formatting characters, no
// runs of blanks.
func printable(text string) string {
	text = colours.ReplaceAllString(text, "")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
