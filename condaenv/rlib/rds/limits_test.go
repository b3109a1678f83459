package rds_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"kernelindexer/condaenv/rlib/gzfile"
	"kernelindexer/condaenv/rlib/rds"
)

// file makes a file of version 2 in the format X, B or A, of integers (int), numbers (float64) and bytes (string).
func file(format byte, items ...any) []byte {
	var b bytes.Buffer
	b.WriteByte(format)
	b.WriteByte('\n')
	var order binary.AppendByteOrder = binary.BigEndian
	if format == 'B' {
		order = binary.LittleEndian
	}
	for _, item := range append([]any{2, 0x40202, 0x20300}, items...) {
		switch item := item.(type) {
		case string:
			b.WriteString(item)
		case int:
			if format == 'A' {
				fmt.Fprintln(&b, item)
			} else {
				b.Write(order.AppendUint32(nil, uint32(int32(item))))
			}
		case float64:
			if format == 'A' {
				fmt.Fprintln(&b, item)
			} else {
				b.Write(order.AppendUint64(nil, math.Float64bits(item)))
			}
		}
	}
	return b.Bytes()
}

// repeat returns n times the same items.
func repeat(n int, items ...any) []any { return slices.Repeat(items, n) }

// decode decodes file with default limits and returns how many bytes have been allocated for that.
func decode(t testing.TB, file []byte) (v *rds.Value, allocated uint64, err error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	v, err = new(rds.Decoder).Decode(file)
	runtime.ReadMemStats(&after)
	return v, after.TotalAlloc - before.TotalAlloc, err
}

