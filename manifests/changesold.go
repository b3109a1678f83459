package manifests

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// oldKernels reads the collated file that a publication replaces, one line (a
// kernel) at a time. It knows only the layout of [CollatedWriter]: whatever is
// laid out otherwise is [ErrInvalid].
type oldKernels struct {
	file   *documentFile
	in     *bufio.Reader
	header CollatedHeader
	order  func(a, b KernelKey) int

	key   KernelKey
	line  []byte // the kernel as JSON; good until the next one is read
	count int
	done  bool // there is no further kernel
}

// openOldKernels opens the file and stands on its first kernel. A file without a
// generation, which is the original's, is [ErrInvalid] as well.
func openOldKernels(l Location, order func(a, b KernelKey) int) (*oldKernels, error) {
	f, err := openDocument(l)
	if err != nil {
		return nil, err
	}
	o := &oldKernels{file: f, in: bufio.NewReaderSize(f, 256<<10), order: order}
	if err = o.readHeader(); err == nil {
		err = o.next()
	}
	if err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

func (o *oldKernels) close() { o.file.Close() }

// readHeader reads the first line, which is an object once its end is put to it.
func (o *oldKernels) readHeader() error {
	line, err := o.in.ReadSlice('\n')
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	var h struct {
		IndexedDate  string `json:"indexed_date"`
		Generation   string `json:"generation"`
		TotalKernels int    `json:"total_kernels"`
		Kernels      []int  `json:"kernels"`
	}
	if decodeStrict(append(bytes.Clone(line), "]}"...), &h) != nil || checkTime("indexed_date", h.IndexedDate) != nil {
		return invalid("not as this program writes it")
	}
	o.header = CollatedHeader{IndexedDate: h.IndexedDate, Generation: h.Generation, TotalKernels: h.TotalKernels}
	return checkGeneration(h.Generation)
}

// next goes to the next kernel. At the end, all that were announced must have
// been there.
func (o *oldKernels) next() error {
	if err := o.readLine(); err != nil {
		return err
	}
	if string(o.line) == "]}" {
		o.done = true
		if o.count != o.header.TotalKernels {
			return invalid("total_kernels is %d, kernels are %d", o.header.TotalKernels, o.count)
		}
		return nil
	}
	o.line = bytes.TrimSuffix(o.line, []byte(","))
	key, err := keyOfLine(o.line)
	if err != nil {
		return err
	}
	if o.count > 0 && o.order(o.key, key) >= 0 {
		return invalid("kernel %s stands after %s", key, o.key)
	}
	o.key = key
	o.count++
	return nil
}

// readLine reads a line of any length up to the bound of a manifest.
func (o *oldKernels) readLine() error {
	o.line = o.line[:0]
	for {
		part, err := o.in.ReadSlice('\n')
		o.line = append(o.line, part...)
		switch {
		case err == nil:
			o.line = o.line[:len(o.line)-1]
			return nil
		case errors.Is(err, io.EOF):
			return invalid("it ends within a line")
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		case len(o.line) > MaxManifestBytes:
			return invalid("a kernel has more than %d bytes", MaxManifestBytes)
		}
	}
}

// entry decodes the kernel.
func (o *oldKernels) entry() (Entry, error) {
	e := Entry{PackageCount: -1}
	if err := decodeStrict(o.line, &e); err != nil {
		return Entry{}, err
	}
	return e, e.Validate()
}

// keyOfLine returns the names of a kernel, which stand before everything else.
func keyOfLine(line []byte) (KernelKey, error) {
	var k KernelKey
	dec := jsontext.NewDecoder(bytes.NewBuffer(line))
	if err := beginObject(dec); err != nil {
		return k, invalid("%w", err)
	}
	for _, want := range []struct {
		member string
		text   *string
	}{{"kernel_name", &k.Name}, {"kernel_version", &k.Version}, {"language", &k.Language}} {
		name, err := dec.ReadToken()
		if err != nil || name.Kind() != '"' || name.String() != want.member {
			return k, invalid("a kernel does not begin with its names")
		}
		value, err := dec.ReadToken()
		if err != nil || value.Kind() != '"' {
			return k, invalid("a kernel does not begin with its names")
		}
		*want.text = value.String()
	}
	return k, k.check()
}

// content returns the line as the generation counts it, without date and
// fingerprint. It may use buf. Within a string of JSON a quotation mark has a
// backslash before it, so that what is found is a member and no text.
func content(buf, line []byte) []byte {
	before, rest, _ := bytes.Cut(line, []byte(`,"indexed_date":"`))
	_, rest, _ = bytes.Cut(rest, []byte(`"`))
	buf = append(buf[:0], before...)
	mark := []byte(`,"fingerprint":"`)
	if at := bytes.LastIndex(rest, mark); at >= 0 {
		buf = append(buf, rest[:at]...)
		_, rest, _ = bytes.Cut(rest[at+len(mark):], []byte(`"`))
	}
	return append(buf, rest...)
}
