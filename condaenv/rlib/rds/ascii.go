package rds

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ascii is the source of the text format: numbers are words between white space, and
// strings have C escapes. R reads it with C's scanf(), whose tolerance is kept: of a word like
// "12x" the x is ignored.
type ascii struct {
	rest string
}

var (
	errNumber = fmt.Errorf("%w: it has no number where one must be", ErrCorrupt)
	errWord   = fmt.Errorf("%w: a word is too long", ErrCorrupt)
)

// isSpace is C's isspace() for ASCII.
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// word returns the next word, without the white space before it and the one character of
// it behind it, which must be there.
func (a *ascii) word() (string, error) {
	const sizeLimit = 128 // R's buffer.
	start := 0
	for start < len(a.rest) && isSpace(a.rest[start]) {
		start++
	}
	end := start
	for end < len(a.rest) && !isSpace(a.rest[end]) {
		if end++; end-start == sizeLimit {
			return "", errWord
		}
	}
	if end == len(a.rest) {
		return "", errTruncated
	}
	word := a.rest[start:end]
	a.rest = a.rest[end+1:]
	return word, nil
}

func (a *ascii) integer() (int32, error) {
	word, err := a.word()
	if err != nil {
		return 0, err
	}
	if word == "NA" {
		return naInt, nil
	}
	end := 0
	if word[0] == '-' || word[0] == '+' {
		end = 1
	}
	for end < len(word) && '0' <= word[end] && word[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(word[:end], 10, 64) // The nearest number if out of range.
	if err != nil && end < 2 {
		return 0, errNumber
	}
	return int32(n), nil
}

func (a *ascii) real() (float64, error) {
	word, err := a.word()
	if err != nil {
		return 0, err
	}
	if word == "NA" {
		return math.Float64frombits(0x7ff0_0000_0000_0000 | naPayload), nil
	}
	word, _, _ = strings.Cut(word, "_") // Go's way to group digits, not C's.
	for end := len(word); end > 0; end-- {
		number := strings.ToLower(word[:end])
		if hex, ok := strings.CutPrefix(strings.TrimLeft(number, "+-"), "0x"); ok && !strings.Contains(hex, "p") {
			if hex == "" {
				break // C does not go back to the zero.
			}
			number += "p0" // C needs no exponent.
		}
		x, err := strconv.ParseFloat(number, 64)
		if err == nil || math.IsInf(x, 0) {
			return x, nil
		}
	}
	return 0, errNumber
}

func (a *ascii) skipOctets(n int) error {
	for range n {
		word, err := a.word()
		if err != nil {
			return err
		}
		if !isHex(word) {
			return errNumber
		}
	}
	return nil
}

// isHex tells whether word begins with a hexadecimal digit, perhaps after a sign.
func isHex(word string) bool {
	if len(word) > 1 {
		word = strings.TrimLeft(word[:1], "+-") + word[1:]
	}
	_, err := strconv.ParseUint(word[:1], 16, 8)
	return err == nil
}

func (a *ascii) bytes(n int) (string, error) {
	if n == 0 {
		return "", nil
	}
	a.rest = strings.TrimLeft(a.rest, " \t\n\v\f\r")
	if len(a.rest) < n {
		return "", errTruncated
	}
	if strings.IndexByte(a.rest[:n], '\\') < 0 {
		s := a.rest[:n]
		a.rest = a.rest[n:]
		return s, nil
	}
	s := make([]byte, 0, n)
	for len(s) < n {
		c, err := a.char()
		if err != nil {
			return "", err
		}
		s = append(s, c)
	}
	return string(s), nil
}

// char reads a character of a string, or an escape.
func (a *ascii) char() (byte, error) {
	if len(a.rest) == 0 {
		return 0, errTruncated
	}
	c := a.rest[0]
	a.rest = a.rest[1:]
	if c != '\\' {
		return c, nil
	}
	if len(a.rest) == 0 {
		return 0, errTruncated
	}
	if '0' <= a.rest[0] && a.rest[0] <= '7' {
		return a.octal()
	}
	c = a.rest[0]
	a.rest = a.rest[1:]
	if i := strings.IndexByte("ntvbrfa", c); i >= 0 {
		return "\n\t\v\b\r\f\a"[i], nil
	}
	return c, nil
}

// octal reads the one to three digits of an octal escape. R looks at the character
// behind them, so there must be one.
func (a *ascii) octal() (byte, error) {
	n, i := 0, 0
	for ; i < 3 && i < len(a.rest) && '0' <= a.rest[i] && a.rest[i] <= '7'; i++ {
		n = 8*n + int(a.rest[i]-'0')
	}
	if i == len(a.rest) {
		return 0, errTruncated
	}
	a.rest = a.rest[i:]
	return byte(n), nil
}

// room counts two characters for a word, the second of them white space.
func (a *ascii) room(size itemSize) int { return len(a.rest) / (2 * size.words) }
