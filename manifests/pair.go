package manifests

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Pair is the headers of two documents that belong together.
type Pair struct {
	Collated CollatedHeader
	Index    PackageIndexHeader
}

// PairIn returns where a pair under the usual names in one directory is.
func PairIn(fsys fs.FS) (collated, index Location) {
	return Location{fsys, CollatedName}, Location{fsys, PackageIndexName}
}

// A publication renames two files one after the other. A reader that comes in
// between finds two generations, and then the old index under its second name.
// Where there is none it looks again, but not for ever: a run may have been
// killed there.
const (
	pairAttempts = 5
	pairDelay    = 20 * time.Millisecond
)

// LoadPair reads both documents and hands their content to kernel and pkg, in
// the order of the files, all kernels first; either may be nil. Until LoadPair
// returns without an error nothing that they were given may be used: load
// aside, then swap.
//
// Both files are opened before either is read, so that later publications do
// not matter. The pair is taken when both files are valid and their generations
// agree, or when neither has one (the original's). While a publication is half
// way, or was killed there, the pair is the old one. Errors: [ErrMismatch],
// [ErrInvalid], fs.ErrNotExist, another error of the file system, the error of a
// callback, or the cause of ctx.
func LoadPair(ctx context.Context, collated, index Location, kernel func(Entry) error, pkg func(PackageEntry) error) (Pair, error) {
	c, x, err := openPair(ctx, collated, index)
	if err != nil {
		return Pair{}, err
	}
	defer c.Close()
	defer x.Close()
	var pair Pair
	pair.Collated, err = ReadCollated(c, func(e Entry) error {
		if kernel == nil || ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return kernel(e)
	})
	if err != nil {
		return Pair{}, fmt.Errorf("%s: %w", collated.Name, err)
	}
	pair.Index, err = ReadPackageIndex(x, func(p PackageEntry) error {
		if pkg == nil || ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return pkg(p)
	})
	if err != nil {
		return Pair{}, fmt.Errorf("%s: %w", index.Name, err)
	}
	if a, b := pair.Collated.Generation, pair.Index.Generation; a != b {
		return Pair{}, mismatch(collated, a, index, b)
	}
	return pair, nil
}

func mismatch(collated Location, a string, index Location, b string) error {
	return fmt.Errorf("%w: %s has %q, %s has %q", ErrMismatch, collated.Name, a, index.Name, b)
}

// openPair opens both files, and again while they are seen to be of different
// generations. What cannot be seen without reading everything is for later:
// whether the documents are valid, and generations behind the content.
func openPair(ctx context.Context, collated, index Location) (c, x *documentFile, err error) {
	for attempt := 1; ; attempt++ {
		if c, err = openDocument(collated); err != nil {
			return nil, nil, err
		}
		if x, err = openDocument(index); err != nil {
			c.Close()
			return nil, nil, err
		}
		a, b := c.generation(), x.generation()
		if a == b || a == "" || b == "" {
			return c, x, nil
		}
		x.Close()
		if x, err = openDocument(Location{index.FS, previousName(index.Name)}); err == nil {
			if x.generation() == a {
				return c, x, nil
			}
			x.Close()
		}
		c.Close()
		if attempt == pairAttempts {
			return nil, nil, mismatch(collated, a, index, b)
		}
		select {
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		case <-time.After(pairDelay):
		}
	}
}

// documentFile is an open document whose beginning can be looked at.
type documentFile struct {
	file fs.File
	*bufio.Reader
}

func openDocument(l Location) (*documentFile, error) {
	f, err := l.open()
	if err != nil {
		return nil, err
	}
	return &documentFile{f, bufio.NewReader(f)}, nil
}

// Close closes the file, which was only read.
func (f *documentFile) Close() { _ = f.file.Close() }

// generation returns the generation if it is one and stands before everything
// that is long, as it does in our files, and else nothing.
func (f *documentFile) generation() string {
	head, _ := f.Peek(512)
	dec := jsontext.NewDecoder(bytes.NewReader(head))
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '{' {
		return ""
	}
	for {
		name, err := dec.ReadToken()
		if err != nil || name.Kind() != '"' {
			return ""
		}
		found := name.String() == "generation"
		value, err := dec.ReadToken()
		if err != nil || value.Kind() == '{' || value.Kind() == '[' {
			return ""
		}
		if found {
			if checkGeneration(value.String()) != nil {
				return ""
			}
			return value.String()
		}
	}
}

var _ io.Reader = (*documentFile)(nil)
