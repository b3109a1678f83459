package environment_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
)

// linking is a registry whose repositories have blobs of their own, where those of the library's test registry have all in
// common, that may link them from one to another, and counts what is sent to it.
type linking struct {
	http.Handler

	links   bool // it does
	refuses bool // all that goes to the repository of what is not known yet
	sent    chan struct{}

	mu     sync.Mutex
	bytes  map[string]int64 // of PATCH and PUT, by repository
	has    map[string]bool  // repository and digest
	linked int
}

func (l *linking) wrap(to http.Handler) http.Handler {
	l.Handler, l.bytes, l.has, l.sent = to, map[string]int64{}, map[string]bool{}, make(chan struct{}, 16)
	return l
}

// ServeHTTP answers one request.
func (l *linking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	repository, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/environments/"), "/")
	query := r.URL.Query()
	switch {
	case l.refuses && repository == "incoming":
		w.WriteHeader(http.StatusForbidden)
		return
	case l.links && l.link(repository, strings.TrimPrefix(query.Get("from"), "environments/"), query.Get("mount")):
		w.WriteHeader(http.StatusCreated)
		return
	case r.Method == http.MethodHead && strings.Contains(r.URL.Path, "/blobs/") && !l.link(repository, repository, path.Base(r.URL.Path)):
		w.WriteHeader(http.StatusNotFound)
		return
	}
	body := &counted{ReadCloser: r.Body}
	r.Body = body
	l.Handler.ServeHTTP(w, r)
	l.mu.Lock()
	l.bytes[repository] += body.n
	l.has[repository+query.Get("digest")] = true
	l.mu.Unlock()
	if r.Method == http.MethodPut && repository == "incoming" {
		l.sent <- struct{}{}
	}
}

// link gives a repository a blob that another has, and says whether that has it.
func (l *linking) link(to, from, digest string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if digest == "" || !l.has[from+digest] {
		return false
	}
	if to != from {
		l.linked++
	}
	l.has[to+digest] = true
	return true
}

type counted struct {
	io.ReadCloser
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n += int64(n)
	return n, err
}

// largeLayer cannot be compressed, and is worth sending early.
func largeLayer() []byte {
	body := make([]byte, 3<<20)
	_, err := rand.NewChaCha8([32]byte{}).Read(body)
	must(err)
	return tarOf("opt/large", string(body), "etc/passwd", "app:x:1000:1000::/home/app:/bin/sh\n")
}

// heldBack is an archive whose end comes when the registry has its first layer.
type heldBack struct {
	archive *bytes.Reader
	end     int
	sent    <-chan struct{}
	t       *testing.T
}

func (h *heldBack) Read(p []byte) (int, error) {
	left := h.archive.Len() - h.end
	if left > 0 {
		return h.archive.Read(p[:min(len(p), left)])
	}
	if h.sent != nil {
		select {
		case <-h.sent:
		case <-time.After(time.Minute):
			h.t.Error("the layer is there, and is not sent before the archive has ended")
		}
		h.sent = nil
	}
	return h.archive.Read(p)
}

// TestLayersAreSentWhileTheArchiveArrives, and not a second time where the registry links.
func TestLayersAreSentWhileTheArchiveArrives(t *testing.T) {
	for _, links := range []bool{true, false} {
		l := &linking{links: links}
		b := newBed(t, l.wrap)
		layer := largeLayer()
		archive := saved("large:1", "app", layer)
		// What follows the layer is too small to be sent, and more than is read ahead.
		small := strings.Repeat("x", 1000<<10)
		after := len(archive) - len(saved("large:1", "app", nil)) + 512
		archive = slices.Concat(archive[:after], bytes.TrimRight(tarOf("a", small, "b", small), "\x00"), archive[after:])
		upload, err := b.Receive(t.Context(), &heldBack{bytes.NewReader(archive), len(archive) - after - 1500<<10, l.sent, t}, t.TempDir(), image.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		made, result, err := b.Upload(t.Context(), upload, "a", environment.Terms{By: "ann"})
		if err != nil || result != environment.Created {
			t.Fatal(result, err)
		}
		must(upload.Close())
		early, later := l.bytes["incoming"], l.bytes[made.ID]
		if links && (early != int64(len(layer)) || l.linked != 1 || later > 1<<20) {
			t.Errorf("%d bytes early, %d links, then %d bytes; the layer has %d", early, l.linked, later, len(layer))
		}
		if !links && (early != int64(len(layer)) || later < int64(len(layer))) {
			t.Errorf("a registry that does not link got %d and %d bytes of a layer of %d", early, later, len(layer))
		}
		ref, err := name.NewDigest(made.Image)
		must(err)
		pulled, err := remote.Image(ref)
		must(err)
		if layers, err := pulled.Layers(); err != nil || len(layers) != 1 {
			t.Errorf("%d layers, %v", len(layers), err)
		}
	}
}

// TestWhatCannotBeSentEarlyIsSentLater: a registry that wants nothing but environments gets these all the same, and an
// archive that is none is refused as before.
func TestWhatCannotBeSentEarlyIsSentLater(t *testing.T) {
	l := &linking{refuses: true}
	b := newBed(t, l.wrap)
	if _, result, err := b.upload(t, saved("large:1", "app", largeLayer()), "a", environment.Terms{By: "ann"}); err != nil || result != environment.Created {
		t.Error(result, err)
	}
	if _, _, err := b.upload(t, bytes.Repeat([]byte("no archive "), 1<<20), "a", environment.Terms{By: "ann"}); err == nil {
		t.Error("what is no archive is taken")
	}
}

// TestUploadThatIsGivenUpStopsSending: closing it waits for nobody who does not answer.
func TestUploadThatIsGivenUpStopsSending(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	asked := make(chan struct{}, 16)
	b := newBed(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			select {
			case <-stuck:
			case <-r.Context().Done():
			}
		})
	})
	upload, err := b.Receive(context.Background(), bytes.NewReader(saved("large:1", "app", largeLayer())), t.TempDir(), image.Limits{})
	must(err)
	<-asked
	must(upload.Close())
}
