package manifests

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"
)

// Summary is what a collation came to.
type Summary struct {
	Kernels    int    // kernels
	Rows       int    // packages of all kernels together
	Packages   int    // different package names
	Generation string // of the content, see [CollatedHeader]
	// Newer is the number of kernels whose manifests were written after the
	// pair. Only [ValidateStore] counts them.
	Newer int
}

// Outputs says where the documents of a collation go. Either may be nil, and
// is then not written; the generation is that of all kernels in any case.
type Outputs struct {
	Collated Output
	Index    io.Writer
	changes  *changeWalk // if set, sees every kernel
}

// Collate writes all kernels into both documents, in one pass over src and
// with bounded memory: one kernel, the different strings there are, and 12
// bytes a package row for turning the data around. Both documents get the same
// date and the same generation.
//
// src yields the kernels in their final order (see [CollatedWriter.Add]), each
// as [NewEntry] makes it; the first error it yields ends the collation and is returned.
// After any error what was written is worthless. Collate does no other I/O:
// [Dir.Publish] puts the result in place.
func Collate(ctx context.Context, src iter.Seq2[Entry, error], now time.Time, out Outputs) (Summary, error) {
	if out.Collated == nil {
		out.Collated = discard{}
	}
	var inverted inversion
	collated := NewCollatedWriter(out.Collated, now)
	for e, err := range src {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return Summary{}, err
		}
		if err := collated.Add(e); err != nil {
			return Summary{}, fmt.Errorf("%s: %w", CollatedName, err)
		}
		if out.changes != nil {
			out.changes.kernel(&e, collated.gen.last())
		}
		if err := inverted.add(&e); err != nil {
			return Summary{}, err
		}
	}
	h, err := collated.Close()
	if err != nil {
		return Summary{}, fmt.Errorf("%s: %w", CollatedName, err)
	}
	if out.Index != nil {
		if err := inverted.write(ctx, out.Index, h); err != nil {
			return Summary{}, fmt.Errorf("%s: %w", PackageIndexName, err)
		}
	}
	return Summary{
		Kernels: h.TotalKernels, Rows: int(inverted.rows),
		Packages: inverted.names.len(), Generation: h.Generation,
	}, nil
}

// write writes the package index that belongs to a collated file.
func (v *inversion) write(ctx context.Context, w io.Writer, h CollatedHeader) error {
	x, err := newPackageIndexWriter(w, PackageIndexHeader{h.IndexedDate, h.Generation, v.names.len()})
	if err != nil {
		return err
	}
	var p PackageEntry
	for _, name := range v.sortedNames() {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		v.entry(name, &p)
		if err := x.add(&p); err != nil {
			return err
		}
	}
	return x.close()
}

// discard is the Output of a document nobody asked for.
type discard struct{}

// Write implements io.Writer.
func (discard) Write(p []byte) (int, error) { return len(p), nil }

// WriteAt implements io.WriterAt.
func (discard) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
