package manifests

import (
	"bufio"
	"errors"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// errTrailing is a fault of syntax that the decoder leaves to its caller to see.
var errTrailing = errors.New("text after the document")

// document reads one of the two big files: an object with a few header members
// and one array, in any order and with any white space. One element of the
// array is in memory at a time.
//
// The decoder is the library that becomes encoding/json/v2. It refuses repeated
// keys, invalid UTF-8, NaN and text after the value, holds no more than the
// value at hand, and reads twice as fast as encoding/json.
type document struct {
	array    string // name of the array member
	maxBytes int64  // of one element, and of one header member
	// header reads the value of a member, or skips it.
	header func(name string, dec *jsontext.Decoder) error
	// element reads the next element of the array.
	element func(dec *jsontext.Decoder) error
}

// read reads the document from r. Faults of the document are [ErrInvalid];
// errors of r, of header and of element are returned as they are.
func (d document) read(r io.Reader) error {
	in := &meter{r: bufio.NewReaderSize(r, 256<<10)}
	err := d.readObject(jsontext.NewDecoder(in), in)
	if in.err != nil {
		return in.err
	}
	return err
}

func (d document) readObject(dec *jsontext.Decoder, in *meter) error {
	in.allow(dec, d.maxBytes)
	if k := dec.PeekKind(); k != '{' && k != 0 {
		return invalid("%w: not a JSON object", ErrShape)
	}
	if err := skipToken(dec); err != nil {
		return err
	}
	seen := false
	for dec.PeekKind() != '}' {
		in.allow(dec, d.maxBytes)
		var name string
		if err := decodeNext(dec, &name); err != nil {
			return err
		}
		var err error
		if name == d.array {
			seen = true
			err = d.readArray(dec, in)
		} else {
			err = d.header(name, dec)
		}
		if err != nil {
			return err
		}
	}
	if err := skipToken(dec); err != nil {
		return err
	}
	if !seen {
		return invalid("%w: no %q array", ErrShape, d.array)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return invalid("%w", &jsontext.SyntacticError{ByteOffset: dec.InputOffset(), Err: errTrailing})
	}
	return nil
}

func (d document) readArray(dec *jsontext.Decoder, in *meter) error {
	if k := dec.PeekKind(); k != '[' && k != 0 {
		return invalid("%w: %q is not an array", ErrShape, d.array)
	}
	if err := skipToken(dec); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		in.allow(dec, d.maxBytes)
		if err := d.element(dec); err != nil {
			return err
		}
	}
	return skipToken(dec)
}

// decodeNext decodes the next value; a member's name is a value, too.
func decodeNext(dec *jsontext.Decoder, v any) error {
	if err := json.UnmarshalDecode(dec, v); err != nil {
		return invalid("%w", err)
	}
	return nil
}

func skipNext(dec *jsontext.Decoder) error {
	if err := dec.SkipValue(); err != nil {
		return invalid("%w", err)
	}
	return nil
}

func skipToken(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return invalid("%w", err)
	}
	return nil
}

// meter is the decoder's input. It ends with an error when one value goes on
// for too long, before the decoder has it all in memory, and it remembers what
// went wrong, to tell an unreadable file from an invalid one.
type meter struct {
	r         io.Reader
	read, max int64
	err       error
}

// allow lets n more bytes pass, counted from where the decoder stands.
func (m *meter) allow(dec *jsontext.Decoder, n int64) { m.max = dec.InputOffset() + n }

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	if m.read >= m.max {
		m.err = invalid("a value of more than %d bytes ends at byte %d or later", m.max, m.read)
		return 0, m.err
	}
	n, err := m.r.Read(p)
	m.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
	}
	return n, err
}
