package pypi

import (
	"bytes"
)

// metadata is what conda takes from METADATA or PKG-INFO for a listing.
type metadata struct {
	file         string // path, for error texts
	name         string // empty if there is no Name header
	version      string // the last Version header
	hasVersion   bool   // there is a Version header, be it empty
	requiresDist []string
	requires     []string // the older spelling
}

// requirements returns the Requires-Dist headers, or if there are none the
// Requires headers. An empty header counts.
func (m metadata) requirements() []string {
	if len(m.requiresDist) > 0 {
		return m.requiresDist
	}
	return m.requires
}

// parseMetadata reads the headers at the beginning of text, whose lines end in
// LF, as Python's email.parser.HeaderParser does (conda list, SPEC 6.1). It
// never fails: the first line that is no header ends the headers.
func parseMetadata(text []byte, file string) metadata {
	m := metadata{file: file}
	for len(text) > 0 {
		name, size := headerAt(text)
		if size == 0 {
			break
		}
		if len(name) > 0 {
			m.add(name, headerValue(text[len(name)+1:size]))
		}
		text = text[size:]
	}
	return m
}

// headerAt returns the name of the header at the beginning of text and the
// length of the header with its continuation lines. The name is empty if the
// lines are to be skipped: continuations of nothing, mailbox separators, and
// headers without name. The length is 0 if there is no header.
func headerAt(text []byte) (name []byte, size int) {
	switch {
	case isBlank(text[0]), bytes.HasPrefix(text, []byte("From ")):
	default:
		colon := 0
		for colon < len(text) && text[colon] > ' ' && text[colon] < 0x7f && text[colon] != ':' {
			colon++
		}
		if colon == len(text) || text[colon] != ':' {
			return nil, 0
		}
		name = text[:colon]
	}
	size = lineLen(text)
	for size < len(text) && isBlank(text[size]) {
		size += lineLen(text[size:])
	}
	return name, size
}

// headerValue returns what stands after a header's colon: without the blanks
// before and the line breaks after it, but with the line breaks and blanks
// inside and the blanks at the end.
func headerValue(raw []byte) string {
	return string(bytes.TrimRight(bytes.TrimLeft(raw, " \t"), "\n"))
}

// add enters a header. Names are compared in exactly this letter case; of
// repeated ones the last has it.
func (m *metadata) add(name []byte, value string) {
	switch string(name) {
	case "Name":
		m.name = value
	case "Version":
		m.version, m.hasVersion = value, true
	case "Requires-Dist":
		m.requiresDist = append(m.requiresDist, value)
	case "Requires":
		m.requires = append(m.requires, value)
	}
}

// lineLen returns the length of the first line of text with its line break.
func lineLen(text []byte) int {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return i + 1
	}
	return len(text)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
