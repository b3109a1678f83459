package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// Spooled is an upload on disk, decompressed. The file has no name any more: closing it gives the space back, and so
// does the end of the process.
type Spooled struct {
	*os.File
	Size   int64  // bytes, decompressed
	Digest string // sha256 of the upload as it came, in hexadecimal digits; empty if it was not asked for
}

// Spool copies an upload to a temporary file in dir ("" for the system's), unpacking gzip or zstd on the way. It needs
// the same few MiB of memory for any size. The upload is read in another goroutine, ahead of what is written; it is over
// when Spool returns. withDigest costs as much time again as sha256sum takes.
//
// The error is a *[Error] of code [TooLarge] or [NotAnImage] where the upload is at fault, the context's, or the
// machine's: a full disk is ENOSPC.
func Spool(ctx context.Context, upload io.Reader, dir string, limits Limits, withDigest bool) (_ *Spooled, err error) {
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
	sum := sha256.New()
	var from io.Reader = source
	if withDigest {
		from = io.TeeReader(source, sum)
	}
	unpack, _, err := decompress(from)
	if err != nil {
		return nil, source.blame(err)
	}
	defer func() { _ = unpack.Close() }() // its errors came with the last bytes
	size, err := io.CopyBuffer(writerOnly{file}, &meter{ctx: ctx, r: unpack, budget: &unpacked, err: large},
		make([]byte, readSize))
	if err != nil {
		return nil, source.blame(err)
	}
	spooled := &Spooled{File: file, Size: size}
	if withDigest {
		spooled.Digest = hex.EncodeToString(sum.Sum(nil))
	}
	return spooled, nil
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
