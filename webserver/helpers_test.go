package webserver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"
	"go.uber.org/goleak"

	"kernelindexer/manifests"
	"kernelindexer/serve/openapitest"
	"kernelindexer/webserver"
	"kernelindexer/webserver/reload"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testNow is the time in tests: some hours after the documents of testdata/ours.
var testNow = time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)

// site is a server on files of its own. Every answer that it gives is held against the OpenAPI document.
type site struct {
	t        testing.TB
	dir      string
	pair     webserver.Pair
	echo     *echo.Echo
	contract *openapitest.Contract
}

// newSite starts a server on a copy of a folder of testdata; "" is no files.
func newSite(t testing.TB, folder string, change ...func(*webserver.Options)) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	if folder != "" {
		s.use(folder)
	}
	r := reload.New(reload.Config{
		Collated: filepath.Join(s.dir, manifests.CollatedName), Index: filepath.Join(s.dir, manifests.PackageIndexName),
		Interval: time.Hour,
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	s.pair = r
	if err := r.Refresh(ctx); (err == nil) != (folder != "") {
		t.Fatalf("first load of %q: %v", folder, err)
	}
	s.start(change...)
	return s
}

// start makes the routes.
func (s *site) start(change ...func(*webserver.Options)) {
	s.t.Helper()
	o := webserver.Options{Pair: s.pair, Version: "1.2.3", Now: func() time.Time { return testNow }}
	for _, c := range change {
		c(&o)
	}
	e, err := webserver.New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.echo, s.contract = e, newContract(s.t, e)
}

// use copies both documents of a folder of testdata over those that are served.
func (s *site) use(folder string) {
	s.t.Helper()
	for _, name := range []string{manifests.CollatedName, manifests.PackageIndexName} {
		data, err := os.ReadFile(filepath.Join("testdata", folder, name))
		if err != nil {
			s.t.Fatal(err)
		}
		s.write(name, string(data))
	}
}

// write replaces a file by rename, as publishers do.
func (s *site) write(name, content string) {
	s.t.Helper()
	temporary := filepath.Join(s.dir, "."+name+".tmp")
	if err := os.WriteFile(temporary, []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(temporary, filepath.Join(s.dir, name)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) remove(name string) {
	s.t.Helper()
	if err := os.Remove(filepath.Join(s.dir, name)); err != nil {
		s.t.Fatal(err)
	}
}

// refresh has the files read.
func (s *site) refresh() {
	s.t.Helper()
	if err := s.pair.Refresh(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

// ask sends a request with header fields "Name: value".
func (s *site) ask(method, target string, fields ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, target, http.NoBody)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.contract.Serve(s.t, w, r)
	return w
}

// get asks with GET and wants a status.
func (s *site) get(status int, target string, fields ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	w := s.ask(http.MethodGet, target, fields...)
	if w.Code != status {
		s.t.Fatalf("GET %s: %d %s, want %d", target, w.Code, w.Body, status)
	}
	return w
}

func diff(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func basePath(base string) func(*webserver.Options) {
	return func(o *webserver.Options) { o.BasePath = base }
}

func tryBasePath(base string) error {
	_, err := webserver.New(webserver.Options{Pair: &fakePair{}, BasePath: base})
	return err
}

// send is ask for a request that is made already.
func (s *site) send(r *http.Request) *httptest.ResponseRecorder {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.contract.Serve(s.t, w, r)
	return w
}

// serve has the routes listen on a loopback address.
func (s *site) serve() *httptest.Server {
	server := httptest.NewServer(s.echo)
	s.t.Cleanup(func() {
		server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return server
}
