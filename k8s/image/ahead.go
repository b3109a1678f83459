package image

import (
	"context"
	"io"
)

// aheadBuffers is how many buffers of readSize bytes a readAhead has: one that is filled, one that is emptied, and one that
// waits, so that neither side stands still when the other is a little late.
const aheadBuffers = 3

// readAhead reads a source in a goroutine of its own, so that receiving an upload and writing it to disk overlap. Its
// memory is bounded by aheadBuffers; the goroutine ends with the source, its first error, the context, or close.
type readAhead struct {
	full chan chunk
	free chan []byte
	stop context.CancelFunc

	current chunk  // what is being read
	left    []byte // of it
}

// chunk is a part of the source, and the error that came with its last byte.
type chunk struct {
	buffer []byte // whole, to be filled again
	size   int
	err    error
}

// newReadAhead begins to read. Whoever calls it calls close, and leaves the source alone until then.
func newReadAhead(ctx context.Context, source io.Reader) *readAhead {
	ctx, stop := context.WithCancel(ctx)
	a := &readAhead{full: make(chan chunk, aheadBuffers+1), free: make(chan []byte, aheadBuffers), stop: stop}
	for range aheadBuffers {
		a.free <- make([]byte, readSize)
	}
	go a.fill(ctx, source)
	return a
}

// fill hands on one buffer after the other. There is always room in full: for all buffers, and for the error of a context.
func (a *readAhead) fill(ctx context.Context, source io.Reader) {
	defer close(a.full)
	for {
		select {
		case <-ctx.Done():
			a.full <- chunk{err: ctx.Err()}
			return
		case buffer := <-a.free:
			n, err := fillUp(ctx, source, buffer)
			a.full <- chunk{buffer: buffer, size: n, err: err}
			if err != nil {
				return
			}
		}
	}
}

// fillUp is io.ReadFull, but that the end of the source keeps its own error: io.ErrUnexpectedEOF is what a connection that
// was cut looks like. A source that returns neither bytes nor an error is asked again, until the context ends.
func fillUp(ctx context.Context, source io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		if err = ctx.Err(); err == nil {
			var read int
			read, err = source.Read(buffer[n:])
			n += read
		}
	}
	return n, err
}

// Read implements io.Reader.
func (a *readAhead) Read(p []byte) (int, error) {
	for len(a.left) == 0 {
		if a.current.err != nil {
			return 0, a.current.err
		}
		if a.current.buffer != nil {
			a.free <- a.current.buffer
		}
		a.current = <-a.full
		a.left = a.current.buffer[:a.current.size]
	}
	n := copy(p, a.left)
	a.left = a.left[n:]
	return n, nil
}

// close ends the reading and waits for it. A read that the source does not return from holds it up: sources of uploads
// have a deadline.
func (a *readAhead) close() {
	a.stop()
	for range a.full { // until fill has closed it
	}
}
