package condarc

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// truthWords are the texts that conda takes for a truth value, in small letters.
var truthWords = map[string]bool{
	"true": true, "yes": true, "on": true, "y": true,
	"false": false, "off": false, "n": false, "no": false, "non": false, "none": false, "": false,
}

// The forms of complex numbers that Python reads, without blanks and brackets around them, and those parts of them that
// are not zero.
const (
	unsignedForm = `(?:(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:e[-+]?[0-9](?:_?[0-9])*)?|inf|infinity|nan)`
	realForm     = `[-+]?` + unsignedForm
)

var (
	complexForm = lazy(`^(?:` + realForm + `|` + realForm + `[-+]` + unsignedForm + `?j|[-+]?` + unsignedForm + `?j)$`)
	exponent    = lazy(`e[-+]?[0-9_]+`)
	nonZero     = lazy(`[1-9]|inf|nan|(?:^|[-+])j`)
)

// Truth gives the truth value of a scalar as conda coerces it, or an error if it cannot. With nullable set, the words
// for null are accepted too, and count as false.
func (s Scalar) Truth(nullable bool) (bool, error) {
	switch s.Kind {
	case Bool:
		return s.Text == "True", nil
	case Int, Float:
		return !falsy(s), nil
	default: // Conda reads the text of all others.
	}
	word := strings.Replace(strings.ToLower(strings.TrimSpace(s.Text)), ".", "", 1)
	if truth, known := truthWords[word]; known {
		return truth, nil
	}
	if nullable && (word == "~" || word == "null" || word == "\x00") {
		return false, nil
	}
	if number := trimBrackets(word); complexForm().MatchString(number) {
		return nonZero().MatchString(exponent().ReplaceAllString(number, "")), nil
	}
	return false, fmt.Errorf("%q is no truth value", s.Text)
}

// trimBrackets drops one pair of brackets, which Python allows around a complex number.
func trimBrackets(word string) string {
	if inner, ok := strings.CutPrefix(word, "("); ok {
		if inner, ok = strings.CutSuffix(inner, ")"); ok {
			return strings.TrimSpace(inner)
		}
	}
	return word
}

// CheckInt tells whether conda can make an integer of the scalar.
func (s Scalar) CheckInt() error {
	switch s.Kind {
	case Bool, Int:
		return nil
	case Float:
		if value, err := strconv.ParseFloat(s.Text, 64); err == nil && !math.IsInf(value, 0) && !math.IsNaN(value) {
			return nil
		}
	case Text:
		if isIntText(strings.TrimSpace(s.Text)) {
			return nil
		}
	default: // Null, dates and the like are none.
	}
	return fmt.Errorf("%q is no integer", s.Text)
}

// isIntText tells whether Python reads the text as an integer: digits with single underscores between.
func isIntText(text string) bool {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	digit := false
	for _, r := range text {
		switch {
		case '0' <= r && r <= '9':
			digit = true
		case r == '_' && digit:
			digit = false
		default:
			return false
		}
	}
	return digit
}
