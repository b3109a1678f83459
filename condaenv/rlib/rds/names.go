package rds

import "strings"

// Index returns the place of the first element of that name in a vector, or -1. This is
// how x["name"] finds it. A name that is empty is never found.
func (v *Value) Index(name string) int {
	if name == "" {
		return -1
	}
	for i := range v.len {
		if s, ok := v.name(i); ok && s == name {
			return i
		}
	}
	return -1
}

// Field returns what x$name is in R: the element of that name, or else the only one
// whose name begins so, or else Null. It is false where R has no such operation and
// raises an error instead: for atomic vectors, functions, symbols and the like.
//
// Methods for classes are not called, but those of the versions in base R, whose
// answer to any name asked here is NULL.
func (v *Value) Field(name string) (field *Value, ok bool) {
	switch v.kind {
	case Null:
		return null, true
	case Environment:
		return v.binding(name), true
	case List, Expression, Pairlist, Language:
		if v.Inherits("package_version") {
			return null, true
		}
		return v.element(name), true
	default:
		return nil, false
	}
}

// element returns the element that is called name, or the only one whose name begins so.
func (v *Value) element(name string) *Value {
	partial, matches := null, 0
	for i := range v.len {
		s, ok := v.name(i)
		if !ok || !strings.HasPrefix(s, name) {
			continue
		}
		if len(s) == len(name) {
			return v.Elem(i)
		}
		matches++
		partial = v.Elem(i)
	}
	if matches != 1 {
		return null
	}
	return partial
}

// binding returns the value with that very tag in a pairlist or environment.
func (v *Value) binding(tag string) *Value {
	bindings, _ := v.data.(cells)
	for _, c := range bindings.list {
		if c.tag == tag {
			return c.value
		}
	}
	return null
}

// name returns the name of element i, as names() would: a tag, or the attribute, or the
// only dimension's names.
func (v *Value) name(i int) (string, bool) {
	if data, ok := v.data.(cells); ok {
		tag := data.list[i].tag
		return tag, tag != ""
	}
	names := v.Attr("names")
	if dims := v.Attr("dimnames"); dims.kind == List && dims.len == 1 {
		names = dims.Elem(0)
	}
	if names.kind != String || i >= names.len {
		return "", false
	}
	return names.Text(i)
}
