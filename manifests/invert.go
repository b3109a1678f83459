package manifests

import (
	"iter"
	"math"
	"slices"
)

// inversion turns kernels with packages into packages with kernels. It is the
// one structure that grows with the number of rows (kernels × packages), so a
// row takes 12 bytes: strings are kept once and referred to by number, and the
// rows of a package are a chain through one log in the order of arrival.
type inversion struct {
	names    interner
	versions interner
	kernels  []KernelKey
	chains   []chain // by number of the name
	blocks   [][]posting
	rows     uint32
}

// chain is the rows of one package.
type chain struct{ first, last, length uint32 }

// posting is one row: package (by the chain that leads here), kernel, version
// and source.
type posting struct {
	next    uint32 // row number, noRow at the end
	kernel  uint32
	version uint32 // number of the version << sourceBits | source
}

const (
	noRow      = math.MaxUint32
	blockRows  = 1 << 15 // the log grows by blocks, not by copying
	sourceBits = 2
)

// sources gives each source its number.
var sources = [...]Source{SourceConda, SourcePython, SourceR}

// add appends a kernel of known sources.
func (v *inversion) add(e *Entry) error {
	kernel := uint32(len(v.kernels))
	v.kernels = append(v.kernels, e.Key())
	for _, p := range e.Packages {
		if v.rows == noRow-1 || v.versions.len() >= math.MaxUint32>>sourceBits {
			return invalid("more package rows than an index can hold")
		}
		source := uint32(slices.Index(sources[:], p.Source))
		v.push(p.Name, posting{noRow, kernel, v.versions.number(p.Version)<<sourceBits | source})
	}
	return nil
}

func (v *inversion) push(name string, p posting) {
	row := v.rows
	if row%blockRows == 0 {
		v.blocks = append(v.blocks, make([]posting, 0, blockRows))
	}
	block := &v.blocks[row/blockRows]
	*block = append(*block, p)
	v.rows++

	n := v.names.number(name)
	if int(n) == len(v.chains) {
		v.chains = append(v.chains, chain{row, row, 1})
		return
	}
	c := &v.chains[n]
	v.at(c.last).next = row
	c.last = row
	c.length++
}

func (v *inversion) at(row uint32) *posting { return &v.blocks[row/blockRows][row%blockRows] }

// sortedNames returns the numbers of the names in byte order.
func (v *inversion) sortedNames() []uint32 {
	numbers := make([]uint32, v.names.len())
	for i := range numbers {
		numbers[i] = uint32(i)
	}
	slices.SortFunc(numbers, func(a, b uint32) int {
		if v.names.strings[a] < v.names.strings[b] {
			return -1
		}
		return 1
	})
	return numbers
}

// postings yields the rows of one package in order of arrival.
func (v *inversion) postings(name uint32) iter.Seq[posting] {
	return func(yield func(posting) bool) {
		for row := v.chains[name].first; row != noRow; {
			p := *v.at(row)
			if !yield(p) {
				return
			}
			row = p.next
		}
	}
}

// entry fills in one package, reusing the space for its rows.
func (v *inversion) entry(name uint32, p *PackageEntry) {
	p.Name = v.names.strings[name]
	p.KernelCount = int(v.chains[name].length)
	p.Kernels = p.Kernels[:0]
	for row := range v.postings(name) {
		k := v.kernels[row.kernel]
		p.Kernels = append(p.Kernels, KernelRef{
			KernelName: k.Name, KernelVersion: k.Version, KernelLanguage: k.Language,
			PackageVersion: v.versions.strings[row.version>>sourceBits],
			Source:         sources[row.version&(1<<sourceBits-1)],
		})
	}
}

// interner numbers strings from 0 in order of first appearance.
type interner struct {
	numbers map[string]uint32
	strings []string
}

func (t *interner) number(s string) uint32 {
	if n, ok := t.numbers[s]; ok {
		return n
	}
	if t.numbers == nil {
		t.numbers = map[string]uint32{}
	}
	n := uint32(len(t.strings))
	t.numbers[s] = n
	t.strings = append(t.strings, s)
	return n
}

func (t *interner) len() int { return len(t.strings) }
