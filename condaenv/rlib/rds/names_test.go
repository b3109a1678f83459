package rds_test

import (
	"testing"

	"kernelindexer/condaenv/rlib/rds"
)

// named makes a list (or what code says) of 1, 2, … with these names.
func named(code int, names ...string) []byte {
	items := []any{code | 512, len(names)}
	for i := range names {
		items = append(items, 13, 1, i+1)
	}
	items = append(items, 1026, 1, 9, 5, "names", 16, len(names))
	for _, name := range names {
		items = append(items, 9, len(name), name)
	}
	return file('X', append(items, 254)...)
}

// TestFieldIsTheDollarOfR checks that a name is matched exactly, or else as the beginning of only one.
func TestFieldIsTheDollarOfR(t *testing.T) {
	tests := []struct {
		rule string
		file []byte
		want string // "" for NULL.
	}{
		{"exactly", named(19, "x", "Built"), "2"},
		{"the first of two", named(19, "Built", "Built"), "1"},
		{"by its beginning", named(19, "BuiltBy", "x"), "1"},
		{"not by the beginnings of two", named(19, "BuiltBy", "BuiltFor"), ""},
		{"exactly before by its beginning", named(19, "BuiltBy", "BuiltFor", "Built"), "3"},
		{"not by less", named(19, "Buil"), ""},
		{"not in another case", named(19, "built"), ""},
		{"in an expression", named(20, "BuiltBy"), "1"},
		{"in a pairlist", file('X', 1026, 1, 9, 7, "BuiltBy", 13, 1, 1, 254), "1"},
		{"in a call", file('X', 6, 1, 9, 1, "f", 1026, 1, 9, 5, "Built", 13, 1, 2, 254), "2"},
		{"in a list without names", file('X', 19, 1, 13, 1, 1), ""},
		{"in a list with fewer names", file('X', 531, 2, 13, 1, 1, 13, 1, 2, 1026, 1, 9, 5, "names", 16, 1, 9, 1, "x", 254), ""},
		{"in NULL", file('X', 254), ""},
		{"in a frame", file('X', 4, 0, 242, 1026, 1, 9, 5, "Built", 13, 1, 7, 254, 254, 254), "7"},
		{"in a hash table", file('X', 4, 0, 242, 254, 19, 2, 254, 1026, 1, 9, 5, "Built", 13, 1, 7, 254, 254), "7"},
		{"in an environment not by its beginning", file('X', 4, 0, 242, 1026, 1, 9, 7, "BuiltBy", 13, 1, 7, 254, 254, 254), ""},
		{"not in an environment's enclosure", file('X', 4, 0, 4, 0, 242, 1026, 1, 9, 5, "Built", 13, 1, 7, 254, 254, 254, 254, 254, 254), ""},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			field, ok := mustDecode(t, test.file).Field("Built")
			if !ok {
				t.Fatal("no fields")
			}
			got := ""
			if field.Kind() != rds.Null {
				got, _ = field.Text(0)
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestFieldsOfAtomicValuesAreAnError lists what R has no $ for.
func TestFieldsOfAtomicValuesAreAnError(t *testing.T) {
	for name, items := range map[string][]any{
		"logical": {10, 0}, "integer": {13, 0}, "real": {14, 0}, "complex": {15, 0}, "text": {16, 0}, "raw": {24, 0},
		"symbol": {1, 9, 1, "a"}, "builtin": {8, 1, "+"}, "function": {3, 254, 254, 254}, "S4": {25}, "pointer": {22, 254, 254},
	} {
		if field, ok := mustDecode(t, file('X', items...)).Field("Built"); ok {
			t.Errorf("%s: %v", name, field)
		}
	}
}

// TestIndexIsExact checks that x["name"] takes no beginnings, and never finds an empty name.
func TestIndexIsExact(t *testing.T) {
	v := mustDecode(t, named(19, "", "Version2", "Version", "Version"))
	for name, want := range map[string]int{"Version": 2, "Version2": 1, "Vers": -1, "": -1} {
		if got := v.Index(name); got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
}

// TestTheOnlyDimensionHasTheNames checks it for arrays of one dimension; a matrix has none.
func TestTheOnlyDimensionHasTheNames(t *testing.T) {
	array := func(dimensions ...any) []byte {
		items := append([]any{525, 2, 5, 6, 1026, 1, 9, 8, "dimnames"}, dimensions...)
		return file('X', append(items, 254)...)
	}
	if got := mustDecode(t, array(19, 1, 16, 2, 9, 1, "a", 9, 1, "b")).Index("b"); got != 1 {
		t.Errorf("one dimension: %d, want 1", got)
	}
	if got := mustDecode(t, array(19, 2, 254, 16, 2, 9, 1, "a", 9, 1, "b")).Index("b"); got != -1 {
		t.Errorf("two dimensions: %d, want -1", got)
	}
}

// TestVersionsOfRHaveNoFields checks the one class whose method for $ is known.
func TestVersionsOfRHaveNoFields(t *testing.T) {
	classed := func(class ...any) *rds.Value {
		items := append([]any{531, 1, 13, 1, 4, 1026, 1, 9, 5, "names", 16, 1, 9, 1, "R", 1026, 1, 9, 5, "class"}, class...)
		return mustDecode(t, file('X', append(items, 254)...))
	}
	v := classed(16, 2, 9, -1, 9, 15, "package_version")
	if field, ok := v.Field("R"); !ok || field.Kind() != rds.Null {
		t.Errorf("%v %v", field, ok)
	}
	if !v.Inherits("package_version") || v.Inherits("NA") || v.Inherits("package") {
		t.Error("the classes are NA and package_version")
	}
	for name, v := range map[string]*rds.Value{"another class": classed(16, 1, 9, 1, "x"), "a class that is no text": classed(13, 1, 1)} {
		if field, _ := v.Field("R"); field.Kind() != rds.Integer {
			t.Errorf("%s: %v", name, field.Kind())
		}
	}
}

// TestAnEnvironmentCanHoldItself follows it a few times.
func TestAnEnvironmentCanHoldItself(t *testing.T) {
	v := mustDecode(t, file('X', 4, 0, 242, 1026, 1, 9, 4, "self", 255, 1, 254, 254, 254))
	for range 3 {
		next, ok := v.Field("self")
		if !ok || next != v {
			t.Fatalf("self is %v", next)
		}
	}
}
