package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/manifests"
)

// site serves a directory as a web server does that knows nothing of our documents: each file has a tag of its own.
type site struct {
	dir      string
	mu       sync.Mutex
	requests []string // what was answered, such as "200 collated_manifests.json"
	answer   func(w http.ResponseWriter, r *http.Request) bool
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.answer != nil && s.answer(w, r) {
		return
	}
	name := filepath.Base(r.URL.Path)
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil || r.URL.Path != "/base/data/"+name {
		http.NotFound(w, r)
		return
	}
	tag, status := `"`+digest(string(data))+`"`, http.StatusOK
	if r.Header.Get("If-None-Match") == tag {
		status = http.StatusNotModified
	}
	s.mu.Lock()
	s.requests = append(s.requests, fmt.Sprint(status, " ", name))
	s.mu.Unlock()
	w.Header().Set("ETag", tag)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if status == http.StatusOK {
		w.Write(data)
	}
}

// seen returns the requests since it was called last.
func (s *site) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := s.requests
	s.requests = nil
	return requests
}

const (
	oneKernel  = "R/pecan/1.9 4.5.1\nopenssl 3.5.4 conda h7b_0 conda-forge\n"
	twoKernels = oneKernel + "R/pecan/1.91 4.4.3\nsf 1.0-20 r\n"
)

// newSite serves a published pair.
func newSite(t *testing.T, kernels string) (*site, string) {
	t.Helper()
	s := &site{dir: t.TempDir()}
	if err := publish(s.dir, kernels); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL + "/base/"
}

// kernelsFrom runs the command as its users do. cacheHome may be "" for none.
func kernelsFrom(t *testing.T, from, cacheHome string, args ...string) (code int, out, errOut string) {
	t.Helper()
	env := map[string]string{"KERNELS_FROM": from, "XDG_CACHE_HOME": cacheHome}
	var stdout, stderr bytes.Buffer
	p := program{
		args:   args,
		lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		out:    &stdout, errOut: &stderr,
	}
	code = p.run(t.Context())
	return code, stdout.String(), stderr.String()
}

func mustList(t *testing.T, from, cacheHome, want string) {
	t.Helper()
	code, out, errOut := kernelsFrom(t, from, cacheHome, "list", "--jq", `[.kernels[] | .version] | join(" ")`)
	if code != exitOK || strings.TrimSpace(out) != want {
		t.Fatalf("exit %d, %q, want %q\n%s", code, out, want, errOut)
	}
}

