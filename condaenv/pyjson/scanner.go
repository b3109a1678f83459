package pyjson

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// MaxDepth is how deep values may nest. Python's limit is its recursion limit, about 950 on Python 3.11.
const MaxDepth = 990

// maxDigits is the longest integer Python converts (sys.get_int_max_str_digits).
const maxDigits = 4300

// Kind is the kind of a JSON value.
type Kind uint8

// The kinds of JSON values. Float covers NaN and the infinities; Absent is the zero value, no value at all.
const (
	Absent Kind = iota
	Null
	False
	True
	Int
	Float
	String
	Array
	Object
)

// SyntaxError says where a document stops being JSON.
type SyntaxError struct {
	Offset int // in bytes of the document as UTF-8, without byte order mark
	Reason string
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.Reason) }

// Scanner walks one document. The zero value is ready for [Scanner.Reset]; it is not safe for concurrent use.
type Scanner struct {
	buf   []byte // the document, followed by padding zero bytes
	n     int    // length of the document
	pos   int
	depth int
	high  uint64 // the high bits of all bytes seen in strings: zero as long as all is ASCII
}

// Reset starts on another document. It takes data over: the bytes up to its capacity are overwritten, and spans that
// the scanner hands out point into it. The error is a [*SyntaxError] when the bytes are no text.
func (s *Scanner) Reset(data []byte) error {
	enc, mark := detect(data)
	data, err := decode(data[mark:], enc)
	if err != nil {
		return &SyntaxError{Reason: err.Error()}
	}
	*s = Scanner{n: len(data)}
	s.buf = append(data, make([]byte, padding)...)
	return nil
}

// Pos returns the position in the document, in bytes. It serves [Scanner.Span].
func (s *Scanner) Pos() int { return s.pos }

// Span returns the bytes from position from up to the current one. They are valid until the next Reset.
func (s *Scanner) Span(from int) []byte { return s.buf[from:s.pos] }

// End checks that nothing but blanks follows, and that the whole document is valid text.
func (s *Scanner) End() error {
	s.blanks()
	if s.pos < s.n {
		return s.fail("extra data after the value")
	}
	if s.high&highBits != 0 && !validWTF8(s.buf[:s.n]) {
		return &SyntaxError{Offset: firstInvalid(s.buf[:s.n]), Reason: errEncoding.Error()}
	}
	return nil
}

func (s *Scanner) fail(reason string) error {
	if s.pos >= s.n {
		reason = "unexpected end"
	}
	return &SyntaxError{Offset: min(s.pos, s.n), Reason: reason}
}

// Peek returns the kind that the next value's first byte announces (Int for any number), without consuming it.
func (s *Scanner) Peek() (Kind, error) {
	s.blanks()
	switch c := s.buf[s.pos]; {
	case c == '"':
		return String, nil
	case c == '{':
		return Object, nil
	case c == '[':
		return Array, nil
	case c == 'n':
		return Null, nil
	case c == 't':
		return True, nil
	case c == 'f':
		return False, nil
	case c == '-' || c >= '0' && c <= '9' || c == 'N' || c == 'I':
		return Int, nil
	}
	return Absent, s.fail("expecting a value")
}

// Skip validates the next value, whatever it is, and returns its kind.
func (s *Scanner) Skip() (Kind, error) {
	kind, err := s.Peek()
	if err != nil {
		return Absent, err
	}
	switch kind {
	case String:
		s.pos++
		return String, s.stringRest()
	case Object:
		for first := true; ; first = false {
			_, more, err := s.Key(first)
			if err != nil || !more {
				return Object, err
			}
			if _, err := s.Skip(); err != nil {
				return Object, err
			}
		}
	case Array:
		for first := true; ; first = false {
			more, err := s.Elem(first)
			if err != nil || !more {
				return Array, err
			}
			if _, err := s.Skip(); err != nil {
				return Array, err
			}
		}
	case Null:
		return Null, s.word("null")
	case True:
		return True, s.word("true")
	case False:
		return False, s.word("false")
	case Absent, Int, Float:
	}
	return s.number()
}

// Key steps to the next member of an object: call it with first set where Peek said Object, and again after each
// value. It returns the member's key as written between its quotes (see [Text]), or false at the object's end.
func (s *Scanner) Key(first bool) (key []byte, more bool, err error) {
	more, err = s.step(first, '}')
	if err != nil || !more {
		return nil, false, err
	}
	if s.buf[s.pos] != '"' {
		return nil, false, s.fail("expecting a key in double quotes")
	}
	s.pos++
	start := s.pos
	if err := s.stringRest(); err != nil {
		return nil, false, err
	}
	key = s.buf[start : s.pos-1]
	if s.buf[s.pos] != ':' {
		s.blanks()
		if s.buf[s.pos] != ':' {
			return nil, false, s.fail("expecting ':'")
		}
	}
	s.pos++
	return key, true, nil
}

