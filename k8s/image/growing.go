package image

import (
	"context"
	"io"
	"os"
	"sync"
)

// growing is a file that is written and, by others, read at the same time.
type growing struct {
	file *os.File

	mu    sync.Mutex
	more  sync.Cond // the file is longer, or ended
	size  int64     // written so far
	ended bool      // nothing more is written
}

func newGrowing(file *os.File) *growing {
	g := &growing{file: file}
	g.more.L = &g.mu
	return g
}

// Write implements io.Writer.
func (g *growing) Write(p []byte) (int, error) {
	n, err := g.file.Write(p)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.size += int64(n)
	g.more.Broadcast()
	return n, err
}

// end says that the file has its length.
func (g *growing) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	g.more.Broadcast()
}

// follow returns a reader of the file from its beginning to its end, which waits for what is not there yet, until ctx ends.
func (g *growing) follow(ctx context.Context) (_ io.Reader, stop func() bool) {
	return &following{ctx: ctx, file: g}, context.AfterFunc(ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.more.Broadcast()
	})
}

// following is one reading of a growing file.
type following struct {
	ctx  context.Context //nolint:containedctx // a reader has no other way to learn that it is not wanted any more
	file *growing
	at   int64
}

// Read implements io.Reader.
func (f *following) Read(p []byte) (int, error) {
	there, err := f.wait()
	if err != nil {
		return 0, err
	}
	n, err := f.file.file.ReadAt(p[:min(int64(len(p)), there)], f.at)
	f.at += int64(n)
	return n, err
}

// wait waits for bytes, and says how many there are.
func (f *following) wait() (int64, error) {
	g := f.file
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.size == f.at && !g.ended && f.ctx.Err() == nil {
		g.more.Wait()
	}
	switch {
	case f.ctx.Err() != nil:
		return 0, f.ctx.Err()
	case g.size == f.at:
		return 0, io.EOF
	}
	return g.size - f.at, nil
}
