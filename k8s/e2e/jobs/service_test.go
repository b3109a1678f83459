//go:build e2e

package jobs

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFromAnUploadToAResult is the way of a user: an image, its process types, a run with parameters that fit, its log as
// a page and as a stream, its result, the same once more, its end before its time. The image is deleted last, and what
// runs then goes on.
func TestFromAnUploadToAResult(t *testing.T) {
	t.Parallel()
	b := newBackend(t, "user")
	b.wantOf(t, "", http.StatusUnauthorized, http.MethodGet, "/environments", nil, nil)
	if got, err := b.upload(t, "eve", archives["tool"]); err != nil || got.status != http.StatusNotFound && got.status != http.StatusForbidden {
		t.Errorf("eve uploads: %d, %v: %s", got.status, err, got.body)
	}
	id := b.register(t, archives["tool"])
	if got, err := b.upload(t, "ada", archives["tool"]); err != nil || got.status != http.StatusOK {
		t.Errorf("the same once more: %d, %v: %s", got.status, err, got.body)
	}
	var types map[string]any
	b.want(t, http.StatusOK, http.MethodGet, "/environments/"+id+"/process-types", nil).into(t, &types)
	if len(types) != 2 || types["run"] == nil || types["echo"] == nil {
		t.Errorf("process types %v", types)
	}

	processes := "/projects/" + b.domain + "/process"
	wrong := work(id, "print")
	wrong["params"] = map[string]any{"args": []any{"print", 7}, "more": true}
	var problem struct{ Errors []struct{ Pointer string } }
	b.want(t, http.StatusUnprocessableEntity, http.MethodPost, processes, wrong).into(t, &problem)
	pointers := map[string]bool{}
	for _, one := range problem.Errors {
		pointers[one.Pointer] = true
	}
	if !pointers["/params/args/1"] {
		t.Errorf("what is wrong is at %v, want /params/args/1", pointers)
	}
	b.wantOf(t, "eve", http.StatusNotFound, http.MethodPost, processes, nil, work(id, "print", "x"))

	key := map[string]string{"Idempotency-Key": "once"}
	body := work(id, "print", "one", "two", "three")
	path := b.wantOf(t, "ada", http.StatusCreated, http.MethodPost, processes, key, body).location
	if again := b.wantOf(t, "ada", http.StatusOK, http.MethodPost, processes, key, body).location; again != path {
		t.Errorf("the same request made %s and %s", path, again)
	}
	b.ended(t, path, "done")
	if diff := cmp.Diff([]string{"one", "two", "three"}, b.lines(t, path, "")); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"two"}, b.lines(t, path, "?offset=-2&limit=1")); diff != "" {
		t.Errorf("a page from the end (-want +got):\n%s", diff)
	}
	b.wantOf(t, "eve", http.StatusNotFound, http.MethodGet, path+"/logs", nil, nil)
	var result struct {
		ReturnCode     *int
		Stdout, Stderr []string
		Exception      *string
	}
	b.want(t, http.StatusOK, http.MethodGet, path+"/versions/0/result", nil).into(t, &result)
	if result.ReturnCode == nil || *result.ReturnCode != 0 || !cmp.Equal(result.Stdout, []string{"one\ntwo\nthree\n"}) || len(result.Stderr) > 0 || result.Exception != nil {
		t.Errorf("result %s", asJSON(result))
	}

	b.want(t, http.StatusCreated, http.MethodPost, path+"/versions/0/clone", map[string]any{})
	if got := b.ended(t, path, "done"); len(got.Versions) != 2 {
		t.Errorf("%d versions, want 2", len(got.Versions))
	}

	long := b.launch(t, work(id, "sleep", "600"))
	b.want(t, http.StatusAccepted, http.MethodPost, long+"/versions/0/cancel", nil)
	b.ended(t, long, "canceled")
	b.want(t, http.StatusConflict, http.MethodPost, long+"/versions/0/cancel", nil)

	// The stream is opened while the run goes on, and ends with it.
	spewing := b.launch(t, work(id, "spew", "40", "20", "3"))
	got := b.wantOf(t, "ada", http.StatusOK, http.MethodGet, spewing+"/logs", map[string]string{"Accept": "text/event-stream"}, nil)
	if n := strings.Count(string(got.body), "event: log\n"); n != 80 || !strings.Contains(string(got.body), "event: end\n") {
		t.Errorf("the stream had %d lines, want 80 and the end:\n%s", n, got.body)
	}

	running := b.launch(t, work(id, "sleep", "10"))
	b.want(t, http.StatusNoContent, http.MethodDelete, "/api/v1/environment/"+id, nil)
	b.want(t, http.StatusGone, http.MethodPost, processes, work(id, "print", "x"))
	b.ended(t, running, "done")
}

// TestOneOfManyUploadsOfOneNameMakesTheEnvironment: twenty at once, of which one is 201. T20.
func TestOneOfManyUploadsOfOneNameMakesTheEnvironment(t *testing.T) {
	t.Parallel()
	const uploads = 20
	b := newBackend(t, "race", "--max-uploads", "20")
	statuses := make(chan string, uploads)
	var all sync.WaitGroup
	for range uploads {
		all.Go(func() {
			got, err := b.upload(t, "ada", archives["named"])
			if err != nil {
				statuses <- err.Error()
				return
			}
			if got.status >= 300 {
				t.Logf("%d: %s", got.status, got.body)
			}
			statuses <- fmt.Sprint(got.status)
		})
	}
	all.Wait()
	close(statuses)
	count := map[string]int{}
	for status := range statuses {
		count[status]++
	}
	if diff := cmp.Diff(map[string]int{"201": 1, "200": uploads - 1}, count); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// TestBackendThatIsKilledLosesNothing kills the program itself, at moments that nobody chose, while runs start, print and
// end. T13.
func TestBackendThatIsKilledLosesNothing(t *testing.T) {
	t.Parallel()
	b := newBackend(t, "killed")
	id := b.register(t, archives["tool"])
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprint(i, " xxx"), "same")
	}
	var paths []string
	for range 6 {
		paths = append(paths, b.launch(t, work(id, "spew", "100", "20", "3")))
	}
	for range 5 {
		time.Sleep(time.Duration(500+rand.IntN(2500)) * time.Millisecond)
		b.kill(t)
		b.start(t)
	}
	for _, path := range paths {
		got := b.ended(t, path, "done")
		if diff := cmp.Diff(want, b.lines(t, path, "?limit=1000")); diff != "" || len(got.Versions[0].Warnings) != 0 {
			t.Errorf("%s: warnings %v, log (-want +got):\n%s", path, got.Versions[0].Warnings, diff)
		}
	}
}
