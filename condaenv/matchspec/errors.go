package matchspec

import (
	"fmt"
	"strings"
)

// What a [ParseError] was reading.
const (
	kindVersion   = "version"
	kindCondition = "version condition"
	kindSpec      = "spec"
)

// ParseError says why a text cannot be read, and where. It is the error of every parser of this package, and of
// matching where conda finds a fault only then.
type ParseError struct {
	Kind   string // What was read: "version", "version condition" or "spec".
	Text   string // The whole text that was read.
	Part   string // The piece of it that is at fault; empty where something is missing.
	Offset int    // Byte offset in Text of the fault; -1 where rewriting (lower case, blanks cut) left no trace of it.
	Reason string // The fault, in conda's words where conda has any.
}

// Error names the text, the fault and, if known, its place.
func (e *ParseError) Error() string {
	where := ""
	switch {
	case e.Part != "" && e.Part != e.Text && e.Offset >= 0:
		where = fmt.Sprintf(" (%q at byte %d)", e.Part, e.Offset)
	case e.Part != "" && e.Part != e.Text:
		where = fmt.Sprintf(" (%q)", e.Part)
	case e.Part == "" && e.Offset >= 0:
		where = fmt.Sprintf(" (at byte %d)", e.Offset)
	}
	return fmt.Sprintf("invalid %s %q: %s%s", e.Kind, e.Text, e.Reason, where)
}

// faultAt reports the part of text that begins at offset.
func faultAt(kind, text, part string, offset int, reason string) *ParseError {
	return &ParseError{Kind: kind, Text: text, Part: part, Offset: offset, Reason: reason}
}

// fault reports part where it first occurs in text.
func fault(kind, text, part, reason string) *ParseError {
	return faultAt(kind, text, part, strings.Index(text, part), reason)
}

// within restates an error about a piece as an error about the text the piece was taken from.
func (e *ParseError) within(kind, text string) *ParseError {
	outer := faultAt(kind, text, e.Part, -1, e.Reason)
	if start := strings.Index(text, e.Text); start >= 0 && e.Offset >= 0 {
		outer.Offset = start + e.Offset
	} else if e.Part != "" {
		outer.Offset = strings.Index(text, e.Part)
	}
	return outer
}
