package reload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// source reads the pair.
type source struct {
	files files
	paths [len(both)]string
}

// pair is what was read.
type pair struct {
	catalog *catalog.Catalog
	digest  string
	files   [len(both)]*reading // open; the receiver closes them
}

// stamps returns what a stat shows of both documents.
func (s *source) stamps() (stamps [len(both)]stamp) {
	for _, doc := range both {
		stamps[doc] = stampAt(s.files, s.paths[doc])
	}
	return stamps
}

// load reads the pair, and again after ESTALE. The error is the cause of ctx
// or a *LoadError.
func (s *source) load(ctx context.Context) (*pair, error) {
	p, err := retryStale(func() (*pair, error) { return s.loadOnce(ctx) })
	switch {
	case err == nil:
		return p, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return nil, s.explain(ctx, err)
}

func (s *source) loadOnce(ctx context.Context) (*pair, error) {
	var dirs [len(both)]*directory
	var at [len(both)]manifests.Location
	for _, doc := range both {
		dirs[doc] = &directory{files: s.files, path: filepath.Dir(s.paths[doc])}
		at[doc] = manifests.Location{FS: dirs[doc], Name: filepath.Base(s.paths[doc])}
	}
	c, err := safely(func() (*catalog.Catalog, error) { return catalog.Load(ctx, at[Collated], at[Index]) })
	for _, doc := range both {
		if err == nil {
			err = dirs[doc].opened.verify(doc)
		}
	}
	if err != nil {
		for _, d := range dirs {
			d.close()
		}
		return nil, err
	}
	p := &pair{catalog: c}
	digest := sha256.New()
	for doc, d := range dirs {
		p.files[doc] = d.opened
		digest.Write(d.opened.digest.Sum(nil))
	}
	p.digest = hex.EncodeToString(digest.Sum(nil)[:16])
	return p, nil
}

// explain finds out which of the documents is bad, if it is not just that they
// do not belong together. A load ends at the first problem; whoever repairs the
// files wants to know of both.
func (s *source) explain(ctx context.Context, cause error) error {
	var e LoadError
	if errors.Is(cause, manifests.ErrMismatch) || errors.Is(cause, errChanging) {
		e.Err = cause
		return &e
	}
	for _, doc := range both {
		_, err := safely(func() (struct{}, error) { return struct{}{}, s.check(ctx, doc) })
		if err != nil {
			e.Files = append(e.Files, &FileError{Document: doc, Path: s.paths[doc], Err: err})
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(e.Files) == 0 {
		e.Err = withoutPath(cause)
	}
	return &e
}

// check reads one document by itself.
func (s *source) check(ctx context.Context, doc Document) error {
	info, err := s.files.Stat(s.paths[doc])
	if err != nil {
		return err
	}
	if err := checkRegular(info); err != nil {
		return err
	}
	f, err := s.files.Open(s.paths[doc])
	if err != nil {
		return err
	}
	defer f.Close()
	if doc == Collated {
		_, err = manifests.ReadCollated(f, func(manifests.Entry) error { return context.Cause(ctx) })
	} else {
		_, err = manifests.ReadPackageIndex(f, func(manifests.PackageEntry) error { return context.Cause(ctx) })
	}
	return err
}

// loaderPanic is a fault of the program that some document brought to light.
type loaderPanic struct {
	value any
	stack []byte
}

// Error implements error.
func (p *loaderPanic) Error() string { return fmt.Sprintf("fault of the loader: %v", p.value) }

// safely turns a panic into an error: a server goes on with the pair it has.
// The error is of the document, which is not read again before it changes.
func safely[T any](do func() (T, error)) (v T, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("%w: %w", manifests.ErrInvalid, &loaderPanic{value, debug.Stack()})
		}
	}()
	return do()
}
