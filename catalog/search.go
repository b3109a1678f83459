package catalog

import (
	"iter"
	"strings"

	"kernelindexer/condaenv/pystr"
)

// lowerNames is the names of all packages in lower case, in the order of the
// file, an endOfName after each.
type lowerNames struct{ list }

// endOfName is a byte that no UTF-8 text has, so that no query matches across it.
const endOfName = "\xff"

func (c *Catalog) lowerNames() (lowerNames, error) {
	names := make([]string, len(c.packages))
	for i, p := range c.packages {
		names[i] = pystr.Lower(c.text.at(p.name)) + endOfName
	}
	l, err := newList(names)
	return lowerNames{l}, err
}

// Search yields the packages whose names contain the query, whatever the case
// of either, in the order of the file. Every name contains the empty query.
// Case is as Python's str.lower sees it, which the original's service used.
//
// All names are searched as one text: 200,000 names, 5 million bytes, take two
// milliseconds.
func (c *Catalog) Search(query string) iter.Seq[Package] {
	query = pystr.Lower(query)
	return func(yield func(Package) bool) {
		for next := 0; next < len(c.packages); next++ {
			if next = c.lower.find(query, next); next < 0 || !yield(Package{c, uint32(next)}) {
				return
			}
		}
	}
}

// find returns the number of the first name from the given one on that contains
// the query, and -1 if there is none.
func (l *lowerNames) find(query string, from int) int {
	start := l.offsets[from]
	at := strings.Index(l.text[start:], query)
	if at < 0 {
		return -1
	}
	for int(l.offsets[from+1]) <= int(start)+at {
		from++
	}
	return from
}
