package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// These tests see inside a Log: a program that is killed writes nothing more,
// which no exported method does.

// node is a kubelet's log of one container.
type node struct{ lines []nodeLine }

type nodeLine struct {
	at   time.Time // zero: without a time stamp
	text string
}

func (n *node) add(at time.Time, text string) { n.lines = append(n.lines, nodeLine{at, text}) }

// open is the stream from a time on: the kubelet leaves out what is older.
func (n *node) open(since time.Time) []byte {
	var b bytes.Buffer
	for _, line := range n.lines {
		if !line.at.IsZero() && line.at.Before(since) {
			continue
		}
		if !line.at.IsZero() {
			b.WriteString(line.at.Format("2006-01-02T15:04:05.000000000Z07:00") + " ")
		}
		b.WriteString(line.text + "\n")
	}
	return b.Bytes()
}

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// randomNode makes a log with all that is nasty: equal lines of one nanosecond,
// long and binary lines, lines without a time.
func randomNode(random *rand.Rand, lines int) *node {
	n := &node{}
	at := start
	texts := []string{"", "same", "same", "\x00\xff\xfe", "é", "2026-11-21T12:00:00Z not a stamp", strings.Repeat("x", 3000), " "}
	for i := range lines {
		switch random.IntN(6) {
		case 0, 1: // the same nanosecond
		case 2:
			at = at.Add(1)
		case 3:
			at = at.Add(time.Duration(random.IntN(int(2 * time.Second))))
		case 4: // within the second, the clock is set back
			if back := at.Add(-time.Millisecond); back.Truncate(time.Second).Equal(at.Truncate(time.Second)) {
				n.add(back, fmt.Sprint("back ", i))
				continue
			}
		case 5:
			if i > 0 && random.IntN(4) == 0 {
				n.add(time.Time{}, "unable to read") // the kubelet's own words
				continue
			}
		}
		n.add(at, texts[random.IntN(len(texts))])
	}
	return n
}

// want are the lines that an archive of the node has.
func (n *node) want() []string {
	var want []string
	for _, line := range n.lines {
		want = append(want, strings.ToValidUTF8(line.text, "\uFFFD"))
	}
	return want
}

func texts(t *testing.T, store *Store, stream Stream) []string {
	t.Helper()
	var got []string
	for line, err := range store.All(t.Context(), stream) {
		if err != nil {
			t.Fatal(err)
		}
		if line.Number != int64(len(got)) {
			t.Fatalf("line %d has number %d", len(got), line.Number)
		}
		text := line.Text
		if line.Note != "" {
			text = "<" + string(line.Note) + ">"
		}
		got = append(got, text)
	}
	return got
}

// flushing writes what waits at random moments of the reading.
type flushing struct {
	io.Reader
	log    *Log
	random *rand.Rand
	t      *testing.T
}

func (f *flushing) Read(p []byte) (int, error) {
	if f.random.IntN(3) == 0 {
		if err := f.log.Flush(f.t.Context()); err != nil {
			f.t.Error(err)
		}
	}
	return f.Reader.Read(p[:min(len(p), 1+f.random.IntN(200))])
}

func TestNoLineIsLostOrDoubledWhereverACopyIsKilled(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 2))
		node := randomNode(random, 1+random.IntN(60))
		store := memory(t)
		store.bounds.chunk = 1 + random.IntN(2000)
		stream := Stream{Run: Run{Domain: "d", Project: "p", Process: "x"}, Pod: "a", Container: "c"}
		for {
			log, err := store.Resume(t.Context(), stream, Options{})
			if err != nil {
				t.Fatal(err)
			}
			text := node.open(log.Since())
			whole := random.IntN(6) == 0
			if !whole {
				text = text[:random.IntN(len(text)+1)] // cut anywhere, in a stamp too
			}
			if err := log.read(t.Context(), &flushing{bytes.NewReader(text), log, random, t}); err != nil {
				t.Fatal(err)
			}
			for !whole && random.IntN(2) == 0 { // the connection was lost, not the program
				again := node.open(log.Since())
				if whole = random.IntN(3) == 0; !whole {
					again = again[:random.IntN(len(again)+1)]
				}
				if err := log.read(t.Context(), &flushing{bytes.NewReader(again), log, random, t}); err != nil {
					t.Fatal(err)
				}
			}
			if !whole {
				continue // killed: what waits is lost
			}
			if err := log.Finish(t.Context(), false, nil); err != nil {
				t.Fatal(err)
			}
			break
		}
		if diff := cmp.Diff(node.want(), texts(t, store, stream)); diff != "" {
			t.Fatalf("seed %d: -want +got:\n%s", seed, diff)
		}
	}
}

