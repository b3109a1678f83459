package catalog

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"kernelindexer/condaenv/pystr"
	"kernelindexer/manifests"
)

// One thing has different names. PEP 503 takes NumPy, scikit_learn and
// ruamel.yaml for numpy, scikit-learn and ruamel-yaml. The R package sf is
// r-sf in conda-forge, DESeq2 is bioconductor-deseq2 in bioconda. And different
// things have one name: openssl is a library in conda and a package in R,
// which conda calls r-openssl. So a name has a folded form, and some rows are,
// beside that, a binding: an R package, whatever the row calls it.
//
//	row                            folded      binding
//	conda openssl                  openssl     -
//	conda r-openssl                r-openssl   openssl
//	R openssl                      openssl     openssl
//
// A spec openssl asks for anything called so, of which the answer says the
// source. A spec r-openssl asks for the binding, and never finds the library.

// fold returns the form of a name in which different spellings are the same:
// lower case, and a single dash for each run of dashes, underscores and dots
// (PEP 503).
func fold(name string) string {
	name = pystr.Lower(name)
	if !strings.ContainsAny(name, "_.") && !strings.Contains(name, "--") {
		return name
	}
	var b strings.Builder
	b.Grow(len(name))
	dash := false
	for i := range len(name) {
		c := name[i]
		separator := c == '-' || c == '_' || c == '.'
		switch {
		case !separator:
			b.WriteByte(c)
		case !dash:
			b.WriteByte('-')
		}
		dash = separator
	}
	return b.String()
}

// rPackage returns which R package a folded name of conda's means, and "" for a
// name that means none.
func rPackage(folded string) string {
	for _, prefix := range []string{"r-", "bioconductor-"} {
		if name, ok := strings.CutPrefix(folded, prefix); ok {
			return name
		}
	}
	return ""
}

// pypiChannel is where conda says that pip's packages are from.
const pypiChannel = "pypi"

// naming says which rows of a name a spec means.
type naming struct {
	name   uint32 // index in Catalog.names
	any    bool   // all of them
	r      bool   // entries of R libraries
	record bool   // conda's records, which pip's packages are not
}

func (n naming) none() bool { return !n.any && !n.r && !n.record }

// means reports whether the spec means this row of the name.
func (n naming) means(c *Catalog, r *release) bool {
	switch {
	case n.any:
		return true
	case sources[r.source] == manifests.SourceR:
		return n.r
	default:
		return n.record && c.text.at(r.channel) != pypiChannel
	}
}

// foldKey is one folded name by which a name can be found. A name of a conda
// record of an R package can be found by that, too.
type foldKey struct {
	key  textID
	name uint32 // index in Catalog.names
}

// foldNames makes the index of folded names. Most names are their own folded
// form, which takes no memory then.
func (b *builder) foldNames() error {
	c := b.c
	c.folded = make([]foldKey, 0, len(c.names))
	for i := range c.names {
		folded := fold(b.text.at(c.names[i].name))
		c.folded = append(c.folded, foldKey{b.text.number(folded), uint32(i)})
		if r := rPackage(folded); r != "" {
			c.folded = append(c.folded, foldKey{b.text.number(r), uint32(i)})
		}
		if err := b.check(); err != nil {
			return err
		}
	}
	text := arena(b.text.text.String())
	slices.SortFunc(c.folded, func(x, y foldKey) int {
		return cmp.Or(cmp.Compare(text.at(x.key), text.at(y.key)), cmp.Compare(x.name, y.name))
	})
	c.folded = slices.Clone(c.folded)
	return nil
}

// listNames makes Catalog.names. They are the packages of the index where it
// says what the kernels say, else what the kernels gave.
func (b *builder) listNames() {
	c := b.c
	if c.inverse {
		c.names = c.packages
		return
	}
	c.names = make([]pack, 0, len(b.inverted.names))
	for name := range b.inverted.names {
		start, end, _ := b.inverted.run(name)
		c.names = append(c.names, pack{name: name, start: start, end: end})
	}
	slices.SortFunc(c.names, func(x, y pack) int { return cmp.Compare(b.text.at(x.name), b.text.at(y.name)) })
}

// keyed returns the run of the index with a key.
func (c *Catalog) keyed(key string) []foldKey {
	start, _ := sort.Find(len(c.folded), func(i int) int { return cmp.Compare(key, c.text.at(c.folded[i].key)) })
	end := start
	for end < len(c.folded) && c.text.at(c.folded[end].key) == key {
		end++
	}
	return c.folded[start:end]
}

// like returns the names that are, in some of their rows, what a spec calls by
// this name.
func (c *Catalog) like(name string) []naming {
	folded := fold(name)
	binding := rPackage(folded)
	keys := slices.Clone(c.keyed(folded))
	if binding != "" {
		keys = append(keys, c.keyed(binding)...)
	}
	var list []naming
	for _, k := range keys {
		own := fold(c.text.at(c.names[k.name].name))
		of := rPackage(own)
		n := naming{
			name: k.name, any: own == folded, r: binding != "" && own == binding,
			record: of != "" && (of == folded || of == binding),
		}
		if !n.none() && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}