// Elem steps to the next element of an array, as [Scanner.Key] does to the next member of an object.
func (s *Scanner) Elem(first bool) (more bool, err error) { return s.step(first, ']') }

// step goes past an opening bracket (first) or a comma to the next item, or past the closing bracket.
func (s *Scanner) step(first bool, closing byte) (more bool, err error) {
	if first {
		if s.depth++; s.depth > MaxDepth {
			return false, s.fail("nested too deeply")
		}
		s.pos++
		s.blanks()
		if s.buf[s.pos] == closing {
			s.pos++
			s.depth--
			return false, nil
		}
		return true, nil
	}
	s.blanks()
	switch s.buf[s.pos] {
	case ',':
		s.pos++
		s.blanks()
		return true, nil
	case closing:
		s.pos++
		s.depth--
		return false, nil
	}
	return false, s.fail("expecting ',' or '" + string(closing) + "'")
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
	spaces   = 0x2020202020202020
	quotes   = 0x2222222222222222
	slashes  = 0x5C5C5C5C5C5C5C5C
)

// blanks goes past white space. The common case is a line break and a run of spaces, taken eight at a time.
func (s *Scanner) blanks() {
	b, i := s.buf, s.pos
	for {
		switch b[i] {
		case '\n', '\r', '\t':
			i++
		case ' ':
			x := binary.LittleEndian.Uint64(b[i:]) ^ spaces
			if x == 0 {
				i += 8
			} else {
				i += bits.TrailingZeros64(x) >> 3
			}
		default:
			s.pos = i
			return
		}
		if i >= s.n {
			s.pos = s.n
			return
		}
	}
}

// stringRest goes from behind an opening quote to behind the closing one. Eight bytes at a time it looks for the first
// that is a quote, a backslash or a control character (the classic test for a zero or small byte within a word; its
// lowest hit is exact).
func (s *Scanner) stringRest() error {
	b, i, high := s.buf, s.pos, s.high
	for i < s.n {
		x := binary.LittleEndian.Uint64(b[i:])
		high |= x
		q, e := x^quotes, x^slashes
		hit := ((q-lowBits)&^q | (e-lowBits)&^e | (x-spaces)&^x) & highBits
		if hit == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(hit) >> 3
		s.pos = i
		switch {
		case b[i] == '"':
			s.pos, s.high = i+1, high
			return nil
		case b[i] != '\\':
			return s.fail("control character in a string")
		}
		n := escapeLen(b[i:])
		if n == 0 {
			return s.fail("invalid escape in a string")
		}
		i += n
	}
	s.pos = s.n
	return s.fail("")
}

// escapeLen returns the length of the escape at the beginning of b, or 0 when it is none that JSON knows.
func escapeLen(b []byte) int {
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		for _, c := range b[2:6] {
			if hexValue(c) < 0 {
				return 0
			}
		}
		return 6
	}
	return 0
}

func (s *Scanner) word(w string) error {
	if s.n-s.pos < len(w) || string(s.buf[s.pos:s.pos+len(w)]) != w {
		return s.fail("expecting a value")
	}
	s.pos += len(w)
	return nil
}

// number goes past a number, NaN or an infinity.
func (s *Scanner) number() (Kind, error) {
	switch s.buf[s.pos] {
	case 'N':
		return Float, s.word("NaN")
	case 'I':
		return Float, s.word("Infinity")
	case '-':
		s.pos++
		if s.buf[s.pos] == 'I' {
			return Float, s.word("Infinity")
		}
	}
	start := s.pos
	if s.digits() == 0 {
		return Int, s.fail("expecting a digit")
	}
	if s.buf[start] == '0' {
		s.pos = start + 1 // "01" is 0 and extra data
	}
	kind := Int
	if b := s.buf[s.pos:]; b[0] == '.' && b[1] >= '0' && b[1] <= '9' {
		kind = Float
		s.pos++
		s.digits()
	}
	if s.exponent() {
		kind = Float
	}
	if kind == Int && s.pos-start > maxDigits {
		return Int, s.fail(fmt.Sprintf("an integer of more than %d digits", maxDigits))
	}
	return kind, nil
}

func (s *Scanner) exponent() bool {
	if c := s.buf[s.pos]; c != 'e' && c != 'E' {
		return false
	}
	start := s.pos
	s.pos++
	if c := s.buf[s.pos]; c == '+' || c == '-' {
		s.pos++
	}
	if s.digits() == 0 {
		s.pos = start
		return false
	}
	return true
}

func (s *Scanner) digits() int {
	start := s.pos
	for s.buf[s.pos] >= '0' && s.buf[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - start
}