// pairs returns how many folders there are in the cache.
func pairs(t *testing.T, cacheHome string) (n int) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(cacheHome, "kernels/*/*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

func TestServerIsAskedForWhatHasChanged(t *testing.T) {
	s, from := newSite(t, oneKernel)
	home := t.TempDir()
	const c, x = manifests.CollatedName, manifests.PackageIndexName
	check := func(want ...string) {
		t.Helper()
		if d := cmp.Diff(want, s.seen()); d != "" {
			t.Errorf("requests (-want +got):\n%s", d)
		}
	}
	mustList(t, from, home, "1.9")
	check("200 "+c, "200 "+x)
	mustList(t, from, home, "1.9")
	check("304 "+c, "304 "+x)
	if err := publish(s.dir, twoKernels); err != nil {
		t.Fatal(err)
	}
	mustList(t, from, home, "1.9 1.91")
	check("200 "+c, "200 "+x)
	mustList(t, from, home, "1.9 1.91")
	check("304 "+c, "304 "+x)
	// Back to what is in the cache, too: that is the newest again.
	if err := publish(s.dir, oneKernel); err != nil {
		t.Fatal(err)
	}
	mustList(t, from, home, "1.9")
	check("200 "+c, "200 "+x)
	mustList(t, from, home, "1.9")
	check("304 "+c, "304 "+x)
	if n := pairs(t, home); n != 2 {
		t.Errorf("%d folders in the cache, want 2", n)
	}
}

func TestOldPairsAndPartsAreRemoved(t *testing.T) {
	s, from := newSite(t, oneKernel)
	home := t.TempDir()
	mustList(t, from, home, "1.9")
	found, err := filepath.Glob(filepath.Join(home, "kernels/*/*"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	part := filepath.Join(filepath.Dir(found[0]), partPrefix+"1")
	if err := os.Mkdir(part, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range append(found, part) {
		if err := os.Chtimes(dir, time.Time{}, time.Now().Add(-2*leftover)); err != nil {
			t.Fatal(err)
		}
	}
	if err := publish(s.dir, twoKernels); err != nil {
		t.Fatal(err)
	}
	mustList(t, from, home, "1.9 1.91")
	if n := pairs(t, home); n != 1 {
		t.Errorf("%d folders in the cache, want 1", n)
	}
}

// While the server is asked, another process or the user empties the cache.
func TestCacheIsEmptiedMeanwhile(t *testing.T) {
	s, from := newSite(t, oneKernel)
	home := t.TempDir()
	mustList(t, from, home, "1.9")
	s.seen()
	var once sync.Once
	s.answer = func(http.ResponseWriter, *http.Request) bool {
		once.Do(func() {
			old, err := filepath.Glob(filepath.Join(home, "kernels/*/[^p]*"))
			if err != nil || len(old) != 1 {
				t.Error(old, err)
			}
			for _, dir := range old {
				os.RemoveAll(dir)
			}
		})
		return false
	}
	mustList(t, from, home, "1.9")
	if got := len(s.seen()); got != 4 {
		t.Errorf("%d requests, want 2 for nothing and 2 more", got)
	}
}

// Without a cache directory, or with one that cannot be written, all commands work, and nothing is left behind.
func TestServerWithoutACache(t *testing.T) {
	_, from := newSite(t, oneKernel)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, home := range []string{"", "relative", file, "/proc/none"} {
		mustList(t, from, home, "1.9")
		mustList(t, from, home, "1.9")
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	t.Setenv("TMPDIR", "/proc/none")
	code, _, errOut := kernelsFrom(t, from, "", "list")
	if code != exitTrouble || !strings.Contains(errOut, "set XDG_CACHE_HOME or TMPDIR") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

// A pair that cannot be put into the cache is read where it is, and removed then.
func TestInstallThatFails(t *testing.T) {
	tags := [2]string{`"a"`, `"b"`}
	home := t.TempDir()
	file := filepath.Join(home, digest(tags[0], tags[1]))
	if err := os.WriteFile(file, nil, 0o600); err != nil { // where the folder is to be
		t.Fatal(err)
	}
	c := cache{filepath.Join(home, "missing")}
	for _, tags := range [][2]string{tags, {"", `"b"`}, {`"a"`, "\"b\"\nc"}} {
		if got := c.install(t.TempDir(), tags); !got.temporary {
			t.Errorf("%q: installed in %s", tags, got.path)
		}
	}
	c = cache{home}
	part, err := c.temporary()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.install(part, tags); !got.temporary || got.path != part {
		t.Errorf("installed in %s", got.path)
	}
}

func TestManyAtOnceShareACache(t *testing.T) {
	s, from := newSite(t, oneKernel)
	home := t.TempDir()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if i == 4 {
				if err := publish(s.dir, twoKernels); err != nil {
					t.Error(err)
				}
			}
			for range 5 {
				code, out, errOut := kernelsFrom(t, from, home, "list", "--jq", `[.kernels[] | .version] | join(" ")`)
				if out != "1.9\n" && out != "1.9 1.91\n" {
					t.Errorf("exit %d: %q %s", code, out, errOut)
				}
			}
		})
	}
	all.Wait()
	mustList(t, from, home, "1.9 1.91")
	if n := pairs(t, home); n > 4 { // each of both pairs, and halves that came out as one
		t.Errorf("%d folders in the cache", n)
	}
}

// Between the two requests the server takes a new pair.
func TestPairIsOfOneGeneration(t *testing.T) {
	s, from := newSite(t, oneKernel)
	next := t.TempDir()
	if err := publish(next, twoKernels); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	s.answer = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, manifests.PackageIndexName) {
			once.Do(func() { s.dir = next })
		}
		return false
	}
	mustList(t, from, t.TempDir(), "1.9 1.91")

	// For ever: the two never belong together.
	s.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, manifests.PackageIndexName) {
			return false
		}
		io.WriteString(w, `{"indexed_date":"2026-01-31T04:05:06Z","generation":"other","packages":[]}`)
		return true
	}
	home := t.TempDir()
	code, _, errOut := kernelsFrom(t, from, home, "list")
	if code != exitTrouble || !strings.Contains(errOut, "documents of different generations") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if n := pairs(t, home); n != 0 {
		t.Errorf("%d folders in the cache", n)
	}
}

