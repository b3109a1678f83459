package testrepo

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// object appends one JSON object to bytes, a member a line.
type object struct {
	b       []byte
	margin  string // Before each member.
	members int
	// sorted asks for members in the order of their keys; starts are where each begins then.
	sorted bool
	starts []int
}

// newObject begins an object with members that are indented by so many blanks.
func newObject(b []byte, indent int, sorted bool) *object {
	return &object{b: append(b, '{'), margin: "\n          "[:1+indent], sorted: sorted}
}

// key begins a member; the value is to be appended to b.
func (w *object) key(name string) {
	if w.members++; w.members > 1 {
		w.b = append(w.b, ',')
	}
	if w.sorted {
		w.starts = append(w.starts, len(w.b))
	}
	w.b = append(w.b, w.margin...)
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, `": `...)
}

// close ends the object and returns all bytes.
func (w *object) close() []byte {
	if w.sorted {
		w.sort()
	}
	w.b = append(w.b, w.margin[:len(w.margin)-2]...)
	return append(w.b, '}')
}

// sort brings the members into the order of their keys, where the quotation
// mark at the end of a key comes before all that keys consist of.
func (w *object) sort() {
	if len(w.starts) == 0 {
		return
	}
	var members []string
	for i, start := range w.starts {
		end := len(w.b)
		if i+1 < len(w.starts) {
			end = w.starts[i+1] - len(",")
		}
		members = append(members, string(w.b[start:end]))
	}
	slices.Sort(members)
	w.b = append(w.b[:w.starts[0]], strings.Join(members, ",")...)
}

func (w *object) raw(name, value string) {
	w.key(name)
	w.b = append(w.b, value...)
}

func (w *object) text(name, value string) {
	w.key(name)
	w.b = appendQuoted(w.b, value)
}

func (w *object) optional(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

func (w *object) number(name string, value int64) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, value, 10)
}

func (w *object) list(name string, values []string) {
	w.key(name)
	w.b = append(w.b, '[')
	for i, v := range values {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, w.margin...)
		w.b = append(w.b, "  "...)
		w.b = appendQuoted(w.b, v)
	}
	if len(values) > 0 {
		w.b = append(w.b, w.margin...)
	}
	w.b = append(w.b, ']')
}

// appendQuoted appends s as Python's json module does: ASCII only. A byte that
// is not UTF-8 becomes the lone surrogate that stands for it in Python.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	if isPlain(s) {
		return append(append(b, s...), '"')
	}
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch i := strings.IndexByte("\"\\\n\r\t\b\f", s[0]); {
		case i >= 0:
			b = append(b, '\\', `"\nrtbf`[i])
		case r >= ' ' && r < 0x7f:
			b = append(b, s[0])
		case r == utf8.RuneError && n == 1:
			b = appendEscape(b, 0xdc00+rune(s[0]))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = appendEscape(appendEscape(b, high), low)
		default:
			b = appendEscape(b, r)
		}
		s = s[n:]
	}
	return append(b, '"')
}

func appendEscape(b []byte, unit rune) []byte {
	return append(b, '\\', 'u', hexDigits[unit>>12&15], hexDigits[unit>>8&15], hexDigits[unit>>4&15], hexDigits[unit&15])
}

// isPlain reports whether s stands for itself in JSON, as nearly all texts of a
// record do.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
