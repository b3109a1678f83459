package pypi

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"kernelindexer/condaenv/pystr"
)

// The rules of Python's str and re for which letters are what. The Unicode
// tables are Go's, which may be a version apart from those of a given Python.

// isSpace is Python's str.isspace for one character, and \s of its re module:
// unlike unicode.IsSpace it includes the four separators U+001C to U+001F.
func isSpace(r rune) bool {
	return r >= 0x1c && r <= 0x1f || unicode.IsSpace(r)
}

// isWord is \w of Python's re module.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

// strip is Python's str.strip.
func strip(s string) string { return strings.TrimFunc(s, isSpace) }

// lstrip is Python's str.lstrip.
func lstrip(s string) string { return strings.TrimLeftFunc(s, isSpace) }

// normalName is the name under which conda lists a Python package (conda list,
// SPEC 6.2). Dots and underscores become dashes one by one; runs of them are
// not folded as elsewhere in the Python world.
func normalName(name string) string {
	return pystr.Lower(strings.NewReplacer(".", "-", "_", "-").Replace(name))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
