package catalog

import (
	"fmt"
	"hash/maphash"
	"math"
	"strings"

	"kernelindexer/manifests"
)

// textID is a string in an arena: where it begins. The empty string is 0.
type textID uint32

// arena is every different string of a catalog, in one piece of memory. Unlike
// a []string it holds no pointers for the garbage collector to follow, and a
// string of the usual length takes one byte more than its own.
//
// A string of fewer than 255 bytes stands behind its length in one byte. A
// longer one stands behind 255 and its length in four bytes.
type arena string

const longText = 255

func (a arena) at(n textID) string {
	size, start := uint64(a[n]), uint64(n)+1
	if size == longText {
		size = uint64(a[n+1])<<24 | uint64(a[n+2])<<16 | uint64(a[n+3])<<8 | uint64(a[n+4])
		start += 4
	}
	return string(a[start : start+size])
}

// limits are what a catalog's numbers can count. They are far above anything
// real: the documents of such a catalog would have hundreds of gigabytes.
type limits struct{ bytes, rows int }

// defaultLimits leaves room for the element of a document that oversteps them,
// for they are checked behind it.
func defaultLimits() limits {
	return limits{
		bytes: math.MaxUint32 - manifests.MaxIndexRowBytes,
		rows:  math.MaxUint32 - manifests.MaxIndexRowBytes,
	}
}

func tooMuch(what string) error {
	return fmt.Errorf("%w: more %s than a catalog can hold", manifests.ErrInvalid, what)
}

// interner fills an arena, each string once. It is a hash table of its own
// because it can look at the strings in the arena: a map would hold each of
// them again.
type interner struct {
	text  strings.Builder
	slots []textID // of a length that is a power of two; 0 is free
	used  int
	seed  maphash.Seed
}

func newInterner() *interner {
	t := &interner{slots: make([]textID, 1<<10), seed: maphash.MakeSeed()}
	t.text.WriteByte(0) // the empty string
	return t
}

func (t *interner) at(n textID) string { return arena(t.text.String()).at(n) }

// number returns where s is, and adds it if it is new.
func (t *interner) number(s string) textID {
	if s == "" {
		return 0
	}
	slot := t.slot(s)
	if n := t.slots[slot]; n != 0 {
		return n
	}
	n := textID(t.text.Len())
	t.slots[slot] = n
	t.used++
	t.write(s)
	if t.used > len(t.slots)/4*3 {
		t.grow()
	}
	return n
}

// slot returns the place of s in the table, which is free if s is new.
func (t *interner) slot(s string) int {
	mask := len(t.slots) - 1
	slot := int(maphash.String(t.seed, s)) & mask
	for t.slots[slot] != 0 && t.at(t.slots[slot]) != s {
		slot = (slot + 1) & mask
	}
	return slot
}

func (t *interner) write(s string) {
	if n := len(s); n < longText {
		t.text.WriteByte(byte(n))
	} else {
		t.text.Write([]byte{longText, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	}
	t.text.WriteString(s)
}

func (t *interner) grow() {
	old := t.slots
	t.slots = make([]textID, 2*len(old))
	for _, n := range old {
		if n != 0 {
			t.slots[t.slot(t.at(n))] = n
		}
	}
}

// list is many strings in one piece of memory, numbered from 0.
type list struct {
	text    string
	offsets []uint32 // one more than there are strings
}

// newList joins the strings. It refuses more bytes than offsets can count.
func newList(items []string) (list, error) {
	size := 0
	for _, s := range items {
		size += len(s)
	}
	if size > math.MaxUint32 {
		return list{}, tooMuch("bytes of strings")
	}
	l := list{text: strings.Join(items, ""), offsets: make([]uint32, 1, len(items)+1)}
	for _, s := range items {
		l.offsets = append(l.offsets, l.offsets[len(l.offsets)-1]+uint32(len(s)))
	}
	return l, nil
}

func (l *list) at(n uint32) string { return l.text[l.offsets[n]:l.offsets[n+1]] }
