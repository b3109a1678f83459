package manifests

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"
)

// Output is where a collated file goes: written from the beginning to the end,
// then once more at its beginning. An *os.File not opened with O_APPEND will do.
type Output interface {
	io.Writer
	io.WriterAt
}

// CollatedWriter writes collated_manifests.json, one kernel a line:
//
//	{"indexed_date":"2026-01-31T04:05:06Z","generation":"<32 hex digits>","total_kernels":      2,"kernels":[
//	{"kernel_name":"astro",…,"packages":[…],"manifest_path":"Python/astro/1.0/package_manifest.json","package_count":332},
//	{…}
//	]}
//
// The generation and the number of kernels stand before the kernels but are
// known only after them. The header therefore has a fixed width and is written
// twice: first as a blank that no reader accepts, and again by Close. That
// costs one small write; the alternatives are to read all manifests twice or
// to write the body twice. Not safe for concurrent use.
type CollatedWriter struct {
	out   Output
	buf   *bufio.Writer
	date  string
	gen   *generation
	order *order
	count int
	err   error // the first failure; the document is lost
}

// NewCollatedWriter starts a document dated now. Errors of out come up in Add or Close.
func NewCollatedWriter(out Output, now time.Time) *CollatedWriter {
	w := &CollatedWriter{
		out: out, buf: bufio.NewWriterSize(out, 256<<10), date: FormatTime(now),
		gen: newGeneration(), order: newOrder(),
	}
	_, w.err = w.buf.WriteString(w.header(unknownGeneration))
	return w
}

func (w *CollatedWriter) header(generation string) string {
	return fmt.Sprintf(`{"indexed_date":%q,"generation":%q,"total_kernels":%7d,"kernels":[`, w.date, generation, w.count) + "\n"
}

// Add appends a kernel. Kernels come in their final order: by language, name
// (byte order) and version, the last in an order that only the caller knows.
// Add refuses with [ErrInvalid] a kernel out of order or seen before, and one
// that does not [Entry.Validate]; see [NewEntry]. After an error nothing more
// can be added.
func (w *CollatedWriter) Add(e Entry) error {
	if w.err == nil {
		w.err = w.add(&e)
	}
	return w.err
}

func (w *CollatedWriter) add(e *Entry) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if err := w.order.addNew(e.Key()); err != nil {
		return err
	}
	if err := w.order.sorted(); err != nil {
		return err
	}
	if w.count == MaxKernels {
		return invalid("more than %d kernels", MaxKernels)
	}
	if err := w.gen.add(*e); err != nil {
		return err
	}
	w.count++
	return writeLine(w.buf, w.count > 1, e)
}

// Close ends the document and returns its header. It does not close the output.
func (w *CollatedWriter) Close() (CollatedHeader, error) {
	if w.err != nil {
		return CollatedHeader{}, w.err
	}
	w.err = fmt.Errorf("collated file is closed already")
	h := CollatedHeader{IndexedDate: w.date, Generation: w.gen.String(), TotalKernels: w.count}
	if err := endLines(w.buf, w.count > 0); err != nil {
		return CollatedHeader{}, err
	}
	if _, err := w.out.WriteAt([]byte(w.header(h.Generation)), 0); err != nil {
		return CollatedHeader{}, err
	}
	return h, nil
}

// writeLine writes one element of the array; the comma of the line before is
// due only now.
func writeLine(w *bufio.Writer, more bool, v any) error {
	if more {
		if _, err := w.WriteString(",\n"); err != nil {
			return err
		}
	}
	if err := json.MarshalWrite(w, v); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// endLines closes the array and the object.
func endLines(w *bufio.Writer, more bool) error {
	end := "]}\n"
	if more {
		end = "\n" + end
	}
	if _, err := w.WriteString(end); err != nil {
		return err
	}
	return w.Flush()
}
