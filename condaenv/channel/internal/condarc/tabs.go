package condarc

import "strings"

// hasLooseTab tells whether a text has a tab where conda's parser takes none: everywhere but in quotes, in comments and
// inside of block scalars. The YAML library takes them between tokens too.
func hasLooseTab(text string) bool {
	if !strings.Contains(text, "\t") {
		return false
	}
	var s tabScanner
	for line := range strings.SplitSeq(text, "\n") {
		if s.line(line) {
			return true
		}
	}
	return false
}

// tabScanner goes through a text line by line.
type tabScanner struct {
	quote   byte // The quote that is open, or 0.
	block   bool // Whether the last lines may be the text of a block scalar.
	indent  int  // The indentation of the line where the block scalar began.
	atToken bool // Whether a token may begin here.
}

// line tells whether the next line has a loose tab.
func (s *tabScanner) line(line string) bool {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	if s.quote == 0 {
		if s.block && (indent > s.indent || indent == len(line)) {
			return false
		}
		s.block, s.indent, s.atToken = false, indent, true
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case s.quote != 0:
			i += s.inQuotes(line, i)
		case c == '\t':
			return true
		case c == '#' && (i == 0 || line[i-1] == ' '):
			return false
		case s.atToken && (c == '"' || c == '\''):
			s.quote = c
		case s.atToken && (c == '|' || c == '>'):
			s.block = true
		default:
			s.atToken = s.tokenAfter(line, i)
		}
	}
	return false
}

// inQuotes notices the end of quoted text and gives the number of characters to skip.
func (s *tabScanner) inQuotes(line string, i int) int {
	switch {
	case s.quote == '"' && line[i] == '\\':
		return 1
	case line[i] != s.quote:
	case s.quote == '\'' && strings.HasPrefix(line[i+1:], "'"):
		return 1
	default:
		s.quote, s.atToken = 0, false
	}
	return 0
}

// tokenAfter tells whether a token may begin behind a character: after brackets and commas, after the blank behind
// a colon, a dash or a question mark, and where one might have begun before a blank.
func (s *tabScanner) tokenAfter(line string, i int) bool {
	switch c := line[i]; c {
	case '[', '{', ',':
		return true
	case ' ':
		return s.atToken
	case ':', '-', '?':
		return i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t') && (c == ':' || s.atToken)
	}
	return false
}
