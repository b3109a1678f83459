package webserver_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"kernelindexer/manifests"
)

// publish makes a pair of many packages: the first family name has one of them, the second 400, and the rest are others.
func publish(t testing.TB, dir string, kernels, packages int) {
	t.Helper()
	d, err := manifests.OpenDir(dir, manifests.Atomic)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	_, err = d.Publish(t.Context(), func(yield func(manifests.Entry, error) bool) {
		for k := range kernels {
			m := manifests.Manifest{
				Language: "R", KernelName: fmt.Sprintf("kernel%05d", k), KernelVersion: "1.0", LanguageVersion: "4.5.1",
				IndexedDate: "2026-01-31T04:00:00Z", Fingerprint: "v1",
			}
			for p := range packages {
				name := fmt.Sprintf("other-%05d", p)
				switch {
				case p == 0:
					name = "numpy"
				case p <= 400:
					name = fmt.Sprintf("r-package%05d", p)
				}
				m.Packages = append(m.Packages, manifests.Package{Name: name, Version: fmt.Sprintf("1.%d", k), Source: manifests.SourceR})
			}
			if !yield(manifests.NewEntry(m), nil) {
				return
			}
		}
	}, testNow, manifests.Publication{Collated: manifests.CollatedName, Index: manifests.PackageIndexName})
	if err != nil {
		t.Fatal(err)
	}
}

// An answer that is sent in pieces has the same bytes as one that is not.
func TestLargeAnswersAreStreamed(t *testing.T) {
	s := newSite(t, "")
	publish(t, s.dir, 20, 1000)
	s.refresh()
	var want bytes.Buffer
	want.WriteString(`{"query":"","total_matches":1000,"packages":[`)
	n := 0
	for p := range s.pair.Current().Catalog.Packages() {
		if n++; n > 1 {
			want.WriteByte(',')
		}
		want.Write(p.AppendJSON(nil))
	}
	want.WriteString(`]}`)
	if want.Len() < 2<<20 {
		t.Fatalf("%d bytes are no large answer", want.Len())
	}
	server := s.serve()
	got := fetch(t, http.MethodGet, server.URL+"/api/packages/search")
	if got.body != want.String() {
		t.Errorf("%d bytes, want %d", len(got.body), want.Len())
	}
	if head := fetch(t, http.MethodHead, server.URL+"/api/packages/search"); head.status != http.StatusOK || head.header.Get("ETag") != got.header.Get("ETag") {
		t.Errorf("HEAD: %v", head)
	}
}

// A search that was kept answers as the one that was made, and not for another generation.
func TestKeptSearches(t *testing.T) {
	s := newSite(t, "ours")
	for _, target := range []string{
		"/api/packages/search?query=sf", "/api/packages/search?query=SF", "/api/packages/search?query=", "/api/packages/search?query=none",
		"/api/packages/search?query=" + strings.Repeat("x", 5000),
	} {
		s.use("ours")
		s.refresh()
		first := s.get(http.StatusOK, target)
		again := s.get(http.StatusOK, target)
		diff(t, target, first.Body.String(), again.Body.String())
		diff(t, target, first.Header(), again.Header())
		s.use("original")
		s.refresh()
		other := s.get(http.StatusOK, target)
		diff(t, target, newSite(t, "original").get(http.StatusOK, target).Body.String(), other.Body.String())
	}
}

// More different queries than are kept: all of them are answered, and memory for them is bounded by the constants.
func TestManyDifferentSearches(t *testing.T) {
	s := newSite(t, "ours")
	for i := range 5000 {
		r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/api/packages/search?query=q%d", i), http.NoBody)
		w := httptest.NewRecorder()
		s.echo.ServeHTTP(w, r)
		if want := fmt.Sprintf(`{"query":"q%d","total_matches":0,"packages":[]}`, i); w.Body.String() != want {
			t.Fatalf("%d: %s", i, w.Body)
		}
	}
}

// Answers are of one pair, whichever is served just then.
func TestSearchesWhilePairsChange(t *testing.T) {
	s := newSite(t, "ours")
	bodies := map[string]bool{}
	for _, folder := range []string{"original", "ours"} {
		s.use(folder)
		s.refresh()
		bodies[s.get(http.StatusOK, "/api/packages/search").Body.String()] = true
	}
	var readers sync.WaitGroup
	end := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				w := httptest.NewRecorder()
				s.echo.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/packages/search", http.NoBody))
				if w.Code != http.StatusOK || !bodies[w.Body.String()] {
					t.Errorf("%d %.80s", w.Code, w.Body)
					return
				}
			}
		})
	}
	for i := range 16 {
		s.use([]string{"original", "ours"}[i%2])
		s.refresh()
	}
	close(end)
	readers.Wait()
}

// discard is a client that reads nothing.
type discard struct {
	header http.Header
	bytes  int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { d.bytes += len(p); return len(p), nil }

// BenchmarkSearch is the handler without a connection, on a catalog of the size of a real one: answers that are kept,
// and answers that are made each time.
func BenchmarkSearch(b *testing.B) {
	s := newSite(b, "")
	publish(b, s.dir, 5, 1037)
	s.refresh()
	for name, query := range map[string]string{"1hit": "numpy", "400hits": "r-package"} {
		b.Run(name+"/kept", func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/api/packages/search?query="+query, http.NoBody)
			run(b, s, func(int) *http.Request { return r })
		})
		b.Run(name+"/made", func(b *testing.B) {
			// Other parameters do not matter; a query in another case is another answer.
			r := httptest.NewRequest(http.MethodGet, "/api/packages/search", http.NoBody)
			run(b, s, func(i int) *http.Request {
				r.URL.RawQuery = "query=" + inCase(query, i)
				return r
			})
		})
	}
}

// inCase spells a text with the letter cases of a number: 512 different ways.
func inCase(text string, n int) string {
	spelled := []byte(text)
	bit := 0
	for i, c := range spelled {
		if 'a' <= c && c <= 'z' {
			if n>>(bit%9)&1 == 1 {
				spelled[i] -= 'a' - 'A'
			}
			bit++
		}
	}
	return string(spelled)
}

func run(b *testing.B, s *site, request func(int) *http.Request) {
	b.Helper()
	b.ReportAllocs()
	w := &discard{header: http.Header{}}
	for i := 0; b.Loop(); i++ {
		clear(w.header)
		s.echo.ServeHTTP(w, request(i))
	}
	b.SetBytes(int64(w.bytes / max(b.N, 1)))
}

// BenchmarkSearchServed is the same over loopback connections, as a load generator would ask.
func BenchmarkSearchServed(b *testing.B) {
	s := newSite(b, "")
	publish(b, s.dir, 5, 1037)
	s.refresh()
	server := s.serve()
	for name, query := range map[string]string{"1hit": "numpy", "400hits": "r-package"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				client := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
				defer client.CloseIdleConnections()
				for pb.Next() {
					response, err := client.Get(server.URL + "/api/packages/search?query=" + query)
					if err != nil {
						b.Error(err)
						return
					}
					_, err = io.Copy(io.Discard, response.Body)
					response.Body.Close()
					if err != nil || response.StatusCode != http.StatusOK {
						b.Error(response.Status, err)
						return
					}
				}
			})
		})
	}
}
