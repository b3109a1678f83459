package archive_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"kernelindexer/k8s/archive"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stores are the same archive, opened by two programs where that is possible.
func stores(t *testing.T) map[string][2]*archive.Store {
	t.Helper()
	open := func(url string) *archive.Store {
		store, err := archive.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return store
	}
	dir := filepath.Join(t.TempDir(), "made", "here")
	mem, s3 := open("mem://"), bucketURL(t, nil)+"&prefix=site-a/"
	return map[string][2]*archive.Store{
		"file": {open("file://" + dir), open("file://" + dir)}, "mem": {mem, mem}, "s3": {open(s3), open(s3)},
	}
}

func TestOfTwoWritersOneIsFirst(t *testing.T) {
	for name, pair := range stores(t) {
		t.Run(name, func(t *testing.T) {
			for version := range 200 {
				run := archive.Run{Domain: "d", Project: "p", Process: "x", Version: version}
				var wins [8]bool
				var kept [8]string
				var all sync.WaitGroup
				for writer := range wins {
					all.Go(func() {
						document, first, err := pair[writer%2].PutOutcome(t.Context(), run, fmt.Appendf(nil, "%d", writer))
						if err != nil {
							t.Error(err)
						}
						wins[writer], kept[writer] = first, string(document)
					})
				}
				all.Wait()
				winner := -1
				for writer, won := range wins {
					if won && winner >= 0 {
						t.Fatalf("%d and %d are both first", winner, writer)
					}
					if won {
						winner = writer
					}
				}
				for _, document := range kept {
					if document != fmt.Sprint(winner) {
						t.Fatalf("%d was first, %s is kept", winner, document)
					}
				}
			}
		})
	}
}

func TestDocumentsOfRuns(t *testing.T) {
	for name, pair := range stores(t) {
		t.Run(name, func(t *testing.T) {
			ctx, store := t.Context(), pair[0]
			if _, err := store.Outcome(ctx, archive.Run{Domain: "d"}); !errors.Is(err, archive.ErrNotFound) {
				t.Errorf("got %v, want ErrNotFound", err)
			}
			// Ids of all kinds do not mix.
			ids := []string{"a", "a-b", "A", "a/b", "..", ".", "ä", "a b", "a=2Fb", strings.Repeat("🙂", 32), strings.Repeat("🙃", 32)}
			for _, id := range ids {
				for version := range 11 {
					run := archive.Run{Domain: "d", Project: "p", Process: id, Version: version}
					if _, first, err := store.PutOutcome(ctx, run, fmt.Appendf(nil, "%q", fmt.Sprint(id, " ", version))); err != nil || !first {
						t.Fatal(id, err)
					}
				}
				if err := store.PutOpen(ctx, archive.Opened{Domain: "d", Job: id}, []byte(`"old"`)); err != nil {
					t.Fatal(err)
				}
				if err := store.PutOpen(ctx, archive.Opened{Domain: "d", Job: id}, fmt.Appendf(nil, "%q", id)); err != nil {
					t.Fatal(err)
				}
			}
			for _, id := range ids {
				var got, want []string
				for document, err := range pair[1].Outcomes(ctx, "d", "p", id) {
					if err != nil {
						t.Fatal(err)
					}
					got, want = append(got, string(document)), append(want, fmt.Sprintf("%q", fmt.Sprint(id, " ", len(got))))
				}
				if diff := cmp.Diff(want, got); diff != "" || len(got) != 11 {
					t.Errorf("%q: -want +got:\n%s", id, diff)
				}
				if got, err := store.GetOpen(ctx, archive.Opened{Domain: "d", Job: id}); err != nil || string(got) != fmt.Sprintf("%q", id) {
					t.Errorf("%q: %q, %v", id, got, err)
				}
			}
			count := func() (outcomes, opened int) {
				for _, err := range store.Outcomes(ctx, "d", "", "") {
					if err != nil {
						t.Fatal(err)
					}
					outcomes++
				}
				for _, err := range store.ListOpen(ctx) {
					if err != nil {
						t.Fatal(err)
					}
					opened++
				}
				return outcomes, opened
			}
			if outcomes, opened := count(); outcomes != 11*len(ids) || opened != len(ids) {
				t.Errorf("%d outcomes, %d open", outcomes, opened)
			}
			for range 2 {
				if err := store.CloseOpen(ctx, archive.Opened{Domain: "d", Job: "a/b"}); err != nil {
					t.Fatal(err)
				}
			}
			if outcomes, opened := count(); outcomes != 11*len(ids) || opened != len(ids)-1 {
				t.Errorf("then %d outcomes, %d open", outcomes, opened)
			}
		})
	}
}

