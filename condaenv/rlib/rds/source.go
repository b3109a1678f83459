package rds

import (
	"fmt"
	"math"
)

// source reads the elementary items of one of the three formats. All errors are
// ErrCorrupt.
type source interface {
	// integer reads a 32-bit integer, in which R writes all flags and lengths too.
	integer() (int32, error)
	// real reads a double.
	real() (float64, error)
	// skipOctets reads past n elements of a raw vector, n >= 0.
	skipOctets(n int) error
	// bytes reads a string of n bytes, n >= 0.
	bytes(n int) (string, error)
	// room returns how many items of that size can be left. It is asked before room is made for them.
	room(size itemSize) int
}

// newSource returns the reader for the format that data begins with, and skips that.
// R does not look at the second of the two bytes. An ASCII file may begin with a line
// break, which an earlier object in the same stream may have left.
func newSource(data string) (source, error) {
	if len(data) < 2 {
		return nil, errTruncated
	}
	switch {
	case data[0] == 'X':
		return &binary{rest: data[2:], bigEndian: true}, nil
	case data[0] == 'B':
		return &binary{rest: data[2:]}, nil
	case data[0] == 'A':
		return &ascii{rest: data[2:]}, nil
	case data[0] == '\n' && data[1] == 'A':
		if len(data) < 3 {
			return nil, errTruncated
		}
		return &ascii{rest: data[3:]}, nil
	default:
		return nil, fmt.Errorf("%w: unknown format %q", ErrCorrupt, data[:2])
	}
}

// binary is the source of the XDR format, and of the native one on the little-endian
// machines conda knows.
type binary struct {
	rest      string
	bigEndian bool
}

func (b *binary) integer() (int32, error) {
	if len(b.rest) < 4 {
		return 0, errTruncated
	}
	n := b.word(0)
	b.rest = b.rest[4:]
	return int32(n), nil
}

func (b *binary) real() (float64, error) {
	if len(b.rest) < 8 {
		return 0, errTruncated
	}
	first, second := uint64(b.word(0)), uint64(b.word(4))
	b.rest = b.rest[8:]
	if b.bigEndian {
		first, second = second, first
	}
	return math.Float64frombits(second<<32 | first), nil
}

// word returns the 32-bit word at offset at.
func (b *binary) word(at int) uint32 {
	w := b.rest[at : at+4]
	if b.bigEndian {
		return uint32(w[0])<<24 | uint32(w[1])<<16 | uint32(w[2])<<8 | uint32(w[3])
	}
	return uint32(w[3])<<24 | uint32(w[2])<<16 | uint32(w[1])<<8 | uint32(w[0])
}

func (b *binary) skipOctets(n int) error {
	_, err := b.bytes(n)
	return err
}

func (b *binary) bytes(n int) (string, error) {
	if len(b.rest) < n {
		return "", errTruncated
	}
	s := b.rest[:n]
	b.rest = b.rest[n:]
	return s, nil
}

func (b *binary) room(size itemSize) int { return len(b.rest) / size.bytes }