func mustDecode(t testing.TB, file []byte) *rds.Value {
	t.Helper()
	v, _, err := decode(t, file)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestALengthIsNotBelieved claims lengths that the file is too short for.
func TestALengthIsNotBelieved(t *testing.T) {
	const most = math.MaxInt32
	claims := map[string][]any{
		"string":    {16, 1, 9, most},
		"symbol":    {1, 9, most},
		"builtin":   {8, most},
		"namespace": {249, 0, most},
		"byte code": {21, 1, 254, most},
	}
	for _, code := range []int{10, 13, 14, 15, 16, 19, 20, 24} {
		claims[fmt.Sprintf("code %d", code)] = []any{code, most}
		claims[fmt.Sprintf("code %d, two words", code)] = []any{code, -1, 0, most}
		claims[fmt.Sprintf("code %d, two large words", code)] = []any{code, -1, most, most}
		claims[fmt.Sprintf("code %d, negative", code)] = []any{code, -1, -1, -1}
	}
	for name, claim := range claims {
		for _, format := range []byte("XBA") {
			t.Run(fmt.Sprintf("%s/%c", name, format), func(t *testing.T) {
				_, allocated, err := decode(t, file(format, claim...))
				if !errors.Is(err, rds.ErrCorrupt) {
					t.Errorf("error %v, want ErrCorrupt", err)
				}
				if allocated > 1<<16 {
					t.Errorf("%d bytes allocated", allocated)
				}
			})
		}
	}
}

// TestNestedLengthsAreNotAddedUp nests lists, each of which claims all that is left of the file.
func TestNestedLengthsAreNotAddedUp(t *testing.T) {
	const size, levels = 1 << 18, 4000
	for name, code := range map[string]int{"list": 19, "expression": 20} {
		t.Run(name, func(t *testing.T) {
			var items []any
			for i := range levels {
				items = append(items, code, size/4-2*levels+i)
			}
			padded := append(file('X', items...), make([]byte, size)...)
			_, allocated, err := decode(t, padded)
			if !errors.Is(err, rds.ErrCorrupt) {
				t.Errorf("error %v, want ErrCorrupt", err)
			}
			if allocated > 32*size {
				t.Errorf("%d MiB allocated for a file of %d KiB", allocated>>20, len(padded)>>10)
			}
		})
	}
}

// TestEnvironmentsDoNotMultiply makes environments that hold the one before twice: as frame and in the hash table.
func TestEnvironmentsDoNotMultiply(t *testing.T) {
	const environments = 20
	items := []any{19, environments, 4, 0, 242, 1026, 1, 9, 1, "a", 254, 254, 254, 254}
	for i := 1; i < environments; i++ {
		number := i // The symbol is the second of the references.
		if i > 1 {
			number++
		}
		items = append(items, 4, 0, 242, 255, number, 19, 1, 255, number, 254)
	}
	_, allocated, err := decode(t, file('X', items...))
	if err != nil {
		t.Fatal(err)
	}
	if allocated > 1<<20 {
		t.Errorf("%d MiB allocated", allocated>>20)
	}
}

// TestASequenceIsNotWalked looks for a name in a vector of 2^50 elements that are not in the file.
func TestASequenceIsNotWalked(t *testing.T) {
	sequence := func(attributes ...any) []byte {
		return file('X', append([]any{
			238, 2, 1, 9, 14, "compact_intseq", 2, 1, 9, 4, "base", 2, 13, 1, 13, 254,
			14, 3, float64(1 << 50), 1.0, 1.0,
		}, attributes...)...)
	}
	v := mustDecode(t, sequence(254))
	if v.Len() != 1<<50 || v.Index("Built") != -1 {
		t.Errorf("length %d, index %d", v.Len(), v.Index("Built"))
	}
	v = mustDecode(t, sequence(1026, 1, 9, 5, "names", 16, 2, 9, 1, "a", 9, 5, "Built", 254))
	if v.Index("Built") != 1 || v.Index("b") != -1 {
		t.Errorf("with names: %d and %d", v.Index("Built"), v.Index("b"))
	}
}

// TestManyAttributesAreNotSearchedForEveryElement would take minutes otherwise.
func TestManyAttributesAreNotSearchedForEveryElement(t *testing.T) {
	const n = 1 << 17
	items := append([]any{531, n}, repeat(n, 254)...)
	items = append(items, 1026, 1, 9, 1, "a", 254)
	items = append(items, repeat(n, 1026, 255, 1, 254)...)
	items = append(items, 1026, 1, 9, 5, "names", 16, n)
	items = append(items, repeat(n, 9, 1, "b")...)
	v := mustDecode(t, file('X', append(items, 254)...))
	if field, ok := v.Field("DESCRIPTION"); !ok || field.Kind() != rds.Null {
		t.Errorf("DESCRIPTION is %v %v", field, ok)
	}
}

// TestDepthIsBounded nests what can be nested up to a limit, and one deeper.
func TestDepthIsBounded(t *testing.T) {
	const limit = 50
	for name, c := range map[string]struct {
		level, rest []any // What one level begins and ends with.
		perLevel    int
	}{
		"list":        {[]any{19, 1}, nil, 1},
		"pairlist":    {[]any{2}, []any{254}, 1},
		"attributes":  {[]any{525, 0, 2}, []any{254}, 2},
		"enclosure":   {[]any{4, 0}, []any{254, 254, 254}, 1},
		"pointer":     {[]any{22}, []any{254}, 1},
		"altrep":      {[]any{238}, []any{254, 254}, 1},
		"byte code":   {[]any{21, 0}, []any{0}, 1},
		"constants":   {[]any{21, 0, 254, 1, 21, 254, 1, 19, 1}, nil, 4},
		"calls":       {[]any{21, 0, 254, 1, 6, 254, 6, 254, 19, 1}, []any{254, 254, 254, 254}, 5},
		"symbol":      {[]any{1}, nil, 1},
		"string attr": {[]any{16, 1, 521, 0}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := rds.Decoder{Limits: rds.Limits{Depth: limit}}
			nested := func(levels int) []byte {
				items := append(repeat(levels, c.level...), 254)
				return file('X', append(items, repeat(levels, c.rest...)...)...)
			}
			if _, err := d.Decode(nested(limit/c.perLevel - 1)); errors.Is(err, rds.ErrUnsupported) {
				t.Errorf("within the limit: %v", err)
			}
			if _, err := d.Decode(nested(limit)); !errors.Is(err, rds.ErrUnsupported) {
				t.Errorf("error %v, want ErrUnsupported", err)
			}
		})
	}
}

// TestALinkedListIsNotDeep checks that cells are no levels.
func TestALinkedListIsNotDeep(t *testing.T) {
	d := rds.Decoder{Limits: rds.Limits{Depth: 3}}
	v, err := d.Decode(file('X', append(repeat(1000, 2, 254), 254)...))
	if err != nil || v.Len() != 1000 {
		t.Errorf("%v, error %v", v, err)
	}
}

