package rds

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// stringItem reads an element of a character vector.
func (r *reader) stringItem() (text, error) {
	f, err := r.flags()
	if err != nil {
		return text{}, err
	}
	if f.code() != codeChar {
		return text{}, fmt.Errorf("%w: a character vector has an item of type %d", ErrCorrupt, f.code())
	}
	t, err := r.charText(f)
	if err == nil && f.hasAttr() {
		_, err = r.next() // From R before 2.7; R ignores it.
	}
	return t, err
}

// char reads a string outside a character vector.
func (r *reader) char(f flags) (*Value, error) {
	t, err := r.charText(f)
	if err != nil {
		return nil, err
	}
	v, err := r.value(Char)
	if err == nil {
		v.data = texts{t}
	}
	return v, err
}

// charText reads what follows the flags of a string: its length, -1 for NA, and bytes.
func (r *reader) charText(f flags) (text, error) {
	n, err := r.integer()
	if err != nil {
		return text{}, err
	}
	if n == -1 {
		return text{s: "NA", na: true}, nil
	}
	if n < 0 {
		return text{}, fmt.Errorf("%w: a string has length %d", ErrCorrupt, n)
	}
	raw, err := r.bytes(int(n))
	if err != nil {
		return text{}, err
	}
	if strings.IndexByte(raw, 0) >= 0 {
		return text{}, fmt.Errorf("%w: a string has a NUL byte", ErrCorrupt)
	}
	return text{s: r.toUTF8(raw, f)}, nil
}

// toUTF8 converts a string from the encoding its flags say. Strings without a mark are in that
// of the R that wrote them; if it is neither UTF-8 nor Latin-1, only ASCII is converted.
func (r *reader) toUTF8(raw string, f flags) string {
	const marks = flagUTF8 | flagLatin1 | flagBytes | flagASCII
	switch {
	case isASCII(raw):
		return raw
	case f&flagUTF8 != 0:
		return Escape(raw)
	case f&flagLatin1 != 0, f&marks == 0 && r.latin1:
		return fromLatin1(raw)
	case f&flagBytes != 0:
		return escapeAll(raw)
	default:
		return Escape(raw)
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func fromLatin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// Escape returns s with every byte that is no part of valid UTF-8 spelled <nn> in
// hexadecimal digits, as R's enc2utf8() does.
func Escape(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, c := range s {
		if _, size := utf8.DecodeRuneInString(s[i:]); c == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, "<%02x>", s[i])
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// escapeAll returns s, in the encoding "bytes", with every byte beyond ASCII spelled \xNN,
// as R prints it.
func escapeAll(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] < utf8.RuneSelf {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		}
	}
	return b.String()
}
