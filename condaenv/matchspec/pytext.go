package matchspec

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What Python's str methods do, for conda's rules are written in them.

// isSpace reports whether Python's str.strip and the \s of its regular expressions take r for white space: Go's white
// space and the four separators U+001C to U+001F.
func isSpace(r rune) bool {
	return r >= 0x1c && r <= 0x1f || unicode.IsSpace(r)
}

// strip is str.strip without arguments.
func strip(s string) string {
	if s == "" || plainByte(s[0]) && plainByte(s[len(s)-1]) {
		return s
	}
	return strings.TrimFunc(s, isSpace)
}

// plainByte reports whether b is printable ASCII other than the blank.
func plainByte(b byte) bool { return b > ' ' && b < 0x7f }

// lower is str.lower. Bytes that are not UTF-8, a lone surrogate for one, stay as they are.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf || 'A' <= s[i] && s[i] <= 'Z' {
			return lowerFrom(s, i)
		}
	}
	return s
}

func lowerFrom(s string, start int) string {
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:start])
	for i := start; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteByte(s[i])
		case r == 'İ': // The only letter whose full lower-case form has two code points.
			b.WriteString("i\u0307")
		default:
			b.WriteRune(unicode.ToLower(r))
		}
		i += size
	}
	return b.String()
}

// allDigits reports whether s is one or more ASCII digits.
func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// firstLine is the part of s that "." of a regular expression can cross.
func firstLine(s string) string {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return s[:i]
	}
	return s
}

// splitLast2 is s.rsplit(sep, 2): the pieces around the last two separators. n is their number, 1 to 3; missing pieces
// are those on the left, so the last piece is always c.
func splitLast2(s string, sep byte) (a, b, c string, n int) {
	last := strings.LastIndexByte(s, sep)
	if last < 0 {
		return "", "", s, 1
	}
	prev := strings.LastIndexByte(s[:last], sep)
	if prev < 0 {
		return "", s[:last], s[last+1:], 2
	}
	return s[:prev], s[prev+1 : last], s[last+1:], 3
}
