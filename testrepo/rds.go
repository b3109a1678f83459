package testrepo

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Item types and flags of R's serialisation (R Internals, "Serialization Formats").
const (
	rdsSymbol    = 1
	rdsPairlist  = 2
	rdsChar      = 9
	rdsInteger   = 13
	rdsString    = 16
	rdsList      = 19
	rdsNil       = 254
	rdsReference = 255

	rdsIsObject      = 1 << 8
	rdsHasAttributes = 1 << 9
	rdsHasTag        = 1 << 10
	rdsUTF8          = 1 << 15
	rdsASCII         = 1 << 18
)

// rdsWriter appends R values in XDR format, version 3, as saveRDS writes them.
type rdsWriter struct {
	b       []byte
	symbols map[string]int
}

// attribute is one attribute of a value: names or class.
type attribute struct {
	name   string
	values []string
}

func newRDS(rVersion [3]int) *rdsWriter {
	w := &rdsWriter{b: append(make([]byte, 0, 4096), "X\n"...), symbols: map[string]int{}}
	w.integer(3)
	w.integer(rVersion[0]<<16 | rVersion[1]<<8 | rVersion[2])
	w.integer(3<<16 | 5<<8) // The oldest R that reads version 3.
	w.integer(len("UTF-8"))
	w.b = append(w.b, "UTF-8"...)
	return w
}

func (w *rdsWriter) integer(n int) { w.b = binary.BigEndian.AppendUint32(w.b, uint32(int32(n))) }

func (w *rdsWriter) header(kind, length int, attributes []attribute) {
	if len(attributes) > 0 {
		kind |= rdsHasAttributes
	}
	if slices.ContainsFunc(attributes, func(a attribute) bool { return a.name == "class" }) {
		kind |= rdsIsObject
	}
	w.integer(kind)
	w.integer(length)
}

func (w *rdsWriter) char(s string) {
	flag := rdsASCII
	if strings.IndexFunc(s, func(r rune) bool { return r > 0x7f }) >= 0 {
		flag = rdsUTF8
	}
	w.integer(rdsChar | flag)
	w.integer(len(s))
	w.b = append(w.b, s...)
}

func (w *rdsWriter) strings(values []string, attributes ...attribute) {
	w.header(rdsString, len(values), attributes)
	for _, s := range values {
		w.char(s)
	}
	w.end(attributes)
}

func (w *rdsWriter) integers(values []int) {
	w.header(rdsInteger, len(values), nil)
	for _, n := range values {
		w.integer(n)
	}
}

// list writes a list; each element writes itself.
func (w *rdsWriter) list(elements []func(), attributes ...attribute) {
	w.header(rdsList, len(elements), attributes)
	for _, element := range elements {
		element()
	}
	w.end(attributes)
}

func (w *rdsWriter) null() { w.integer(rdsNil) }

// end writes the attributes, which follow what they belong to.
func (w *rdsWriter) end(attributes []attribute) {
	if len(attributes) == 0 {
		return
	}
	for _, a := range attributes {
		w.integer(rdsPairlist | rdsHasTag)
		w.symbol(a.name)
		w.strings(a.values)
	}
	w.null()
}

// symbol writes a name once and refers back to it afterwards.
func (w *rdsWriter) symbol(name string) {
	if n := w.symbols[name]; n > 0 {
		w.integer(n<<8 | rdsReference)
		return
	}
	w.symbols[name] = len(w.symbols) + 1
	w.integer(rdsSymbol)
	w.char(name)
}

// version writes a version object: a list with one vector of integers. R
// takes a dash for a dot here.
func (w *rdsWriter) version(text string, classes ...string) error {
	numbers, err := versionNumbers(text)
	if err != nil {
		return err
	}
	w.list([]func(){func() { w.integers(numbers) }}, attribute{"class", classes})
	return nil
}

func versionNumbers(text string) ([]int, error) {
	var numbers []int
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == '-' }) {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q is no version of R", text)
		}
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		return nil, fmt.Errorf("%q is no version of R", text)
	}
	return numbers, nil
}

// gzipped compresses as R does: level 6, no name and no time in the header. The
// writer can be used again and again, which saves most of the time.
func gzipped(z *gzip.Writer, data []byte) ([]byte, error) {
	var buf bytes.Buffer
	z.Reset(&buf)
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
