package rds

import "fmt"

// reader reads the items of one serialized object.
type reader struct {
	source
	limits Limits
	values int     // Values made so far.
	spare  []Value // Room for the next ones, for it is cheaper to make many at once.
	depth  int
	refs   references
	latin1 bool // Strings without a mark are in Latin-1, by the header of version 3.
}

// unserialize reads the object that data, not compressed any more, begins with.
func unserialize(data string, limits Limits) (*Value, error) {
	src, err := newSource(data)
	if err != nil {
		return nil, err
	}
	r := &reader{source: src, limits: limits, refs: newReferences()}
	if err := r.header(); err != nil {
		return nil, err
	}
	flags, err := r.flags()
	if err != nil {
		return nil, err
	}
	if flags.code() == codePromise {
		return nil, fmt.Errorf("%w: it holds a promise", ErrCorrupt)
	}
	return r.item(flags)
}

// header reads the version of the serialization, of the R that wrote it and of the
// oldest R that reads it, and from version 3 on the encoding of that R.
func (r *reader) header() error {
	version, err := r.integer()
	if err != nil {
		return err
	}
	if _, err := r.integer(); err != nil {
		return err
	}
	oldestReader, err := r.integer()
	if err != nil {
		return err
	}
	switch version {
	case 2:
		return nil
	case 3:
		return r.nativeEncoding()
	default:
		return versionError(version, oldestReader)
	}
}

// versionError tells a version of the future from nonsense: no later version can be
// read by R 3.5.0, which brought version 3.
func versionError(version, oldestReader int32) error {
	const r350 = 3<<16 | 5<<8
	if version > 3 && oldestReader > r350 {
		return fmt.Errorf("%w: it has version %d of the serialization", ErrUnsupported, version)
	}
	return fmt.Errorf("%w: it has version %d of the serialization", ErrCorrupt, version)
}

func (r *reader) nativeEncoding() error {
	const sizeLimit = 63
	n, err := r.integer()
	if err != nil {
		return err
	}
	if n < 0 || n > sizeLimit {
		return fmt.Errorf("%w: its encoding has a name of %d bytes", ErrCorrupt, n)
	}
	name, err := r.bytes(int(n))
	r.latin1 = name == "ISO-8859-1" || name == "ISO8859-1" || name == "latin1"
	return err
}

// length reads the length of a vector and makes sure that so many items of that size can follow. Lengths of 2^31 and
// more are in two further integers.
func (r *reader) length(size itemSize) (int, error) {
	n, err := r.integer()
	if err != nil {
		return 0, err
	}
	length := int64(n)
	if n == -1 {
		high, err := r.integer()
		if err != nil {
			return 0, err
		}
		low, err := r.integer()
		if err != nil {
			return 0, err
		}
		length = int64(uint32(high))<<32 | int64(uint32(low))
	}
	if length < 0 {
		return 0, fmt.Errorf("%w: a vector has length %d", ErrCorrupt, length)
	}
	if length > int64(r.room(size)) {
		return 0, errTruncated
	}
	return int(length), nil
}

// value makes a value of that kind, within the limit on their number.
func (r *reader) value(kind Kind) (*Value, error) {
	if r.values++; r.values > r.limits.Values {
		return nil, fmt.Errorf("%w: it has more than %d values", ErrUnsupported, r.limits.Values)
	}
	if len(r.spare) == 0 {
		r.spare = make([]Value, 32)
	}
	v := &r.spare[0]
	r.spare = r.spare[1:]
	v.kind = kind
	return v, nil
}

// references is R's table of the symbols, environments and the like read so far, to which
// later items refer by number, from 1 on.
type references struct {
	read []*Value
	size int // Of R's table; what is not used of it is NULL.
}

func newReferences() references { return references{size: 128} }

func (t *references) add(v *Value) {
	t.read = append(t.read, v)
	if len(t.read) >= t.size {
		t.size = 2 * len(t.read)
	}
}

func (t *references) get(number int32) (*Value, error) {
	switch {
	case number < 1 || int(number) > t.size:
		return nil, fmt.Errorf("%w: it refers to item %d of %d", ErrCorrupt, number, len(t.read))
	case int(number) > len(t.read):
		return null, nil
	default:
		return t.read[number-1], nil
	}
}
