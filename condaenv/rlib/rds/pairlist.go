package rds

import (
	"fmt"
	"strings"
)

// isDotted tells whether items of that code are the cells of linked lists.
func isDotted(code int) bool {
	switch code {
	case codePairlist, codeLanguage, codeClosure, codePromise, codeDots:
		return true
	default:
		return false
	}
}

// dotted reads a linked list, cell by cell, so that its length is no nesting. A function
// and a promise are cells as well; they become Other.
func (r *reader) dotted(f flags) (*Value, error) {
	kind := Other
	switch f.code() {
	case codePairlist:
		kind = Pairlist
	case codeLanguage:
		kind = Language
	}
	v, err := r.value(kind)
	if err != nil {
		return nil, err
	}
	var data cells
	for first := true; isDotted(f.code()); first = false {
		attrs, err := r.cell(f, &data)
		if err != nil {
			return nil, err
		}
		if first {
			v.attrs = attrs
		}
		if f, err = r.flags(); err != nil {
			return nil, err
		}
	}
	if data.tail, err = r.item(f); err != nil {
		return nil, err
	}
	v.data = data
	if kind != Other {
		v.len = len(data.list)
	}
	return v, nil
}

// cell reads a cell up to its value and appends it to data.
func (r *reader) cell(f flags, data *cells) (attrs *Value, err error) {
	if f.hasAttr() {
		if attrs, err = r.attributes(); err != nil {
			return nil, err
		}
	}
	tag := ""
	if f.hasTag() {
		v, err := r.next()
		if err != nil {
			return nil, err
		}
		tag = v.symbolName()
	}
	value, err := r.next()
	if err != nil {
		return nil, err
	}
	data.list = append(data.list, cell{tag: tag, value: value})
	return attrs, nil
}

// symbolName returns the name of a symbol or single string, "" for anything else.
func (v *Value) symbolName() string {
	if v.kind != Symbol && v.kind != Char || v.data == nil {
		return ""
	}
	return v.data.(texts)[0].s
}

func (r *reader) symbol() (*Value, error) {
	const sizeLimit = 10000
	name, err := r.next()
	if err != nil {
		return nil, err
	}
	if name.kind != Char {
		return nil, fmt.Errorf("%w: the name of a symbol is no string", ErrCorrupt)
	}
	data := name.data.(texts)
	if n := len(data[0].s); n == 0 || n > sizeLimit {
		return nil, fmt.Errorf("%w: the name of a symbol has %d bytes", ErrCorrupt, n)
	}
	v, err := r.registered(Symbol)
	if err == nil {
		v.data = data
	}
	return v, err
}

// environment reads an environment with its bindings, which are in a pairlist and in a
// list of such, the hash table.
func (r *reader) environment() (*Value, error) {
	if _, err := r.integer(); err != nil { // Whether it is locked.
		return nil, err
	}
	v, err := r.registered(Environment) // First, as it may hold itself.
	if err != nil {
		return nil, err
	}
	var enclosure, frame, table *Value
	for _, part := range []**Value{&enclosure, &frame, &table, &v.attrs} {
		if *part, err = r.next(); err != nil {
			return nil, err
		}
	}
	var bindings cells
	bindings.add(frame)
	if chains, ok := table.data.(elements); ok {
		for _, chain := range chains {
			bindings.add(chain)
		}
	}
	v.data = bindings
	return v, nil
}

// add appends the cells of a linked list. Those of an environment are not taken, as R would not, and
// as environments that refer to each other could multiply without bounds.
func (c *cells) add(v *Value) {
	if data, ok := v.data.(cells); ok && v.kind != Environment {
		c.list = append(c.list, data.list...)
	}
}

// named reads a package environment or namespace, which is written as its name and
// version.
func (r *reader) named() (*Value, error) {
	zero, err := r.integer()
	if err != nil {
		return nil, err
	}
	n, err := r.integer()
	if err != nil {
		return nil, err
	}
	if zero != 0 || n < 0 {
		return nil, fmt.Errorf("%w: an environment's name is no character vector", ErrCorrupt)
	}
	for range n {
		if _, err := r.stringItem(); err != nil {
			return nil, err
		}
	}
	return r.registered(Environment)
}

// external reads an external pointer, which is written without its address.
func (r *reader) external() (*Value, error) {
	v, err := r.registered(Other)
	if err != nil {
		return nil, err
	}
	for range 2 { // What it protects and its tag.
		if _, err := r.next(); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// primitive reads a function of R itself, which is written as its name. A name that no
// such function can have gives Null, as unknown ones do in R; those are not told apart from
// known ones any further.
func (r *reader) primitive() (*Value, error) {
	const sizeLimit = 40
	n, err := r.integer()
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, fmt.Errorf("%w: a function's name has length %d", ErrCorrupt, n)
	}
	name, err := r.bytes(int(n))
	if err != nil {
		return nil, err
	}
	isNoGraphic := func(c rune) bool { return c < '!' || c > '~' }
	if n == 0 || n > sizeLimit || strings.ContainsFunc(name, isNoGraphic) {
		return null, nil
	}
	return r.value(Other)
}
