package rds

import "strings"

// Index returns the place of the first element of that name in a vector, or -1. This is
// how x["name"] finds it. A name that is empty is never found.
func (v *Value) Index(name string) int {
	if name == "" {
		return -1
	}
	names := v.names()
	for i := range names.len() {
		if s, ok := names.at(i); ok && s == name {
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
	names := v.names()
	for i := range names.len() {
		s, ok := names.at(i)
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

// names are those of a vector's elements: the tags of the cells, or a character vector.
type names struct {
	cells  []cell
	vector *Value // nil if there is none.
	count  int    // Of the elements of the vector that may have a name.
}

// names returns what names() does: tags, or the only dimension's names, or the attribute. A vector can be much longer
// than its names, so only they should be walked through.
func (v *Value) names() names {
	if data, ok := v.data.(cells); ok {
		return names{cells: data.list[:v.len]}
	}
	vector := v.Attr("names")
	if dims := v.Attr("dimnames"); dims.kind == List && dims.len == 1 {
		vector = dims.Elem(0)
	}
	if vector.kind != String {
		return names{}
	}
	return names{vector: vector, count: min(v.len, vector.len)}
}

// len returns the number of elements that may have a name; none after them has one.
func (n names) len() int { return max(len(n.cells), n.count) }

// at returns the name of element i, or false if it has none.
func (n names) at(i int) (string, bool) {
	if n.vector != nil {
		return n.vector.Text(i)
	}
	tag := n.cells[i].tag
	return tag, tag != ""
}
