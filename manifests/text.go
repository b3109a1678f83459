package manifests

import (
	"strings"
	"time"
	"unicode/utf8"
)

// timeLayout is the form of every date in the documents: RFC 3339, UTC, whole
// seconds, as the original's `date -u +%Y-%m-%dT%H:%M:%SZ`.
const timeLayout = "2006-01-02T15:04:05Z"

// FormatTime returns t as the documents write it, e.g. 2026-01-31T04:05:06Z.
func FormatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// checkTime refuses anything that [FormatTime] would not have written, such as
// fractions of a second, which time.Parse lets through.
func checkTime(field, s string) error {
	t, err := time.Parse(timeLayout, s)
	if err != nil || t.Format(timeLayout) != s {
		return invalid("%s %q is not of the form YYYY-MM-DDTHH:MM:SSZ", field, s)
	}
	return nil
}

// checkSegment refuses what cannot be the name of a directory: the three names
// of a kernel are the path to it.
func checkSegment(field, s string) error {
	switch {
	case s == "":
		return invalid("%s is empty", field)
	case s == ".", s == "..", strings.ContainsAny(s, "/\x00"):
		return invalid("%s %q is not the name of a directory", field, s)
	}
	return nil
}

// cleanText returns s as valid UTF-8. JSON can hold nothing else, but names
// come from foreign files and directories. Each byte that is not UTF-8 becomes
// U+FFFD; the three bytes of a lone surrogate (U+D800 to U+DFFF in generalised
// UTF-8, which is how a name with a lone \ud800 escape is kept) become one
// U+FFFD together. Different names can become equal.
func cleanText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 && isSurrogate(s) {
			n = 3
		}
		b.WriteRune(r)
		s = s[n:]
	}
	return b.String()
}

// isSurrogate reports whether s starts with a surrogate in generalised UTF-8.
func isSurrogate(s string) bool {
	return len(s) >= 3 && s[0] == 0xED && s[1] >= 0xA0 && s[1] <= 0xBF && s[2] >= 0x80 && s[2] <= 0xBF
}

// compareFold orders names case-folded first and byte by byte second, so that
// only equal names compare as 0. Folding is Unicode's simple lower-case mapping.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		x, y := a[i], b[i]
		if x >= utf8.RuneSelf || y >= utf8.RuneSelf {
			return compareFoldUnicode(a, b)
		}
		if x, y = lowerASCII(x), lowerASCII(y); x != y {
			return int(x) - int(y)
		}
	}
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func compareFoldUnicode(a, b string) int {
	if c := strings.Compare(strings.ToLower(a), strings.ToLower(b)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}
