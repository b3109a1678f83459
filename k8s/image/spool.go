package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Spooled is an upload on disk, decompressed. The file has no name any more: closing it gives the space back, and so
// does the end of the process.
type Spooled struct {
	*os.File
	Size int64 // bytes, decompressed
}

// Spool copies an upload to a temporary file in dir ("" for the system's), unpacking gzip or zstd on the way. It needs
// the same few MiB of memory for any size. The upload is read in another goroutine, ahead of what is written; it is over
// when Spool returns.
//
// The error is a *[Error] of code [TooLarge] or [NotAnImage] where the upload is at fault, the context's, or the
// machine's: a full disk is ENOSPC.
func Spool(ctx context.Context, upload io.Reader, dir string, limits Limits) (_ *Spooled, err error) {
	limits = limits.withDefaults()
	file, err := temporary(dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	large := tooLong(limits)
	packed, unpacked := limits.Archive, limits.Archive
	ahead := newReadAhead(ctx, &meter{ctx: ctx, r: upload, budget: &packed, err: large})
	defer ahead.close()
	source := &sourceReader{r: ahead}
	unpack, _, err := decompress(source)
	if err != nil {
		return nil, source.blame(err)
	}
	defer func() { _ = unpack.Close() }() // its errors came with the last bytes
	size, err := io.CopyBuffer(writerOnly{file}, &meter{ctx: ctx, r: unpack, budget: &unpacked, err: large},
		make([]byte, readSize))
	if err != nil {
		return nil, source.blame(err)
	}
	return &Spooled{File: file, Size: size}, nil
}

// sourceReader remembers the error of the reader it reads from, to tell a broken connection from a broken archive.
type sourceReader struct {
	r   io.Reader
	err error
}

// Read reads from the source.
func (s *sourceReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// blame returns err as it is if it is the source's, the disk's or a refusal, and as damage of the archive otherwise.
func (s *sourceReader) blame(err error) error {
	var refused *Error
	var onDisk *os.PathError
	switch {
	case s.err != nil:
		return fmt.Errorf("read upload: %w", s.err)
	case errors.As(err, &refused), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &onDisk):
		return fmt.Errorf("spool upload: %w", err)
	}
	return because(NotAnImage, err, "the archive cannot be decompressed")
}

// writerOnly hides a file's ReadFrom, which would bring its own, smaller buffer.
type writerOnly struct{ io.Writer }

// temporary returns a file in dir that has no name.
func temporary(dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, "image-*.tmp")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