func TestLinesThatTheNodeDroppedAreTold(t *testing.T) {
	store := memory(t)
	stream := Stream{Pod: "a", Container: "c"}
	node := &node{}
	node.add(start, "one")
	node.add(start.Add(time.Second), "two")
	copyAll(t, store, stream, node, false)
	node.lines = nil // rotated
	node.add(start.Add(3*time.Second), "four")
	copyAll(t, store, stream, node, false)
	node.add(start.Add(4*time.Second), "five")
	copyAll(t, store, stream, node, true)
	if diff := cmp.Diff([]string{"one", "two", "<gap>", "four", "five"}, texts(t, store, stream)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAClockThatIsSetBackHidesNothingNew(t *testing.T) {
	store := memory(t)
	stream := Stream{Pod: "a", Container: "c"}
	node := &node{}
	node.add(start.Add(10*time.Second), "a")
	node.add(start.Add(5*time.Second), "b") // no stream from 10 on has it
	copyAll(t, store, stream, node, false)
	node.add(start.Add(10*time.Second), "c")
	copyAll(t, store, stream, node, true)
	if diff := cmp.Diff([]string{"a", "b", "c"}, texts(t, store, stream)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func copyAll(t *testing.T, store *Store, stream Stream, node *node, finish bool) {
	t.Helper()
	log, err := store.Resume(t.Context(), stream, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Copy(t.Context(), io.NopCloser(bytes.NewReader(node.open(log.Since())))); err != nil {
		t.Fatal(err)
	}
	if finish {
		if err := log.Finish(t.Context(), false, map[string]int{"exitCode": 0}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOfALongLogBeginningAndEndAreKept(t *testing.T) {
	store := memory(t)
	store.bounds = bounds{chunk: 1000, head: 5000, tail: 8000}
	stream := Stream{Pod: "a", Container: "c"}
	node := &node{}
	for i := range 2000 {
		node.add(start.Add(time.Duration(i)*time.Millisecond), fmt.Sprintf("line %d", i))
	}
	for cut := 300; cut <= 2000; cut += 425 { // with resumptions
		part := *node
		part.lines = node.lines[:cut]
		copyAll(t, store, stream, &part, cut == 2000)
	}
	var size int64
	chunks, err := store.chunks(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	for _, chunk := range chunks {
		size += chunk.size
	}
	if size > 5000+8000+2000 {
		t.Errorf("%d bytes are kept", size)
	}
	var lines []Line
	for line, err := range store.All(t.Context(), stream) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	dropped := 0
	for i, line := range lines {
		switch {
		case line.Note == NoteDropped:
			dropped++
			if lines[i+1].Number != line.Number+line.Gone {
				t.Errorf("%d lines dropped at %d, then %d", line.Gone, line.Number, lines[i+1].Number)
			}
		case line.Text != fmt.Sprintf("line %d", line.Number):
			t.Errorf("line %d is %q", line.Number, line.Text)
		}
	}
	if dropped != 1 || lines[0].Number != 0 || lines[len(lines)-1].Number != 1999 {
		t.Errorf("%d gaps, from %d to %d", dropped, lines[0].Number, lines[len(lines)-1].Number)
	}
	for _, offset := range []int64{0, 10, 500, 1000, 1999, 2000, 5000, -1, -10, -5000} {
		page, err := store.Lines(t.Context(), stream, offset, 3)
		if err != nil {
			t.Fatal(err)
		}
		if offset >= 2000 {
			if len(page.Lines) > 0 || page.Next != 2000 || !page.Done {
				t.Errorf("offset %d: %+v", offset, page)
			}
			continue
		}
		want := offset
		if offset < 0 {
			want = max(2000+offset, 0)
		}
		if page.Total != 2000 || len(page.Lines) == 0 || page.Lines[0].Number != want {
			t.Errorf("offset %d: %+v", offset, page)
		}
	}
}

func TestTwoCopiesOfOneLog(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 3))
		node := randomNode(random, 40)
		store := memory(t)
		store.bounds.chunk = 300
		stream := Stream{Pod: "a", Container: "c"}
		one, _ := store.Resume(t.Context(), stream, Options{})
		two, _ := store.Resume(t.Context(), stream, Options{})
		text := node.open(time.Time{})
		first := one.Copy(t.Context(), io.NopCloser(bytes.NewReader(text[:len(text)/2])))
		second := two.Copy(t.Context(), io.NopCloser(bytes.NewReader(text)))
		if first != nil {
			t.Fatal(first)
		}
		if second != nil && !errors.Is(second, ErrConflict) {
			t.Fatal(second)
		}
		copyAll(t, store, stream, node, true)
		if diff := cmp.Diff(node.want(), texts(t, store, stream)); diff != "" {
			t.Fatalf("seed %d: -want +got:\n%s", seed, diff)
		}
	}
}

func TestCopyEndsWithItsContext(t *testing.T) {
	store := memory(t)
	stream := Stream{Pod: "a", Container: "c"}
	log, err := store.Resume(t.Context(), stream, Options{})
	if err != nil {
		t.Fatal(err)
	}
	in, out := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- log.Copy(ctx, in) }()
	fmt.Fprintf(out, "%s hello\n%s half", start.Format(time.RFC3339Nano), start.Format(time.RFC3339Nano))
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := out.Write([]byte("x")); err == nil {
		t.Error("the stream is still open")
	}
	got := texts(t, store, stream)
	if len(got) > 1 || len(got) == 1 && got[0] != "hello" {
		t.Errorf("archived %q", got)
	}
}

func memory(t *testing.T) *Store {
	t.Helper()
	store, err := Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}
