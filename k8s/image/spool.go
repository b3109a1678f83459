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

	stop     context.CancelFunc
	followed chan struct{} // is closed when nobody follows it any more
}

// Follower is given an upload while it arrives, decompressed, from its beginning to the end of what arrived; reading waits
// for what is not there yet. It may stop at any time, and says nobody whether it liked what it saw.
type Follower func(ctx context.Context, upload io.Reader)

// Followed waits until the follower has returned, or ctx ends.
func (s *Spooled) Followed(ctx context.Context) error {
	select {
	case <-s.followed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the follower, waits for it, and gives the space back.
func (s *Spooled) Close() error {
	s.stop()
	<-s.followed
	return s.File.Close()
}

// Spool copies an upload to a temporary file in dir ("" for the system's), unpacking gzip or zstd on the way. It needs
// the same few MiB of memory for any size. The upload is read in another goroutine, ahead of what is written; it is over
// when Spool returns.
//
// follow, if it is not nil, runs beside: it may still do so when Spool returns, until Close, or until ctx ends.
//
// The error is a *[Error] of code [TooLarge] or [NotAnImage] where the upload is at fault, the context's, or the
// machine's: a full disk is ENOSPC.
func Spool(ctx context.Context, upload io.Reader, dir string, limits Limits, follow Follower) (*Spooled, error) {
	file, err := temporary(dir)
	if err != nil {
		return nil, err
	}
	s := &Spooled{File: file, followed: make(chan struct{})}
	arriving := newGrowing(file)
	s.follow(ctx, arriving, follow)
	s.Size, err = receive(ctx, upload, arriving, limits.withDefaults())
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	arriving.end()
	return s, nil
}

// follow starts the follower.
func (s *Spooled) follow(ctx context.Context, arriving *growing, follow Follower) {
	ctx, s.stop = context.WithCancel(ctx)
	if follow == nil {
		close(s.followed)
		return
	}
	upload, forget := arriving.follow(ctx)
	go func() {
		defer close(s.followed)
		defer forget()
		follow(ctx, upload)
	}()
}

// receive writes what an upload unpacks to, and returns how much that is.
func receive(ctx context.Context, upload io.Reader, to io.Writer, limits Limits) (int64, error) {
	large := tooLong(limits)
	packed, unpacked := limits.Archive, limits.Archive
	ahead := newReadAhead(ctx, &meter{ctx: ctx, r: upload, budget: &packed, err: large})
	defer ahead.close()
	source := &sourceReader{r: ahead}
	unpack, _, err := decompress(source)
	if err != nil {
		return 0, source.blame(err)
	}
	defer func() { _ = unpack.Close() }() // its errors came with the last bytes
	size, err := io.CopyBuffer(to, &meter{ctx: ctx, r: unpack, budget: &unpacked, err: large}, make([]byte, readSize))
	if err != nil {
		return 0, source.blame(err)
	}
	return size, nil
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
