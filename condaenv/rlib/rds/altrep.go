package rds

import (
	"fmt"
	"strings"
)

// altrep reads a vector that is not written element by element: R 3.5.0 and later write
// the state of some alternative representations instead (version 3 only). It is three items: a
// pairlist of class, package and type code, the state, and the attributes.
func (r *reader) altrep() (*Value, error) {
	info, err := r.next()
	if err != nil {
		return nil, err
	}
	state, err := r.next()
	if err != nil {
		return nil, err
	}
	attrs, err := r.attributes()
	if err != nil {
		return nil, err
	}
	if info.kind != Pairlist || info.len < 3 {
		return nil, errAltrep("without a class")
	}
	code, ok := info.Elem(2).data.(ints)
	if !ok || len(code) == 0 {
		return nil, errAltrep("without a type")
	}
	v, err := r.expand(info.Elem(0).symbolName(), int(code[0]), state)
	if err == nil {
		v.attrs = attrs
	}
	return v, err
}

func errAltrep(what string) error {
	return fmt.Errorf("%w: it has an alternative representation %s", ErrCorrupt, what)
}

// expand makes the vector of that class and state.
func (r *reader) expand(class string, code int, state *Value) (*Value, error) {
	switch {
	case class == "compact_intseq":
		return r.sequence(Integer, state)
	case class == "compact_realseq":
		return r.sequence(Real, state)
	case class == "deferred_string":
		return r.deferred(state)
	case strings.HasPrefix(class, "wrap_"):
		return r.wrapped(state)
	default:
		// Among them memory-mapped vectors, which name another file.
		return r.emptyVector(class, code)
	}
}

// sequence makes a vector of evenly spaced numbers. It is never written out in full, so
// its length need not be bounded.
func (r *reader) sequence(kind Kind, state *Value) (*Value, error) {
	var length, first, step float64
	switch data := state.data.(type) {
	case reals:
		if len(data) < 3 {
			return nil, errAltrep("of a broken sequence")
		}
		length, first, step = data[0], data[1], data[2]
	case ints:
		if len(data) < 3 {
			return nil, errAltrep("of a broken sequence")
		}
		length, first, step = float64(data[0]), float64(data[1]), float64(data[2])
	default:
		return nil, errAltrep("of a broken sequence")
	}
	const longest = 1 << 52
	if !(0 <= length && length <= longest) || step != 1 && step != -1 {
		return nil, errAltrep("of a broken sequence")
	}
	v, err := r.value(kind)
	if err != nil {
		return nil, err
	}
	v.len = int(length)
	v.data = sequence{first: first, step: step}
	return v, nil
}

// deferred makes the character vector that as.character() has made of numbers, none of
// which is spelled before it is asked for. The state is a cell of these numbers and R's option scipen.
func (r *reader) deferred(state *Value) (*Value, error) {
	pair, ok := state.data.(cells)
	if !ok || state.len != 1 || state.Elem(0).kind != Integer && state.Elem(0).kind != Real {
		return nil, errAltrep("of strings without numbers")
	}
	numbers := state.Elem(0)
	if numbers.len > r.limits.Values {
		return nil, fmt.Errorf("%w: it has a character vector of length %d", ErrUnsupported, numbers.len)
	}
	v, err := r.value(String)
	if err != nil {
		return nil, err
	}
	data := deferred{numbers: numbers}
	if option, ok := pair.tail.data.(ints); ok && len(option) > 0 {
		data.scipen = int(option[0])
	}
	v.len = numbers.len
	v.data = data
	return v, nil
}

// wrapped makes a copy of the vector that a wrapper adds some knowledge to (whether it is
// sorted, whether it has NA), which is the tail of the state.
func (r *reader) wrapped(state *Value) (*Value, error) {
	if state.kind != Pairlist || state.len < 1 {
		return nil, errAltrep("of nothing")
	}
	inner := state.Elem(0)
	switch inner.kind {
	case Logical, Integer, Real, Complex, String, Raw, List:
	default:
		return nil, errAltrep("of something else than a vector")
	}
	v, err := r.value(inner.kind)
	if err != nil {
		return nil, err
	}
	v.len, v.data = inner.len, inner.data
	return v, nil
}

// emptyVector stands for a vector of a class R does not know, as in R.
func (r *reader) emptyVector(class string, code int) (*Value, error) {
	kinds := map[int]Kind{
		codeLogical: Logical, codeInteger: Integer, codeReal: Real, codeComplex: Complex,
		codeString: String, codeRaw: Raw, codeList: List, codeExpression: Expression,
	}
	kind, ok := kinds[code]
	if !ok {
		return nil, errAltrep("of the unknown class " + class)
	}
	return r.value(kind)
}
