package pypi

import (
	"strings"
	"unicode"
	"unicode/utf8"
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
	return lower(strings.NewReplacer(".", "-", "_", "-").Replace(name))
}

// lower is Python's str.lower: Unicode's full mapping, which differs from
// strings.ToLower in two letters. İ gives two characters, and Σ at the end of
// a word gives ς.
func lower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range s {
		switch r {
		case 'İ':
			b.WriteString("i\u0307")
		case 'Σ':
			if endsWord(s[:i], s[i+len("Σ"):]) {
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

// endsWord reports whether a Σ between before and after is the last letter of
// a word of more than one letter (Unicode's condition Final_Sigma).
func endsWord(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRightFunc(before, isCaseIgnorable))
	next, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(after, isCaseIgnorable))
	return isCased(last) && !isCased(next)
}

// isCased is Unicode's derived property Cased.
func isCased(r rune) bool {
	return unicode.In(r, unicode.Upper, unicode.Lower, unicode.Title, unicode.Other_Lowercase, unicode.Other_Uppercase)
}

// isCaseIgnorable is Unicode's derived property Case_Ignorable.
func isCaseIgnorable(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk, wordMiddle)
}

// wordMiddle has the characters whose Word_Break is MidLetter, MidNumLet or
// Single_Quote: apostrophes, full stops and colons of several scripts.
var wordMiddle = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x0027, Hi: 0x0027, Stride: 1},
		{Lo: 0x002e, Hi: 0x002e, Stride: 1},
		{Lo: 0x003a, Hi: 0x003a, Stride: 1},
		{Lo: 0x00b7, Hi: 0x00b7, Stride: 1},
		{Lo: 0x0387, Hi: 0x0387, Stride: 1},
		{Lo: 0x055f, Hi: 0x055f, Stride: 1},
		{Lo: 0x05f4, Hi: 0x05f4, Stride: 1},
		{Lo: 0x2018, Hi: 0x2019, Stride: 1},
		{Lo: 0x2024, Hi: 0x2024, Stride: 1},
		{Lo: 0x2027, Hi: 0x2027, Stride: 1},
		{Lo: 0xfe13, Hi: 0xfe13, Stride: 1},
		{Lo: 0xfe52, Hi: 0xfe52, Stride: 1},
		{Lo: 0xfe55, Hi: 0xfe55, Stride: 1},
		{Lo: 0xff07, Hi: 0xff07, Stride: 1},
		{Lo: 0xff0e, Hi: 0xff0e, Stride: 1},
		{Lo: 0xff1a, Hi: 0xff1a, Stride: 1},
	},
	LatinOffset: 4,
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
