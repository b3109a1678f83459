package pypi

import (
	"strings"
	"unicode"
)

// maxIntDigits is the number of digits, leading zeros and all, from which on
// Python refuses to make a number of a text (sys.set_int_max_str_digits).
const maxIntDigits = 4300

// isInt reports whether Python's int() takes a text, which is not empty.
func isInt(text []byte) bool {
	for _, c := range text {
		if c < '0' || '9' < c {
			return isOddInt(string(text))
		}
	}
	return len(text) <= maxIntDigits
}

// isOddInt is isInt for texts that are not all ASCII digits: with a sign,
// blanks around it, underscores between digits, or digits of other scripts.
func isOddInt(text string) bool {
	if !isASCII(text) {
		text = strings.Map(asciiOfInt, text)
	}
	text = strings.Trim(text, " \t\n\v\f\r")
	if text != "" && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	digits := 0
	for group := range strings.SplitSeq(text, "_") {
		if group == "" || strings.Trim(group, "0123456789") != "" {
			return false
		}
		digits += len(group)
	}
	return digits <= maxIntDigits
}

// asciiOfInt turns blanks and decimal digits of all scripts into ASCII ones.
func asciiOfInt(r rune) rune {
	switch {
	case r <= unicode.MaxASCII:
		return r
	case isSpace(r):
		return ' '
	case unicode.IsDigit(r):
		return '0'
	}
	return '?'
}