func TestLogIsReadInPages(t *testing.T) {
	for name, pair := range stores(t) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			stream := archive.Stream{Run: archive.Run{Domain: "d", Project: "p", Process: "x"}, Pod: "pod-1", Container: "cmd-00"}
			page, err := pair[0].Lines(ctx, stream, -3, 10)
			if diff := cmp.Diff(archive.Page{}, page); err != nil || diff != "" {
				t.Errorf("no log yet: %s %v", diff, err)
			}
			if extent, err := pair[0].Extent(ctx, stream); err != nil || extent != (archive.Extent{}) {
				t.Errorf("no log yet: %+v, %v", extent, err)
			}
			log, err := pair[0].Resume(ctx, stream, archive.Options{})
			if err != nil {
				t.Fatal(err)
			}
			text := "2026-11-21T12:00:00.000000001Z a\n2026-11-21T12:00:00.000000001Z a\n2026-11-21T12:00:01Z \x1b[1mb\n2026-11-21T12:00:02Z last"
			if err := log.Copy(ctx, io.NopCloser(strings.NewReader(text))); err != nil {
				t.Fatal(err)
			}
			page, err = pair[1].Lines(ctx, stream, 0, 10)
			if err != nil || page.Total != 3 || page.Done {
				t.Errorf("while it is copied: %+v, %v", page, err)
			}
			if extent, err := pair[1].Extent(ctx, stream); err != nil || extent != (archive.Extent{Total: 3}) {
				t.Errorf("while it is copied: %+v, %v", extent, err)
			}
			if err := log.Finish(ctx, false, map[string]int{"exitCode": 7}); err != nil {
				t.Fatal(err)
			}
			at := func(ns int) time.Time { return time.Date(2026, 11, 21, 12, 0, 0, ns, time.UTC) }
			lines := []archive.Line{
				{Number: 0, Time: at(1), Text: "a"},
				{Number: 1, Time: at(1), Text: "a"},
				{Number: 2, Time: at(1e9), Text: "\x1b[1mb"},
				{Number: 3, Time: at(2e9), Text: "last"},
			}
			for _, test := range []struct {
				offset int64
				limit  int
				want   archive.Page
			}{
				{0, 10, archive.Page{Lines: lines, Next: 4, Total: 4, Done: true}},
				{1, 2, archive.Page{Lines: lines[1:3], Next: 3, Total: 4}},
				{-1, 10, archive.Page{Lines: lines[3:], Next: 4, Total: 4, Done: true}},
				{-100, 1, archive.Page{Lines: lines[:1], Next: 1, Total: 4}},
				{4, 10, archive.Page{Next: 4, Total: 4, Done: true}},
				{400, 10, archive.Page{Next: 4, Total: 4, Done: true}},
				{0, 0, archive.Page{Next: 0, Total: 4}},
				{0, -1, archive.Page{Next: 0, Total: 4}},
			} {
				page, err := pair[1].Lines(ctx, stream, test.offset, test.limit)
				if diff := cmp.Diff(test.want, page); err != nil || diff != "" {
					t.Errorf("%d, %d: %v -want +got:\n%s", test.offset, test.limit, err, diff)
				}
			}
			if extent, err := pair[1].Extent(ctx, stream); err != nil || extent != (archive.Extent{Total: 4, Done: true}) {
				t.Errorf("it has %+v, %v", extent, err)
			}
			for offset := range int64(6) {
				var got []archive.Line
				for line, err := range pair[1].From(ctx, stream, offset) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, line)
				}
				if diff := cmp.Diff(lines[min(offset, 4):], got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("from %d: -want +got:\n%s", offset, diff)
				}
			}
			end, err := pair[1].LogEnd(ctx, stream)
			if err != nil || end.Lines != 4 || string(end.Document) != `{"exitCode":7}` {
				t.Errorf("its end is %+v, %v", end, err)
			}
			again, err := pair[1].Resume(ctx, stream, archive.Options{})
			if err != nil || again.End() == nil || again.Finish(ctx, true, nil) != nil || again.End().Partial {
				t.Errorf("resumed: %+v, %v", again, err)
			}
			if err := again.Copy(ctx, io.NopCloser(strings.NewReader(text))); !errors.Is(err, archive.ErrComplete) {
				t.Errorf("more of it: %v", err)
			}
		})
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"file://" + file, "file://" + file + "/below", "file://" + t.TempDir() + "?prefix=a", "file://host/a", "file://", "file:a", "s3://", "nope://x", "://", ""} {
		if store, err := archive.Open(t.Context(), url); err == nil {
			t.Errorf("%q was opened: %v", url, store)
		}
	}
}

func TestLeftoversOfKilledWritersAreRemoved(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, ".tmp", "object-1")
	young := filepath.Join(dir, ".tmp", "object-2")
	for _, path := range []string{left, young} {
		if err := os.MkdirAll(filepath.Dir(path), 0o770); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(left, old, old); err != nil {
		t.Fatal(err)
	}
	store, err := archive.Open(t.Context(), "file://"+dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.PutOpen(t.Context(), archive.Opened{Domain: "d", Job: "j"}, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, ".tmp", "*"))
	if diff := cmp.Diff([]string{young}, names); err != nil || diff != "" {
		t.Errorf("%v -want +got:\n%s", err, diff)
	}
}
