package cli

import (
	"io"
	"sync"
	"time"
)

// Bounds of what a [Buffer] holds back.
const (
	bufferSize  = 32 << 10
	bufferDelay = 100 * time.Millisecond
)

// Buffer gathers the lines of a log for a tenth of a second, because a server that calls the system for each line spends
// more on its log than on its answers. It may be used concurrently.
type Buffer struct {
	mu    sync.Mutex
	to    io.Writer
	lines []byte
	timer *time.Timer
	err   error // of the last write; the lines are lost
}

// NewBuffer returns a buffer that writes to w, a whole number of lines at a time. Close it, or the last lines are lost.
func NewBuffer(w io.Writer) *Buffer {
	b := &Buffer{to: w, lines: make([]byte, 0, bufferSize)}
	b.timer = time.AfterFunc(bufferDelay, b.flushLater)
	b.timer.Stop()
	return b
}

// Write keeps a copy of one or more whole lines. Its error is that of an earlier one.
func (b *Buffer) Write(lines []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines)+len(lines) > bufferSize {
		b.flush()
	}
	if len(b.lines) == 0 {
		b.timer.Reset(bufferDelay)
	}
	b.lines = append(b.lines, lines...)
	err := b.err
	b.err = nil
	return len(lines), err
}

// Close writes what is left. The buffer can still be used; what it then gathers is written within the usual time, if the
// process lives that long.
func (b *Buffer) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.timer.Stop()
	b.flush()
	return b.err
}

func (b *Buffer) flushLater() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flush()
}

func (b *Buffer) flush() {
	if len(b.lines) == 0 {
		return
	}
	_, b.err = b.to.Write(b.lines)
	b.lines = b.lines[:0]
}
