package webserver

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

// The original read queries with Python's urllib.parse.parse_qsl: "&" separates, "+" is a blank, a broken escape stands
// for itself, and what is not UTF-8 becomes U+FFFD. net/url drops such parameters.

// parameters yields the parameters of a raw query in their order.
func parameters(raw string) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for part := range strings.SplitSeq(raw, "&") {
			if part == "" {
				continue
			}
			name, value, _ := strings.Cut(part, "=")
			if !yield(queryText(name), queryText(value)) {
				return
			}
		}
	}
}

// lastParameter returns the last value of a parameter, as the original does, or "" if there is none.
func lastParameter(raw, name string) string {
	last := ""
	for n, value := range parameters(raw) {
		if n == name {
			last = value
		}
	}
	return last
}

func queryText(s string) string {
	if strings.IndexByte(s, '+') >= 0 {
		s = strings.ReplaceAll(s, "+", " ")
	}
	return mendUTF8(unescape(s))
}

// unescape replaces every %xx by its byte; other percent signs stand for themselves, as in Python.
func unescape(s string) string {
	at := strings.IndexByte(s, '%')
	if at < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for {
		out = append(out, s[:at]...)
		s = s[at:]
		if len(s) >= 3 && isHex(s[1]) && isHex(s[2]) {
			out = append(out, hexValue(s[1])<<4|hexValue(s[2]))
			s = s[3:]
		} else {
			out = append(out, '%')
			s = s[1:]
		}
		if at = strings.IndexByte(s, '%'); at < 0 {
			return string(append(out, s...))
		}
	}
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}

func hexValue(b byte) byte {
	if b <= '9' {
		return b - '0'
	}
	return b&^0x20 - 'A' + 10
}

// mendUTF8 puts a U+FFFD for each longest piece that could have begun a character, as Python's errors="replace" and the
// WHATWG's decoder do.
func mendUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	mended, err := unicode.UTF8.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return mended
}

// escapeQuery makes a raw query fit for a header: what a URL may not have is escaped, what is escaped stays.
func escapeQuery(raw string) string {
	const upper = "0123456789ABCDEF"
	plain := func(b byte) bool { return b > ' ' && b < 0x7f && !strings.ContainsRune("\"<>\\^`{|}", rune(b)) }
	var out strings.Builder
	for i := range len(raw) {
		if b := raw[i]; plain(b) {
			out.WriteByte(b)
		} else {
			out.WriteString(string([]byte{'%', upper[b>>4], upper[b&15]}))
		}
	}
	return out.String()
}
