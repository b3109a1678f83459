// Package pystr has what Python's str does to letters where Go's strings does otherwise, and conda's and the original
// service's answers depend on it. The Unicode tables are Go's, which may be a version apart from those of a given Python.
// It knows nothing of what the text is.
package pystr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lower returns s in lower case as Python's str.lower does. Beyond the simple
// mapping of each character, which strings.ToLower stops at, Python follows
// Unicode's full mapping: U+0130 becomes two characters, and a capital sigma at
// the end of a word becomes a final one. Bytes that are not UTF-8 become U+FFFD.
//
// golang.org/x/text/cases does not serve: it looks at no more than 30 characters
// around a sigma, and a Caser may not be used concurrently.
func Lower(s string) string {
	if isLowerASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range s {
		switch r {
		case 'İ':
			b.WriteString("i\u0307")
		case 'Σ':
			if isFinal(s, i) {
				b.WriteRune('ς')
			} else {
				b.WriteRune('σ')
			}
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func isLowerASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// isFinal says whether the sigma at s[at:] ends a word: Unicode's Final_Sigma,
// a cased character before it and none after it, not counting those that case
// ignores.
func isFinal(s string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(strings.TrimRightFunc(s[:at], isCaseIgnorable))
	after, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(s[at+len("Σ"):], isCaseIgnorable))
	return isCased(before) && !isCased(after)
}

// isCased is Unicode's property Cased. The replacement character, which stands
// for the end of the text here, is not.
func isCased(r rune) bool {
	return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Lowercase, unicode.Other_Uppercase)
}

// isCaseIgnorable is Unicode's property Case_Ignorable: some categories, and
// what may stand within a word (Word_Break MidLetter, MidNumLet, Single_Quote).
func isCaseIgnorable(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) ||
		strings.ContainsRune("'.:·\u0387՟״\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A", r)
}
