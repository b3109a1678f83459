package rds

// Kind is the type of an R object, as far as a reader of data tells them apart.
type Kind uint8

// The kinds of values. Pairlist, Language, List and Expression have elements; Logical,
// Integer, Real, Complex, String and Raw are R's atomic vectors. Other stands for what
// holds no data to look at: functions, byte code, pointers, promises.
const (
	Null Kind = iota
	Logical
	Integer
	Real
	Complex
	String
	Raw
	List
	Expression
	Pairlist
	Language
	Symbol
	Environment
	S4
	Char // A single string outside a vector; R code never sees one.
	Other
)

// Value is one R object. Values are never changed once decoded and may be shared
// between goroutines, and may be part of each other: an environment can contain itself.
type Value struct {
	kind  Kind
	len   int
	data  any    // See the types of data below.
	attrs *Value // Pairlist or Null; nil for Null.
}

// What Value.data holds, by kind. It is nil for all else: of complex and raw vectors
// only the length is kept.
type (
	texts    []text    // String.
	ints     []int32   // Logical and Integer, NA being the least int32.
	reals    []float64 // Real; R's NA is a NaN.
	elements []*Value  // List and Expression.
	cells    struct {  // Pairlist, Language, Environment and some of Other.
		list []cell
		tail *Value // What a pairlist ends in, Null unless it is no proper list.
	}
	sequence struct{ first, step float64 } // Integer and Real, written as "1:n".
	deferred struct {                      // String: the text of a vector of numbers.
		numbers *Value
		scipen  int
	}
)

// cell is an element of a linked list; tag is "" for none.
type cell struct {
	tag   string
	value *Value
}

// text is an element of a character vector or the name of a symbol, in UTF-8.
type text struct {
	s  string
	na bool
}

// null is the only Null; it has no state.
var null = &Value{kind: Null}

// Kind returns the kind of v.
func (v *Value) Kind() Kind { return v.kind }

// Len returns the number of elements of v, which is 0 for what has none. It may be
// larger than anything in the file: a sequence like 1:1e9 is written as two numbers.
func (v *Value) Len() int { return v.len }

// Text returns element i of an atomic vector the way as.character() spells it, in
// UTF-8, or false if that is NA. A byte that has no meaning in the string's encoding is
// spelled as Escape does. For a Symbol or Char, i is 0. Elements of other kinds,
// and of complex and raw vectors, are NA here.
func (v *Value) Text(i int) (string, bool) {
	switch data := v.data.(type) {
	case texts:
		return data[i].s, !data[i].na
	case deferred:
		return numberText(data.numbers, i, data.scipen)
	default:
		return numberText(v, i, 0)
	}
}

// Elem returns element i of a List, Expression, Pairlist or Language, of which there
// are Len.
func (v *Value) Elem(i int) *Value {
	switch data := v.data.(type) {
	case elements:
		return data[i]
	case cells:
		return data.list[i].value
	default:
		return null
	}
}

// Attr returns the attribute of that name, or a Null value.
func (v *Value) Attr(name string) *Value {
	if v.attrs == nil {
		return null
	}
	return v.attrs.binding(name)
}

// Inherits tells whether class is one of the classes in the attribute of that name, as
// inherits() does for values that are not S4.
func (v *Value) Inherits(class string) bool {
	classes := v.Attr("class")
	if classes.kind != String {
		return false
	}
	for i := range classes.len {
		if s, ok := classes.Text(i); ok && s == class {
			return true
		}
	}
	return false
}
