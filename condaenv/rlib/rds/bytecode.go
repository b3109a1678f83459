package rds

import "fmt"

// byteCode reads past a compiled function or expression. Within it calls are written in
// a form of their own, as they may share parts, which have numbers below a bound.
func (r *reader) byteCode() (*Value, error) {
	n, err := r.integer()
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, fmt.Errorf("%w: byte code shares %d parts", ErrCorrupt, n)
	}
	if err := r.code(n); err != nil {
		return nil, err
	}
	return r.value(Other)
}

// code reads one unit of code, which is a vector of instructions, and its constants.
func (r *reader) code(shared int32) error {
	if _, err := r.next(); err != nil {
		return err
	}
	n, err := r.integer()
	if err != nil {
		return err
	}
	if n < 0 {
		return fmt.Errorf("%w: byte code has %d constants", ErrCorrupt, n)
	}
	for range n {
		if err := r.constant(shared); err != nil {
			return err
		}
	}
	return nil
}

// constant reads a code and then what it announces: more byte code, a call, or any item
// with flags of its own.
func (r *reader) constant(shared int32) error {
	code, err := r.integer()
	if err != nil {
		return err
	}
	if code != codeByteCode {
		return r.call(code, shared)
	}
	if r.depth++; r.depth > r.limits.Depth {
		return fmt.Errorf("%w: it nests more than %d deep", ErrUnsupported, r.limits.Depth)
	}
	defer func() { r.depth-- }()
	return r.code(shared)
}

// call reads cell after cell of a call or argument list in byte code. Unlike cells elsewhere they
// always have a tag, be it NULL, and the value and the rest each begin with a code.
func (r *reader) call(code, shared int32) error {
	if r.depth++; r.depth > r.limits.Depth {
		return fmt.Errorf("%w: it nests more than %d deep", ErrUnsupported, r.limits.Depth)
	}
	defer func() { r.depth-- }()

	for {
		if code == codeByteCodeDef {
			part, err := r.integer()
			if err == nil {
				code, err = r.integer()
			}
			if err != nil {
				return err
			}
			if part >= shared {
				return errPart(part, shared)
			}
		} else if !isCell(code) {
			break
		}
		if err := r.callCell(code, shared); err != nil {
			return err
		}
		var err error
		if code, err = r.integer(); err != nil {
			return err
		}
	}
	if code != codeByteCodeRef {
		_, err := r.next()
		return err
	}
	part, err := r.integer()
	if err == nil && (part < 0 || part >= shared) {
		return errPart(part, shared)
	}
	return err
}

func errPart(part, shared int32) error {
	return fmt.Errorf("%w: byte code refers to part %d of %d", ErrCorrupt, part, shared)
}

// isCell tells whether the code announces a cell of a call or list.
func isCell(code int32) bool {
	switch code {
	case codeLanguage, codePairlist, codeAttrLanguage, codeAttrPairlist:
		return true
	default:
		return false
	}
}

// callCell reads the attributes, if the code has them, the tag and the value of a cell.
func (r *reader) callCell(code, shared int32) error {
	if code == codeAttrLanguage || code == codeAttrPairlist {
		if _, err := r.attributes(); err != nil {
			return err
		}
	}
	if _, err := r.next(); err != nil {
		return err
	}
	value, err := r.integer()
	if err != nil {
		return err
	}
	return r.call(value, shared)
}
