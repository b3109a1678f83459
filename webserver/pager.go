package webserver

import "strconv"

// pageSize is how many rows a page lists at once, and packagesShown of the packages of one kernel, which are usually
// fewer: those that are all there are filtered without asking again.
const (
	pageSize      = 200
	packagesShown = 1000
)

// pager leads through a list: First to Last are shown of Total.
type pager struct {
	First, Last, Total int
	Previous, Next     string // links, "" where there is none
}

// newPager says which part of total rows to show from offset on. Query is that of the page.
func newPager(path string, query fields, offset, total int) pager {
	return newPagerOf(pageSize, path, query, offset, total)
}

// newPagerOf is newPager for parts of another size.
func newPagerOf(size int, path string, query fields, offset, total int) pager {
	offset = min(offset, max(total-1, 0)/size*size)
	p := pager{First: min(offset+1, total), Last: min(offset+size, total), Total: total}
	if offset > 0 {
		p.Previous = path + append(query.with("offset", ""), "offset", positive(offset-size)).String()
	}
	if p.Last < total {
		p.Next = path + append(query.with("offset", ""), "offset", positive(p.Last)).String()
	}
	return p
}

// positive is a number as a value of a query, "" for none.
func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// cut returns the part of a list that the pager shows.
func cut[T any](p pager, list []T) []T {
	return list[max(p.First-1, 0):p.Last]
}

// offset is where to begin. Pages take what they cannot read for nothing.
func (q *v1Query) offset() int {
	n := q.number("offset", 0, 0, maxOffset)
	q.errors = nil
	return n
}

// sorting is one head of a column that a table can be sorted by.
type sorting struct {
	Text  string
	Word  string // the value of sort
	URL   string // sorts by it, or the other way round
	Order string // of aria-sort: ascending, descending or none
}

// sortHead makes the head of a column; sort is what the table is sorted by.
func sortHead(path string, query fields, text, word, sort string) sorting {
	head := sorting{Text: text, Word: word, URL: path + query.with("sort", word).String(), Order: "none"}
	switch sort {
	case word:
		head.Order, head.URL = "ascending", path+query.with("sort", "-"+word).String()
	case "-" + word:
		head.Order = "descending"
	}
	return head
}
