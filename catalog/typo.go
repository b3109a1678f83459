package catalog

import (
	"math/bits"
	"slices"
	"unicode/utf8"
)

// maxTypoBytes is the length of the longest name that is corrected. No package
// has a longer one.
const maxTypoBytes = 100

// typos returns how many slips are forgiven in a name of this many characters.
func typos(length int) int {
	switch {
	case length < 3:
		return 0
	case length < 6:
		return 1
	default:
		return 2
	}
}

// typist compares folded names with one that may be mistyped. It is not for
// concurrent use.
type typist struct {
	typed   []rune
	limit   int
	letters uint64   // which characters there are, by their number modulo 64
	rows    [3][]int // of the table of distances: the one being made and two before
	name    []rune   // the other name
}

func newTypist(name string) *typist {
	t := &typist{}
	if len(name) <= maxTypoBytes {
		t.typed = []rune(fold(name))
	}
	t.limit = typos(len(t.typed))
	t.letters = letters(string(t.typed))
	for i := range t.rows {
		t.rows[i] = make([]int, len(t.typed)+1)
	}
	return t
}

func letters(s string) uint64 {
	set := uint64(0)
	for _, r := range s {
		set |= 1 << (uint32(r) % 64)
	}
	return set
}

// distance returns by how many slips the names differ, and whether they are so
// few that one may be meant by the other: additions, omissions, changes, and
// swaps of neighbours that nothing else happened to (the restricted distance of
// Damerau and Levenshtein). The table is not gone through where it cannot come
// to so few: names of other lengths, with other letters (a slip changes no more
// than two), and behind a row that has too many everywhere.
func (t *typist) distance(name string) (int, bool) {
	if len(t.typed) == 0 || len(name) > utf8.UTFMax*(len(t.typed)+t.limit) {
		return 0, false
	}
	if bits.OnesCount64(t.letters^letters(name)) > 2*t.limit {
		return 0, false
	}
	t.name = t.name[:0]
	for _, r := range name {
		t.name = append(t.name, r)
	}
	if n := len(t.name) - len(t.typed); n > t.limit || -n > t.limit {
		return 0, false
	}
	for j := range t.rows[0] {
		t.rows[0][j] = j
	}
	row, least := t.rows[0], 0
	for i := range t.name {
		before := least
		row = t.rows[(i+1)%3]
		t.fill(row, i)
		if least = slices.Min(row); least > t.limit && before > t.limit {
			return 0, false
		}
	}
	d := row[len(t.typed)]
	return d, d <= t.limit
}

// fill makes the row of the table that follows the name's character i.
func (t *typist) fill(row []int, i int) {
	above := t.rows[i%3]
	row[0] = i + 1
	for j, r := range t.typed {
		d := above[j]
		if t.name[i] != r {
			d = 1 + min(d, above[j+1], row[j])
		}
		if i > 0 && j > 0 && t.name[i] == t.typed[j-1] && t.name[i-1] == r {
			d = min(d, t.rows[(i+2)%3][j-1]+1)
		}
		row[j+1] = d
	}
}