func TestServerErrorsSayWhatAndWhere(t *testing.T) {
	write := func(status int, kind, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			io.WriteString(w, body)
			return true
		}
	}
	tests := map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		want   string
	}{
		"problem":  {write(503, "application/problem+json", `{"title":"t","detail":"There is no index yet"}`), "/data/collated_manifests.json: 503 Service Unavailable: There is no index yet"},
		"legacy":   {write(404, "application/json", `{"detail":"Not Found"}`), "404 Not Found: Not Found"},
		"html 404": {write(404, "text/html; charset=utf-8", "<html>"), "the address of a kernel-web server"},
		"login":    {write(200, "text/html", "<html>"), "does it ask for a login?"},
		"401":      {write(401, "text/plain", "no"), "use the directory if you can"},
		"500":      {write(500, "text/plain", "\x1b[2J"), "500 Internal Server Error; try again later"},
		"no json":  {write(200, "application/json", "hello"), "not one of our documents"},
		"array":    {write(200, "application/json", "[]"), "not one of our documents"},
		"empty":    {write(200, "application/json", ""), "not one of our documents"},
		"hostile":  {write(503, "application/problem+json", `{"detail":"\u001b[2J\u009b"}`), `503 Service Unavailable: \x1b[2J\u009b`},
		"304":      {write(304, "", ""), "304 Not Modified"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "{")
			return true
		}, "unexpected EOF"},
		"slow": {func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }, "no complete answer within 300ms (--timeout)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, from := newSite(t, oneKernel)
			s.answer = test.answer
			home := t.TempDir()
			code, out, errOut := kernelsFrom(t, from, home, "list", "--timeout", "300ms")
			if code != exitTrouble || out != "" || !strings.Contains(errOut, test.want) || !strings.Contains(errOut, from) {
				t.Errorf("exit %d, want %q in\n%s", code, test.want, errOut)
			}
			if strings.ContainsAny(errOut, "\x1b\u009b") {
				t.Errorf("a terminal would obey %q", errOut)
			}
			if n := pairs(t, home); n != 0 {
				t.Errorf("%d folders in the cache", n)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		code, _, errOut := kernelsFrom(t, "http://user:secret@127.0.0.1:1", t.TempDir(), "list")
		if code != exitTrouble || !strings.Contains(errOut, "http://user:xxxxx@127.0.0.1:1: no answer: ") || strings.Contains(errOut, "secret") {
			t.Errorf("exit %d: %s", code, errOut)
		}
	})
}

// A compressed answer is what it was before, and a cut one is none.
func TestCompressedAnswers(t *testing.T) {
	s, from := newSite(t, oneKernel)
	cut := false
	s.answer = func(w http.ResponseWriter, r *http.Request) bool {
		data, err := os.ReadFile(filepath.Join(s.dir, filepath.Base(r.URL.Path)))
		if err != nil || r.Header.Get("Accept-Encoding") != "gzip" {
			t.Error(err, r.Header)
		}
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		z.Write(data)
		z.Close()
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("ETag", `"x-gzip"`)
		if cut {
			packed.Truncate(packed.Len() - 10)
		}
		w.Write(packed.Bytes())
		return true
	}
	mustList(t, from, t.TempDir(), "1.9")
	cut = true
	if code, _, errOut := kernelsFrom(t, from, t.TempDir(), "list"); code != exitTrouble || !strings.Contains(errOut, "unexpected EOF") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}
