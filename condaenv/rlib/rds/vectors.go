package rds

// itemSize is the least that an item takes up: bytes in the binary formats, and words in the ASCII format.
type itemSize struct{ bytes, words int }

var (
	integerSize = itemSize{4, 1}
	realSize    = itemSize{8, 1}
	complexSize = itemSize{16, 2}
	rawSize     = itemSize{1, 1}
	stringSize  = itemSize{8, 2} // Flags and length.
	elementSize = itemSize{4, 1} // Flags, if it is NULL.
)

// vector makes a value for the vector whose length comes next.
func (r *reader) vector(kind Kind, size itemSize) (*Value, error) {
	n, err := r.length(size)
	if err != nil {
		return nil, err
	}
	v, err := r.value(kind)
	if err == nil {
		v.len = n
	}
	return v, err
}

func (r *reader) ints(kind Kind) (*Value, error) {
	v, err := r.vector(kind, integerSize)
	if err != nil {
		return nil, err
	}
	data := make(ints, v.len)
	for i := range data {
		if data[i], err = r.integer(); err != nil {
			return nil, err
		}
	}
	v.data = data
	return v, nil
}

func (r *reader) reals() (*Value, error) {
	v, err := r.vector(Real, realSize)
	if err != nil {
		return nil, err
	}
	data := make(reals, v.len)
	for i := range data {
		if data[i], err = r.real(); err != nil {
			return nil, err
		}
	}
	v.data = data
	return v, nil
}

// complexes reads a complex vector, of which only the length is kept.
func (r *reader) complexes() (*Value, error) {
	v, err := r.vector(Complex, complexSize)
	if err != nil {
		return nil, err
	}
	for range 2 * v.len {
		if _, err := r.real(); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// raws reads a raw vector, of which only the length is kept.
func (r *reader) raws() (*Value, error) {
	v, err := r.vector(Raw, rawSize)
	if err != nil {
		return nil, err
	}
	if err := r.skipOctets(v.len); err != nil {
		return nil, err
	}
	return v, nil
}

func (r *reader) strings() (*Value, error) {
	v, err := r.vector(String, stringSize)
	if err != nil {
		return nil, err
	}
	data := make(texts, v.len)
	for i := range data {
		if data[i], err = r.stringItem(); err != nil {
			return nil, err
		}
	}
	v.data = data
	return v, nil
}

func (r *reader) list(kind Kind) (*Value, error) {
	v, err := r.vector(kind, elementSize)
	if err != nil {
		return nil, err
	}
	// Room for all of them is not made at once: each of many nested lists may claim the rest of the file.
	const fewElements = 64
	data := make(elements, 0, min(v.len, fewElements))
	for range v.len {
		element, err := r.next()
		if err != nil {
			return nil, err
		}
		data = append(data, element)
	}
	v.data = data
	return v, nil
}
