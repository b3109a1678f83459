package archive

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheExtentOfALogCostsLittle(t *testing.T) {
	store := memory(t)
	store.bounds.chunk = 10_000
	stream := Stream{Pod: "a", Container: "c"}
	node := &node{}
	for i := range 2000 {
		node.add(start.Add(time.Duration(i)*time.Millisecond), strings.Repeat("x", 100))
	}
	for _, done := range []bool{false, true} {
		copyAll(t, store, stream, node, done)
		seen := &counting{objects: store.objects}
		extent, err := (&Store{objects: seen, bounds: store.bounds}).Extent(t.Context(), stream)
		if want := (Extent{2000, done}); err != nil || extent != want {
			t.Errorf("got %+v, %v; want %+v", extent, err, want)
		}
		if done && seen.lists > 0 || seen.lists > 1 || seen.bytesRead > maxHeader || seen.read > 2 {
			t.Errorf("done %v: %d lists, %d objects, %d bytes", done, seen.lists, seen.read, seen.bytesRead)
		}
		seen = &counting{objects: store.objects}
		page, err := (&Store{objects: seen, bounds: store.bounds}).Lines(t.Context(), stream, 1990, 5)
		if err != nil || len(page.Lines) != 5 || seen.lists != 1 || seen.read > 3 {
			t.Errorf("a page: %d lines, %v, %d lists, %d objects", len(page.Lines), err, seen.lists, seen.read)
		}
	}
}

func TestAPageHasABoundOfBytes(t *testing.T) {
	store := memory(t)
	stream := Stream{Pod: "a", Container: "c"}
	log, err := store.Resume(t.Context(), stream, Options{})
	if err != nil {
		t.Fatal(err)
	}
	line := start.Format(time.RFC3339Nano) + " " + strings.Repeat("x", maxLine) + "\n"
	const lines = 3*MaxPageBytes/maxLine + 5
	if err := log.Copy(t.Context(), io.NopCloser(strings.NewReader(strings.Repeat(line, lines)))); err != nil {
		t.Fatal(err)
	}
	var counts []int
	for offset := int64(0); offset < lines; {
		page, err := store.Lines(t.Context(), stream, offset, MaxPage)
		if err != nil || len(page.Lines) == 0 {
			t.Fatal(offset, err)
		}
		counts = append(counts, len(page.Lines))
		offset = page.Next
	}
	if diff := cmp.Diff([]int{64, 64, 64, 5}, counts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
