package rds_test

import (
	"errors"
	"testing"

	"kernelindexer/condaenv/rlib/rds"
)

// TestBrokenAlternativeRepresentations checks states that R itself would read beyond the end of.
func TestBrokenAlternativeRepresentations(t *testing.T) {
	class := func(name string, code int) []any {
		return []any{238, 2, 1, 9, len(name), name, 2, 1, 9, 4, "base", 2, 13, 1, code, 254}
	}
	for name, items := range map[string][]any{
		"no class":                      {238, 254, 254, 254},
		"class of two items":            {238, 2, 1, 9, 1, "a", 2, 254, 254, 254, 254},
		"type that is text":             {238, 2, 1, 9, 1, "a", 2, 254, 2, 16, 0, 254, 254, 254},
		"type of length 0":              {238, 2, 1, 9, 1, "a", 2, 254, 2, 13, 0, 254, 254, 254},
		"class that is a number":        {238, 2, 13, 0, 2, 254, 2, 13, 1, 3, 254, 254, 254},
		"attributes that are a number":  append(class("compact_intseq", 13), 14, 3, 1.0, 1.0, 1.0, 13, 0),
		"sequence of two numbers":       append(class("compact_intseq", 13), 14, 2, 1.0, 1.0, 254),
		"sequence of two integers":      append(class("compact_intseq", 13), 13, 2, 1, 1, 254),
		"sequence of text":              append(class("compact_realseq", 14), 16, 0, 254),
		"sequence of negative length":   append(class("compact_intseq", 13), 14, 3, -1.0, 1.0, 1.0, 254),
		"sequence of length 2^53":       append(class("compact_intseq", 13), 14, 3, float64(1<<53), 1.0, 1.0, 254),
		"sequence with a step of zero":  append(class("compact_intseq", 13), 14, 3, 1.0, 1.0, 0.0, 254),
		"deferred text of nothing":      append(class("deferred_string", 16), 254, 254),
		"deferred text of text":         append(class("deferred_string", 16), 2, 16, 0, 254, 254),
		"deferred text of two items":    append(class("deferred_string", 16), 2, 13, 0, 2, 13, 0, 254, 254),
		"wrapper of nothing":            append(class("wrap_real", 14), 254, 254),
		"wrapper of an environment":     append(class("wrap_list", 19), 2, 253, 254, 254),
		"unknown class of unknown type": append(class("nosuch", 4), 254, 254),
	} {
		_, err := new(rds.Decoder).Decode(file('X', items...))
		if !errors.Is(err, rds.ErrCorrupt) {
			t.Errorf("%s: error %v, want ErrCorrupt", name, err)
		}
	}
	v := mustDecode(t, file('X', append(class("compact_intseq", 13), 13, 3, 2, 8, -1, 254)...))
	if s, _ := v.Text(1); v.Len() != 2 || s != "7" {
		t.Errorf("a sequence by integers: %d elements, the second is %s", v.Len(), s)
	}
}

// TestByteCodeRefersToItsOwnPartsOnly checks the numbers of calls that are shared within byte code.
func TestByteCodeRefersToItsOwnPartsOnly(t *testing.T) {
	const shared = 2
	null := []any{254, 254} // A constant, value or rest: what it is, and the item.
	join := func(parts ...[]any) []any {
		var items []any
		for _, p := range parts {
			items = append(items, p...)
		}
		return items
	}
	call := join([]any{6, 254}, null, null) // With a tag that is NULL.
	for _, test := range []struct {
		rule string
		code []any // The number of constants, and they.
		want error
	}{
		{"a part and its use", join([]any{2, 244, 1}, call, []any{243, 1}), nil},
		{"a use of a part too many", []any{1, 243, shared}, rds.ErrCorrupt},
		{"a use of a negative part", []any{1, 243, -1}, rds.ErrCorrupt},
		{"a part too many", join([]any{1, 244, shared}, call), rds.ErrCorrupt},
		{"a call with attributes", join([]any{1, 240, 1026, 1, 9, 1, "a", 254, 254, 254}, null, null), nil},
		{"attributes that are a number", join([]any{1, 239, 13, 0, 254}, null, null), rds.ErrCorrupt},
		{"a part cut", []any{1, 244}, rds.ErrCorrupt},
		{"a call cut", []any{1, 6, 254}, rds.ErrCorrupt},
		{"byte code within byte code", join([]any{1, 21, 13, 0, 1}, null), nil},
		{"a negative number of constants", []any{-1}, rds.ErrCorrupt},
	} {
		_, err := new(rds.Decoder).Decode(file('X', append([]any{21, shared, 13, 0}, test.code...)...))
		if !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", test.rule, err, test.want)
		}
	}
	if _, err := new(rds.Decoder).Decode(file('X', 21, -1, 13, 0, 0)); !errors.Is(err, rds.ErrCorrupt) {
		t.Errorf("a negative number of parts: error %v, want ErrCorrupt", err)
	}
}

// TestUnknownVersions tells what a later R may write from nonsense.
func TestUnknownVersions(t *testing.T) {
	for _, test := range []struct {
		version, oldest int
		want            error
	}{
		{4, 5 << 16, rds.ErrUnsupported},
		{4, 3<<16 | 5<<8, rds.ErrCorrupt},
		{1, 5 << 16, rds.ErrCorrupt},
		{-1, 5 << 16, rds.ErrCorrupt},
	} {
		head := file('X', test.version, 0, test.oldest, 254)
		_, err := new(rds.Decoder).Decode(append([]byte("X\n"), head[14:]...))
		if !errors.Is(err, test.want) {
			t.Errorf("%+v: error %v", test, err)
		}
	}
}

// TestAPromiseIsNoObject checks that it is none by itself; R would evaluate it.
func TestAPromiseIsNoObject(t *testing.T) {
	promise := []any{5, 254, 254}
	if _, err := new(rds.Decoder).Decode(file('X', promise...)); !errors.Is(err, rds.ErrCorrupt) {
		t.Errorf("error %v, want ErrCorrupt", err)
	}
	v := mustDecode(t, file('X', append([]any{19, 1}, promise...)...))
	if kind := v.Elem(0).Kind(); kind != rds.Other {
		t.Errorf("within a list: %v, want Other", kind)
	}
}

// TestWhatHasNoTextHasNone asks for the text and elements of values that have none.
func TestWhatHasNoTextHasNone(t *testing.T) {
	for name, items := range map[string][]any{
		"complex": {15, 1, 1.0, 2.0}, "raw": {24, 1, "a"}, "list": {19, 1, 254}, "environment": {253},
	} {
		v := mustDecode(t, file('X', items...))
		if s, ok := v.Text(0); ok {
			t.Errorf("%s: %q", name, s)
		}
	}
	if e := mustDecode(t, file('X', 13, 1, 5)).Elem(0); e.Kind() != rds.Null {
		t.Errorf("an element of integers: %v", e.Kind())
	}
}
