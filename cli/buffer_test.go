package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kernelindexer/cli"
)

// pieces keeps each write apart.
type pieces struct {
	mu  sync.Mutex
	all []string
	err error
}

func (p *pieces) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, string(b))
	return len(b), p.err
}

func (p *pieces) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

func TestBufferWritesWithinATenthOfASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out pieces
		b := cli.NewBuffer(&out)
		fmt.Fprintln(b, "one")
		fmt.Fprintln(b, "two")
		if got := out.seen(); len(got) != 0 {
			t.Fatalf("written at once: %q", got)
		}
		time.Sleep(150 * time.Millisecond)
		synctest.Wait()
		if got := out.seen(); len(got) != 1 || got[0] != "one\ntwo\n" {
			t.Fatalf("got %q", got)
		}
		fmt.Fprintln(b, "three") // the timer starts again
		time.Sleep(150 * time.Millisecond)
		synctest.Wait()
		if got := out.seen(); len(got) != 2 || got[1] != "three\n" {
			t.Fatalf("got %q", got)
		}
		fmt.Fprintln(b, "four")
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if got := out.seen(); len(got) != 3 || got[2] != "four\n" {
			t.Fatalf("got %q", got)
		}
	})
}

// Lines of many goroutines come out whole, each once, and never cut at a write.
func TestBufferKeepsLinesWhole(t *testing.T) {
	var out pieces
	b := cli.NewBuffer(&out)
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 1000 {
				fmt.Fprintf(b, "%d-%d %s\n", w, i, strings.Repeat("x", i%200))
			}
		})
	}
	writers.Wait()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, piece := range out.seen() {
		if !strings.HasSuffix(piece, "\n") {
			t.Fatalf("a write ends within a line: %q", piece[max(0, len(piece)-50):])
		}
		for line := range strings.Lines(piece) {
			name, _, _ := strings.Cut(line, " ")
			if seen[name] {
				t.Fatalf("line %s twice", name)
			}
			seen[name] = true
		}
	}
	if len(seen) != 8000 {
		t.Errorf("%d lines, want 8000", len(seen))
	}
}

func TestBufferReportsFailedWrites(t *testing.T) {
	full := errors.New("no space left")
	b := cli.NewBuffer(&pieces{err: full})
	b.Write(bytes.Repeat([]byte("x\n"), 1000))
	if err := b.Close(); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}
