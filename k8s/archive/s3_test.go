package archive_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"kernelindexer/k8s/archive"
)

// bucketURL is the ARCHIVE_URL of an empty bucket of an S3 of our own. Its
// backend decides a write with If-None-Match under one lock, as S3 does. between
// may stand between it and its clients.
func bucketURL(t *testing.T, between func(http.Handler) http.Handler) string {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
	backend := s3mem.New()
	if err := backend.CreateBucket("archive"); err != nil {
		t.Fatal(err)
	}
	handler := gofakes3.New(backend).Server()
	if between != nil {
		handler = between(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return "s3://archive?region=us-east-1&use_path_style=true&endpoint=" + server.URL
}

func openS3(t *testing.T, url string) *archive.Store {
	t.Helper()
	store, err := archive.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestDeploymentsShareABucket(t *testing.T) {
	url := bucketURL(t, nil)
	run := archive.Run{Domain: "d", Project: "p", Process: "x"}
	for _, site := range []string{"site-a/", "site-b/"} {
		store := openS3(t, url+"&prefix="+site)
		if _, first, err := store.PutOutcome(t.Context(), run, fmt.Appendf(nil, "%q", site)); err != nil || !first {
			t.Errorf("%s: %v, %v", site, first, err)
		}
		count := 0
		for document, err := range store.Outcomes(t.Context(), "d", "", "") {
			if count++; err != nil || string(document) != fmt.Sprintf("%q", site) {
				t.Errorf("%s: %s, %v", site, document, err)
			}
		}
		if count != 1 {
			t.Errorf("%s: %d outcomes", site, count)
		}
	}
}

// S3 answers 409 while it does not know yet which of two writes is first.
func TestAWriteThatMetAnotherIsTriedAgain(t *testing.T) {
	var refused atomic.Int32
	store := openS3(t, bucketURL(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") == "" || refused.Add(1) > 3 || refused.Load() == 1 { // the first is the probe
				next.ServeHTTP(w, r)
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, "<Error><Code>ConditionalRequestConflict</Code><Message>again</Message></Error>")
		})
	}))
	_, first, err := store.PutOutcome(t.Context(), archive.Run{Domain: "d"}, []byte("{}"))
	if err != nil || !first || refused.Load() != 4 {
		t.Errorf("first %v after %d writes, %v", first, refused.Load(), err)
	}
}

// A write that succeeded and whose answer was lost is made again by the client,
// and refused then: it was this one that was first all the same.
func TestAWriteWhoseAnswerIsLostIsFirst(t *testing.T) {
	var asked sync.Map // keys; of the first request for one the answer is lost
	var lost atomic.Int32
	store := openS3(t, bucketURL(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, before := asked.LoadOrStore(r.URL.Path, true)
			if before || !strings.Contains(r.URL.Path, "/outcomes/") && !strings.HasSuffix(r.URL.Path, ".ndjson") {
				next.ServeHTTP(w, r)
				return
			}
			lost.Add(1)
			next.ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(http.StatusInternalServerError)
		})
	}))
	run := archive.Run{Domain: "d"}
	if _, first, err := store.PutOutcome(t.Context(), run, []byte(`"one"`)); err != nil || !first {
		t.Errorf("first %v, %v", first, err)
	}
	if kept, first, err := store.PutOutcome(t.Context(), run, []byte(`"two"`)); err != nil || first || string(kept) != `"one"` {
		t.Errorf("then %s, %v, %v", kept, first, err)
	}
	stream := archive.Stream{Run: run, Pod: "a", Container: "c"}
	log, err := store.Resume(t.Context(), stream, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Copy(t.Context(), io.NopCloser(strings.NewReader("2026-11-21T12:00:00Z a\n"))); err != nil {
		t.Fatal(err)
	}
	if err := log.Finish(t.Context(), false, nil); err != nil {
		t.Fatal(err)
	}
	if extent, err := store.Extent(t.Context(), stream); err != nil || extent != (archive.Extent{Total: 1, Done: true}) || lost.Load() != 2 {
		t.Errorf("its log: %+v, %v, after %d answers were lost", extent, err, lost.Load())
	}
}

// A store that does not heed conditions would let two outcomes of a run be first.
func TestAStoreWithoutConditionsIsRefused(t *testing.T) {
	url := bucketURL(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("If-None-Match")
			next.ServeHTTP(w, r)
		})
	})
	if _, err := archive.Open(t.Context(), url); err == nil || !strings.Contains(err.Error(), "If-None-Match") {
		t.Errorf("got %v", err)
	}
}

func TestABucketThatIsNotThere(t *testing.T) {
	url := strings.Replace(bucketURL(t, nil), "s3://archive", "s3://none", 1)
	if store, err := archive.Open(t.Context(), url); err == nil {
		t.Errorf("it was opened: %v", store)
	}
}