// TestTheNumberOfValuesIsBounded checks the limit itself and that it is one for every kind of value.
func TestTheNumberOfValuesIsBounded(t *testing.T) {
	d := rds.Decoder{Limits: rds.Limits{Values: 10}}
	if _, err := d.Decode(file('X', append([]any{19, 9}, repeat(9, 13, 0)...)...)); err != nil {
		t.Errorf("ten values: %v", err)
	}
	for name, item := range map[string][]any{
		"integer": {13, 0}, "real": {14, 0}, "complex": {15, 0}, "text": {16, 0}, "raw": {24, 0}, "list": {19, 0},
		"pairlist": {2, 254, 254}, "symbol": {1, 9, 1, "a"}, "string": {9, 1, "a"}, "environment": {4, 0, 254, 254, 254, 254},
		"namespace": {249, 0, 0}, "global": {253}, "missing": {251}, "pointer": {22, 254, 254}, "weak": {23}, "S4": {25},
		"builtin": {8, 1, "+"}, "byte code": {21, 0, 254, 0},
	} {
		_, err := d.Decode(file('X', append([]any{19, 10}, repeat(10, item...)...)...))
		if !errors.Is(err, rds.ErrUnsupported) {
			t.Errorf("%s: error %v, want ErrUnsupported", name, err)
		}
	}
	deferred := file('X', 238, 2, 1, 9, 15, "deferred_string", 2, 1, 9, 4, "base", 2, 13, 1, 16, 254,
		2, 13, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 254, 254)
	if _, err := d.Decode(deferred); !errors.Is(err, rds.ErrUnsupported) {
		t.Errorf("text of eleven numbers: error %v, want ErrUnsupported", err)
	}
}

// TestALongFileIsReadUpToTheLimit checks that only an object that needs more is refused.
func TestALongFileIsReadUpToTheLimit(t *testing.T) {
	object := file('X', 16, 1, 9, 5, "1.2.3")
	d := rds.Decoder{Limits: rds.Limits{Bytes: len(object)}}
	long := append(slices.Clone(object), make([]byte, 1000)...)
	for name, file := range map[string][]byte{"plain": long, "gzip": compress(t, long)} {
		v, err := d.Decode(file)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s, _ := v.Text(0); s != "1.2.3" {
			t.Errorf("%s: %q", name, s)
		}
	}
	d.Limits.Bytes--
	if _, err := d.Decode(compress(t, object)); !errors.Is(err, rds.ErrUnsupported) || !errors.Is(err, gzfile.ErrTooLarge) {
		t.Errorf("an object longer than the limit: error %v", err)
	}
	if _, err := d.Decode(compress(t, file('X', 99, strings.Repeat("a", 100)))); !errors.Is(err, rds.ErrCorrupt) {
		t.Errorf("a broken object before the limit: error %v", err)
	}
}

// TestABombIsNotUnpacked decodes 64 MiB in a file of 64 KiB.
func TestABombIsNotUnpacked(t *testing.T) {
	const size = 1 << 26
	bomb := compress(t, append(file('X', 24, size), make([]byte, size)...))
	_, allocated, err := decode(t, bomb)
	if !errors.Is(err, rds.ErrUnsupported) {
		t.Errorf("error %v, want ErrUnsupported", err)
	}
	if allocated > 160<<20 {
		t.Errorf("%d MiB allocated", allocated>>20)
	}
}

// TestDamageCountsIfItIsNeeded cuts a compressed file.
func TestDamageCountsIfItIsNeeded(t *testing.T) {
	packed := compress(t, file('X', 16, 1, 9, 5, "1.2.3"))
	for size := range packed {
		v, err := new(rds.Decoder).Decode(packed[:size])
		switch s := ""; {
		case err == nil:
			if s, _ = v.Text(0); s != "1.2.3" {
				t.Errorf("%d bytes of %d: %q", size, len(packed), s)
			}
			if size < len(packed)-20 {
				t.Errorf("%d bytes of %d are enough", size, len(packed))
			}
		case !errors.Is(err, rds.ErrCorrupt):
			t.Errorf("%d bytes of %d: error %v, want ErrCorrupt", size, len(packed), err)
		case size > 2 && !errors.Is(err, gzfile.ErrDamaged):
			t.Errorf("%d bytes of %d: the damage is not in the error %v", size, len(packed), err)
		}
	}
}

func compress(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
