package catalog

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// fragments are the parts of a row of the package index in JSON that are the
// same for many rows. A row is a kernel's head, the version, and a tail:
//
//	{"kernel_name":"pecan","kernel_version":"1.9","package_version":
//	"1.4-8"
//	,"source":"r","kernel_language":"R"}
type fragments struct {
	heads  list     // by number of the kernel
	tails  []string // one for each language and source
	tailOf []uint32 // by number of the kernel: its language's first tail
}

func (c *Catalog) fragments() (fragments, error) {
	f := fragments{tailOf: make([]uint32, len(c.kernels))}
	heads := make([]string, len(c.kernels))
	first := map[textID]uint32{} // by language
	var buf []byte
	for i := range c.kernels {
		k := &c.kernels[i]
		buf = append(buf[:0], `{"kernel_name":`...)
		buf = appendString(buf, c.text.at(k.name))
		buf = append(buf, `,"kernel_version":`...)
		buf = appendString(buf, c.text.at(k.version))
		buf = append(buf, `,"package_version":`...)
		heads[i] = string(buf)
		tail, known := first[k.language]
		if !known {
			tail = uint32(len(f.tails))
			first[k.language] = tail
			f.tails = append(f.tails, c.tails(k.language)...)
		}
		f.tailOf[i] = tail
	}
	var err error
	f.heads, err = newList(heads)
	return f, err
}

// tails returns the tails of a language by number of the source.
func (c *Catalog) tails(language textID) []string {
	list := make([]string, len(sources))
	for n, source := range sources {
		buf := append([]byte(nil), `,"source":`...)
		buf = appendString(buf, string(source))
		buf = append(buf, `,"kernel_language":`...)
		buf = appendString(buf, c.text.at(language))
		list[n] = string(append(buf, '}'))
	}
	return list
}

// AppendJSON appends the package as the original's service writes it, e.g.
//
//	{"name":"sf","kernel_count":1,"kernels":[{"kernel_name":"pecan","kernel_version":"1.9",
//	"package_version":"1.0-20","source":"r","kernel_language":"R"}]}
//
// in one line and without spaces, as Python's json.dumps does with
// ensure_ascii=False and separators (",", ":"): only quotes, backslashes and
// control characters below U+0020 are escaped, nothing for HTML.
func (p Package) AppendJSON(dst []byte) []byte {
	c := p.c
	dst = append(dst, `{"name":`...)
	dst = appendString(dst, p.Name())
	dst = append(dst, `,"kernel_count":`...)
	dst = strconv.AppendInt(dst, int64(p.Len()), 10)
	dst = append(dst, `,"kernels":[`...)
	first := true
	for r := range p.Rows() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		release := r.release()
		dst = append(dst, c.json.heads.at(r.kernel)...)
		dst = appendString(dst, c.text.at(release.version))
		dst = append(dst, c.json.tails[c.json.tailOf[r.kernel]+uint32(release.source)]...)
	}
	return append(dst, `]}`...)
}

// appendString appends s in quotes. RFC 8785, which the library follows, and
// Python escape the same characters in the same way. It fails only on text that
// is not UTF-8, which manifests has refused.
func appendString(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}
