package channel

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Faults of texts with percent escapes, all of which end conda's listing.
var (
	errMixed   = errors.New("percent escapes beside letters outside of ASCII")
	errDecoded = errors.New("percent escapes that are not UTF-8")
)

// percentDecode decodes the percent escapes of a text; a percent sign without two hexadecimal digits stays.
func percentDecode(text string) (string, error) {
	if !strings.Contains(text, "%") {
		return text, nil
	}
	decoded, escapes := unescape(text)
	switch {
	case escapes == 0:
		return text, nil
	case !isASCII(text):
		return "", fmt.Errorf("%q: %w", text, errMixed)
	}
	whole, ok := wholeRunes(decoded)
	if !ok {
		return "", fmt.Errorf("%q: %w", text, errDecoded)
	}
	return string(whole), nil
}

// unescape replaces percent escapes by the bytes they stand for, and counts them.
func unescape(text string) (decoded []byte, escapes int) {
	decoded = make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]) {
			decoded = append(decoded, unhex(text[i+1])<<4|unhex(text[i+2]))
			escapes++
			i += 2
			continue
		}
		decoded = append(decoded, text[i])
	}
	return decoded, escapes
}

// unquote decodes the percent escapes of a text in ASCII as Python's unquote does, with U+FFFD for what is not UTF-8:
// one for each byte, or for each part of a character that is cut off.
func unquote(text string) string {
	decoded, _ := unescape(text)
	if utf8.Valid(decoded) {
		return string(decoded)
	}
	var b strings.Builder
	for len(decoded) > 0 {
		r, size := utf8.DecodeRune(decoded)
		if r == utf8.RuneError && size == 1 {
			for size < len(decoded) && !utf8.FullRune(decoded[:size+1]) {
				size++
			}
		}
		b.WriteRune(r)
		decoded = decoded[size:]
	}
	return b.String()
}

// wholeRunes drops a character that is cut off at the end, which conda passes over in silence, and tells whether the
// rest is UTF-8.
func wholeRunes(text []byte) ([]byte, bool) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return text[:i], !utf8.FullRune(text[i:])
		}
		i += size
	}
	return text, true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// unhex gives the value of a hexadecimal digit.
func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
