package archive_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/archive"
)

func TestExpiry(t *testing.T) {
	for name, pair := range stores(t) {
		t.Run(name, func(t *testing.T) {
			ctx, store := t.Context(), pair[0]
			logged := func(version int) archive.Stream {
				return archive.Stream{Run: archive.Run{Domain: "d", Project: "p", Process: "x", Version: version}, Pod: "a", Container: "c"}
			}
			for version := range 3 {
				log, err := store.Resume(ctx, logged(version), archive.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if err := log.Copy(ctx, io.NopCloser(strings.NewReader("2026-11-21T12:00:00Z a\n"))); err != nil {
					t.Fatal(err)
				}
			}
			for version := range 2 { // the third has not ended
				if _, _, err := store.PutOutcome(ctx, logged(version).Run, []byte("{}")); err != nil {
					t.Fatal(err)
				}
			}
			past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
			have := func() string {
				text := ""
				for version := range 3 {
					page, err := store.Lines(ctx, logged(version), 0, 10)
					_, outcome := store.Outcome(ctx, logged(version).Run)
					text += fmt.Sprint(len(page.Lines), outcome == nil, err == nil, " ")
				}
				return text
			}
			for _, step := range []struct {
				logs, outcomes time.Time
				runs           int
				want           string
			}{
				{past, past, 0, "1 true true 1 true true 1 false true "},
				{future, past, 2, "0 true true 0 true true 1 false true "},
				{future, past, 0, "0 true true 0 true true 1 false true "},
				{future, future, 2, "0 false true 0 false true 1 false true "},
			} {
				runs, err := store.Expire(ctx, step.logs, step.outcomes)
				if got := have(); err != nil || runs != step.runs || got != step.want {
					t.Errorf("%d runs, %v; got %q, want %q", runs, err, got, step.want)
				}
			}
		})
	}
}

// log is the log of a run, which has one line.
func log(ctx context.Context, store *archive.Store, stream archive.Stream) error {
	log, err := store.Resume(ctx, stream, archive.Options{})
	if err != nil {
		return err
	}
	if err := log.Copy(ctx, io.NopCloser(strings.NewReader("2026-11-21T12:00:00Z a\n"))); err != nil {
		return err
	}
	return log.Finish(ctx, false, nil)
}

// More objects than a page of a listing has, and names of which one begins as the
// other: no run is missed, and none of another name is taken.
func TestRetentionMissesNothing(t *testing.T) {
	const processes, versions = 8, 18
	for name, pair := range stores(t) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			type place struct{ domain, project string }
			places := []place{{"geo", "river"}, {"geo", "river-2"}, {"geo-dev", "river"}, {"geo-dev", "river-2"}}
			stream := func(at place, process, version int) archive.Stream {
				return archive.Stream{
					Run: archive.Run{Domain: at.domain, Project: at.project, Process: fmt.Sprint("x-", process), Version: version},
					Pod: "a", Container: "c",
				}
			}
			ended := func(version int) bool { return version%3 > 0 }
			var writers sync.WaitGroup
			for process := range processes {
				writers.Go(func() {
					for _, at := range places {
						for version := range versions {
							one := stream(at, process, version)
							err := log(ctx, pair[process%2], one)
							if ended(version) {
								_, _, failed := pair[process%2].PutOutcome(ctx, one.Run, []byte("{}"))
								err = errors.Join(err, failed)
							} else {
								err = errors.Join(err, pair[process%2].PutOpen(ctx, archive.Opened{Domain: at.domain, Job: one.Process + at.project + fmt.Sprint(version)}, []byte("{}")))
							}
							if err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			writers.Wait()
			store := pair[0]
			const runs = processes * versions * 2 / 3 // of a place, that have ended
			have := func() (have struct{ Outcomes, Logs, LogsOfOpen, Open int }) {
				for _, err := range store.ListOpen(ctx) {
					if err != nil {
						t.Fatal(err)
					}
					have.Open++
				}
				for _, at := range places {
					of := 0
					for _, err := range store.Outcomes(ctx, at.domain, at.project, "") {
						if err != nil {
							t.Fatal(err)
						}
						of++
					}
					if of != 0 && of != runs {
						t.Errorf("%v: %d outcomes", at, of)
					}
					have.Outcomes += of
					for process := range processes {
						for version := range versions {
							switch extent, err := store.Extent(ctx, stream(at, process, version)); {
							case err != nil:
								t.Fatal(err)
							case extent.Total == 1 && ended(version):
								have.Logs++
							case extent.Total == 1:
								have.LogsOfOpen++
							}
						}
					}
				}
				return have
			}
			all := have()
			past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
			want := all
			want.Outcomes, want.Logs, want.LogsOfOpen, want.Open = 4*runs, 4*runs, 2*runs, 2*runs
			if diff := cmp.Diff(want, all); diff != "" {
				t.Fatalf("-want +got:\n%s", diff)
			}
			for _, step := range []struct{ logs, outcomes time.Time }{{past, past}, {future, past}, {past, future}} {
				expired, err := store.Expire(ctx, step.logs, step.outcomes)
				took := 0
				if step.logs.Equal(future) {
					want.Logs, took = 0, 4*runs
				}
				if step.outcomes.Equal(future) {
					want.Outcomes, took = 0, 4*runs
				}
				if diff := cmp.Diff(want, have()); err != nil || expired != took || diff != "" {
					t.Errorf("%d runs, %v; -want +got:\n%s", expired, err, diff)
				}
			}
		})
	}
}
