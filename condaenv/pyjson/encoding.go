package pyjson

import (
	"bytes"
	"encoding/binary"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// padding is the number of zero bytes behind a document, so that the scanner may load eight bytes at any position.
const padding = 8

// errEncoding means bytes that are text in none of the encodings Python's json.loads guesses.
var errEncoding = errors.New("not valid UTF-8, UTF-16 or UTF-32")

// encoding is one of the text encodings of RFC 4627, section 3.
type encoding int

const (
	encUTF8 encoding = iota
	encUTF16LE
	encUTF16BE
	encUTF32LE
	encUTF32BE
)

// detect guesses the encoding of a document as json.detect_encoding does: by its byte order mark, else by the zero
// bytes among its first four. It returns the length of the mark too.
func detect(b []byte) (enc encoding, mark int) {
	switch {
	case bytes.HasPrefix(b, []byte{0, 0, 0xFE, 0xFF}):
		return encUTF32BE, 4
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE, 0, 0}):
		return encUTF32LE, 4
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return encUTF16BE, 2
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return encUTF16LE, 2
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return encUTF8, 3
	case len(b) >= 4 && b[0] == 0:
		if b[1] != 0 {
			return encUTF16BE, 0
		}
		return encUTF32BE, 0
	case len(b) >= 4 && b[1] == 0:
		if b[2] != 0 || b[3] != 0 {
			return encUTF16LE, 0
		}
		return encUTF32LE, 0
	case len(b) == 2 && b[0] == 0:
		return encUTF16BE, 0
	case len(b) == 2 && b[1] == 0:
		return encUTF16LE, 0
	}
	return encUTF8, 0
}

// decode turns a document that is not plain UTF-8 into UTF-8, lone surrogates kept in their generalised form.
func decode(b []byte, enc encoding) ([]byte, error) {
	switch enc {
	case encUTF16LE:
		return decodeUTF16(b, binary.LittleEndian)
	case encUTF16BE:
		return decodeUTF16(b, binary.BigEndian)
	case encUTF32LE:
		return decodeUTF32(b, binary.LittleEndian)
	case encUTF32BE:
		return decodeUTF32(b, binary.BigEndian)
	case encUTF8:
	}
	return b, nil
}

func decodeUTF16(b []byte, order binary.ByteOrder) ([]byte, error) {
	if len(b)%2 != 0 {
		return nil, errEncoding
	}
	out := make([]byte, 0, len(b)/2+padding)
	for i := 0; i < len(b); i += 2 {
		r := rune(order.Uint16(b[i:]))
		if utf16.IsSurrogate(r) && i+4 <= len(b) {
			if pair := utf16.DecodeRune(r, rune(order.Uint16(b[i+2:]))); pair != utf8.RuneError {
				r, i = pair, i+2
			}
		}
		out = appendRune(out, r)
	}
	return out, nil
}

func decodeUTF32(b []byte, order binary.ByteOrder) ([]byte, error) {
	if len(b)%4 != 0 {
		return nil, errEncoding
	}
	out := make([]byte, 0, len(b)/4+padding)
	for i := 0; i < len(b); i += 4 {
		r := order.Uint32(b[i:])
		if r > utf8.MaxRune {
			return nil, errEncoding
		}
		out = appendRune(out, rune(r))
	}
	return out, nil
}

// appendRune appends r as UTF-8, and a surrogate in the generalised three bytes that utf8.AppendRune refuses.
func appendRune(b []byte, r rune) []byte {
	if utf16.IsSurrogate(r) {
		return append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
	}
	return utf8.AppendRune(b, r)
}

// surrogateAt reports whether b begins with a surrogate in generalised UTF-8.
func surrogateAt(b []byte) bool {
	return len(b) >= 3 && b[0] == 0xED && b[1] >= 0xA0 && b[1] <= 0xBF && b[2] >= 0x80 && b[2] <= 0xBF
}

// validWTF8 reports whether b is UTF-8 in which lone surrogates are allowed (Python's "surrogatepass").
func validWTF8(b []byte) bool {
	for !utf8.Valid(b) {
		i := firstInvalid(b)
		if !surrogateAt(b[i:]) {
			return false
		}
		b = b[i+3:]
	}
	return true
}

func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return len(b)
}

// FileName turns the bytes of a file's name into the text Python makes of them (os.fsdecode with UTF-8): a byte that is
// not part of valid UTF-8 becomes the lone surrogate U+DC00 plus its value.
func FileName(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	out := make([]byte, 0, len(name)+8)
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		if r == utf8.RuneError && n == 1 {
			out = appendRune(out, 0xDC00+rune(name[i]))
			i++
			continue
		}
		out = append(out, name[i:i+n]...)
		i += n
	}
	return string(out)
}

// Valid turns text that may hold lone surrogates or other broken bytes into valid UTF-8, U+FFFD standing for each.
// It is what a document for strict readers must print.
func Valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if i+3 <= len(s) && surrogateAt([]byte(s[i:i+3])) {
			out, i = append(out, "\uFFFD"...), i+3
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		out, i = utf8.AppendRune(out, r), i+n
	}
	return string(out)
}

// Len returns the number of code points of s, a lone surrogate counting as one: what Python's len() says.
func Len(s string) int {
	n := 0
	for i := range len(s) {
		if s[i]&0xC0 != 0x80 {
			n++
		}
	}
	return n
}
