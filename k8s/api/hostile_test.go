package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kernelindexer/k8s/api"
	"kernelindexer/k8s/environment"
)

// Forms that are damaged, cut, or not what they say are refused, and leave nothing behind.
func TestDamagedUploads(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, func(o *api.Options) { o.Upload.Dir = dir; o.Upload.Limits.Archive = 1 << 20 })
	good := saved(t, "env:1", contents(), "app")
	send := func(want int, code string, body []byte, kind string, query ...string) {
		t.Helper()
		s.refused(s.send(want, "ada", http.MethodPost, "/api/v1/environment"+strings.Join(query, ""), bytes.NewReader(body), "Content-Type", kind), code)
	}
	whole, kind := form("environmentImage", "env.tar", string(good), "domainId", "", "water")
	for _, cut := range []int{0, 1, 50, 200, whole.Len() / 2, whole.Len() - 100, whole.Len() - 3} {
		s.send(http.StatusBadRequest, "ada", http.MethodPost, "/api/v1/environment", bytes.NewReader(whole.Bytes()[:cut]), "Content-Type", kind)
	}
	parts := func(list ...string) ([]byte, string) { b, kind := form(list...); return b.Bytes(), kind }
	for _, test := range []struct {
		name   string
		status int
		code   string
		list   []string
	}{
		{"no image", 400, "MISSING_PART", []string{"domainId", "", "water"}},
		{"no domain", 400, "MISSING_PART", []string{"environmentImage", "x", string(good)}},
		{"no parts", 400, "MISSING_PART", nil},
		{"two images", 400, "BAD_REQUEST", []string{"environmentImage", "x", string(good), "environmentImage", "x", string(good), "domainId", "", "water"}},
		{"two domains", 400, "BAD_REQUEST", []string{"environmentImage", "x", string(good), "domainId", "", "water", "domainId", "", "soil"}},
		{"five parts", 400, "BAD_REQUEST", []string{"domainId", "", "water", "domainId", "", "water", "domainId", "", "water", "domainId", "", "water", "environmentImage", "x", "x"}},
		{"another part", 400, "BAD_REQUEST", []string{"environmentImage", "x", string(good), "file\r\nX-Evil: 1", "", "x"}},
		{"endless domain", 400, "BAD_REQUEST", []string{"environmentImage", "x", string(good), "domainId", "", strings.Repeat("d", 600)}},
		{"domain with a newline", 400, "BAD_REQUEST", []string{"environmentImage", "x", string(good), "domainId", "", "water\r\nX-Evil: 1"}},
		{"unknown domain", 404, "NOT_FOUND", []string{"environmentImage", "x", string(good), "domainId", "", "fire"}},
		{"no archive", 422, "NOT_AN_IMAGE", []string{"environmentImage", "x", "text", "domainId", "", "water"}},
		{"empty", 422, "NOT_AN_IMAGE", []string{"environmentImage", "x", "", "domainId", "", "water"}},
		{"half an archive", 422, "NOT_AN_IMAGE", []string{"environmentImage", "x", string(good[:len(good)/2]), "domainId", "", "water"}},
		{"too large", 413, "IMAGE_TOO_LARGE", []string{"environmentImage", "x", strings.Repeat("x", 1<<20+1), "domainId", "", "water"}},
	} {
		body, kind := parts(test.list...)
		a := s.send(test.status, "ada", http.MethodPost, "/api/v1/environment", bytes.NewReader(body), "Content-Type", kind)
		if code, _ := a.problem(); code != test.code {
			t.Errorf("%s: %s", test.name, a.Body)
		}
	}
	send(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", good, "application/x-tar")
	send(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", good, "multipart/mixed; boundary=x")
	send(http.StatusBadRequest, "BAD_REQUEST", good, "multipart/form-data")
	send(http.StatusBadRequest, "BAD_REQUEST", whole.Bytes(), kind, "?domainId=soil")
	send(http.StatusBadRequest, "BAD_REQUEST", whole.Bytes(), kind, "?overwrite=maybe")
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("%v: %v is left", err, left)
	}
	if len(s.maps.objects) != 0 {
		t.Errorf("%d objects are left", len(s.maps.objects))
	}
	// The parts come in any order, also with the domain in the query.
	body, kind := parts("domainId", "", "water", "environmentImage", "x", string(good))
	s.send(http.StatusCreated, "ada", http.MethodPost, "/api/v1/environment?domainId=water", bytes.NewReader(body), "Content-Type", kind)
}

// What is in an image is not trusted either: schemas that cannot be used are named with their place.
func TestUploadsWithBadSchemas(t *testing.T) {
	s := newSite(t)
	for schemas, pointer := range map[string]string{
		`{"a":{"schema":{"type":"objekt"}}}`:             "/a/schema/type",
		`{"a":{"schema":{"$ref":"file:///etc/passwd"}}}`: "/a/schema",
		`{"a":{"schema":{}},"b":{"schema":[]}}`:          "/b/schema",
		`{"a":{"schema":{"pattern":"(?=x)"}}}`:           "/a/schema/pattern",
		`{"a":`:                                          "",
	} {
		files := contents()
		files["app/process_schemas.json"] = schemas
		a := s.upload(http.StatusUnprocessableEntity, "ada", "water", saved(t, "env:1", files, "app"))
		if code, pointers := a.problem(); code != "SCHEMAS_INVALID" || len(pointers) == 0 || !strings.HasPrefix(pointers[0], pointer) {
			t.Errorf("%s: %s", schemas, a.Body)
		}
	}
	s.refused(s.upload(http.StatusUnprocessableEntity, "ada", "water", saved(t, "env:1", contents(), "nobody")), "UNKNOWN_USER")
}

// Of any number of uploads of one name at once exactly one makes the environment; the others come after it.
func TestConcurrentUploadsOfOneName(t *testing.T) {
	s := newSite(t, func(o *api.Options) { o.Upload.Concurrent = 20 })
	good := saved(t, "env:1", contents(), "app")
	codes := make([]int, 20)
	var all sync.WaitGroup
	for i := range codes {
		all.Go(func() {
			user, domain := "ada", "water"
			if i%2 == 1 {
				user, domain = "sol", "soil"
			}
			body, kind := form("environmentImage", "x", string(good), "domainId", "", domain)
			r := httptest.NewRequest(http.MethodPost, "/api/v1/environment", body)
			r.Header.Set("Authorization", "Bearer "+user+"-")
			r.Header.Set("Content-Type", kind)
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			codes[i] = w.Code
		})
	}
	all.Wait()
	count := map[int]int{}
	for _, code := range codes {
		count[code]++
	}
	if count[http.StatusCreated] != 1 || count[http.StatusOK] != 9 || count[http.StatusConflict] != 10 {
		t.Errorf("statuses %v", count)
	}
}

// Only so many uploads are taken at once, and the place of one that is cut is free again.
func TestUploadsAreLimited(t *testing.T) {
	s := newSite(t, func(o *api.Options) { o.Upload.Concurrent = 1; o.Upload.Stall = 2 * time.Second })
	server := httptest.NewServer(s.handler)
	defer server.Close()
	good := saved(t, "env:1", contents(), "app")
	body, kind := form("environmentImage", "x", string(good), "domainId", "", "water")
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /api/v1/environment HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ada-\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", kind, body.Len())
	if _, err := conn.Write(body.Bytes()[:body.Len()/2]); err != nil {
		t.Fatal(err)
	}
	full := func() int {
		again, kind := form("environmentImage", "x", string(good), "domainId", "", "water")
		request := httptest.NewRequest(http.MethodPost, "/api/v1/environment", again)
		request.Header.Set("Authorization", "Bearer ada-")
		request.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, request)
		return w.Code
	}
	for begun := time.Now(); s.uploaded() == 0; time.Sleep(time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("the upload does not begin")
		}
	}
	if code := full(); code != http.StatusTooManyRequests {
		t.Errorf("status %d while another upload is under way", code)
	}
	// The first one stalls: it is given up, though the client is there.
	deadline := time.Now().Add(10 * time.Second)
	for full() == http.StatusTooManyRequests {
		if time.Now().After(deadline) {
			t.Fatal("an upload that stalls keeps its place")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Who may make environments nowhere does not get to send one, though the domain may come behind the image.
func TestUploadsOfStrangersDoNotArrive(t *testing.T) {
	s := newSite(t)
	body, kind := form("environmentImage", "x", strings.Repeat("x", 1<<20), "domainId", "", "water")
	for _, user := range []string{"eve", "rea"} {
		s.refused(s.send(http.StatusForbidden, user, http.MethodPost, "/api/v1/environment", bytes.NewReader(body.Bytes()), "Content-Type", kind), "FORBIDDEN")
	}
	if got := s.uploaded(); got != 0 {
		t.Errorf("%v bytes were received", got)
	}
}

// An upload that goes on and on is given up, though something arrives now and then.
func TestUploadsEnd(t *testing.T) {
	s := newSite(t, func(o *api.Options) { o.Upload.Total = 300 * time.Millisecond })
	server := httptest.NewServer(s.handler)
	defer server.Close()
	from, to := io.Pipe()
	form := multipart.NewWriter(to)
	go func() {
		part, err := form.CreateFormFile("environmentImage", "x")
		for err == nil {
			_, err = part.Write([]byte("x"))
			time.Sleep(10 * time.Millisecond)
		}
	}()
	defer from.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api/v1/environment", from)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer ada-")
	r.Header.Set("Content-Type", form.FormDataContentType())
	begun := time.Now()
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if took := time.Since(begun); a.StatusCode != http.StatusBadRequest || took > 10*time.Second {
		t.Errorf("status %d after %v", a.StatusCode, took)
	}
}

// full is a disk without room.
type full struct{ api.Registrar }

func (full) Upload(context.Context, *environment.Incoming, string, environment.Terms) (*environment.Environment, environment.Result, error) {
	return nil, "", fmt.Errorf("write: %w", syscall.ENOSPC)
}

// A full disk is not the client's fault, and passes.
func TestFullDisk(t *testing.T) {
	s := newSite(t, func(o *api.Options) { o.Registrar = full{o.Registrar} })
	a := s.upload(http.StatusInsufficientStorage, "ada", "water", saved(t, "env:1", contents(), "app"))
	s.refused(a, "SPOOL_FULL")
	if a.Header().Get("Retry-After") == "" || strings.Contains(a.Body.String(), "no space left") {
		t.Errorf("%v %s", a.Header(), a.Body)
	}
}

// A registry that does not answer is a bad gateway.
func TestRegistryAway(t *testing.T) {
	s := newSite(t, func(o *api.Options) {
		r := *o.Registrar.(*environment.Registrar)
		var err error
		if r.Registry, err = environment.NewRegistry("127.0.0.1:1/x", true); err != nil {
			t.Fatal(err)
		}
		o.Registrar = &r
	})
	s.refused(s.upload(http.StatusBadGateway, "ada", "water", saved(t, "env:1", contents(), "app")), "REGISTRY")
}

// Panics are answered, and logged with where they were.
type broken struct{ api.Registrar }

func (broken) Upload(context.Context, *environment.Incoming, string, environment.Terms) (*environment.Environment, environment.Result, error) {
	panic(errors.New("nobody thought of this"))
}

func TestPanic(t *testing.T) {
	s := newSite(t, func(o *api.Options) { o.Registrar = broken{o.Registrar} })
	a := s.upload(http.StatusInternalServerError, "ada", "water", saved(t, "env:1", contents(), "app"))
	s.refused(a, "INTERNAL")
	if strings.Contains(a.Body.String(), "nobody thought") || !strings.Contains(s.logged.String(), "nobody thought of this") || !strings.Contains(s.logged.String(), "hostile_test.go") {
		t.Errorf("%s\n%s", a.Body, s.logged)
	}
}

// A part whose header has no end is refused before it fills the memory.
func TestEndlessPartHeader(t *testing.T) {
	s := newSite(t)
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	fmt.Fprintf(&body, "--%s\r\nContent-Disposition: form-data; name=\"environmentImage\"\r\nX-Long: %s\r\n\r\nx", w.Boundary(), strings.Repeat("x", 11<<20))
	s.refused(s.send(http.StatusBadRequest, "ada", http.MethodPost, "/api/v1/environment", &body, "Content-Type", w.FormDataContentType()), "BAD_REQUEST")
}

// Addresses that are none answer with a problem, whatever they look like, and methods that are none with what there is.
func TestUnknownAddresses(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{
		"/", "/api", "/api/v1/environment/", "/api/v1/environment/a/b", "/environments/x/process-types/a/b", "/projects/../x",
		"/projects/water/process/a%2Fb", "/projects/water%0d%0aX-Evil:1/processes", "/projects/%ff/processes", "/projects/%2e%2e/processes",
		"/projects/" + strings.Repeat("p", 600) + "/processes", "/api/v1/environment/%00",
	} {
		a := s.get(http.StatusNotFound, "ada", path)
		s.refused(a, "NOT_FOUND")
		if a.Header().Get("X-Evil") != "" {
			t.Errorf("%s: %v", path, a.Header())
		}
	}
	s.refused(s.send(http.StatusMethodNotAllowed, "ada", http.MethodPatch, "/process-types", nil), "METHOD_NOT_ALLOWED")
	s.refused(s.send(http.StatusMethodNotAllowed, "", http.MethodDelete, "/healthz", nil), "METHOD_NOT_ALLOWED")
	s.refused(s.get(http.StatusUnauthorized, "", "/process-types"), "UNAUTHENTICATED")
	s.refused(s.get(http.StatusUnauthorized, "", "/process-types", "Authorization", "Basic YWRhLTo="), "UNAUTHENTICATED")
	s.get(http.StatusOK, "", "/process-types", "Authorization", "bearer ada-")
	s.ready = errors.New("ending")
	s.refused(s.get(http.StatusServiceUnavailable, "", "/readyz"), "UNAVAILABLE")
	s.get(http.StatusOK, "", "/healthz")
}

// A client that does not read its stream is cut off, and costs nothing until then.
func TestSlowClient(t *testing.T) {
	s := newSite(t, func(o *api.Options) { o.Streams = 1; o.WriteTime = time.Second })
	server := httptest.NewServer(s.handler)
	defer server.Close()
	job := s.commands()
	line := strings.Repeat("x", 60<<10)
	lines := make([]string, 200) // 12 MB: more than any socket holds
	for i := range lines {
		lines[i] = line
	}
	s.print(job, names(job)[0], false, lines...)
	s.settle(job, "Running", running(names(job)[0]))
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ada-\r\nAccept: text/event-stream\r\n\r\n", path(job))
	if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(15 * time.Second)
	for {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path(job)+"/logs?offset=200", nil)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		r = r.WithContext(ctx)
		r.Header.Set("Authorization", "Bearer ada-")
		r.Header.Set("Accept", "text/event-stream")
		s.handler.ServeHTTP(w, r)
		cancel()
		if w.Code == http.StatusOK {
			return // the place is free
		}
		if time.Now().After(deadline) {
			t.Fatalf("the slow client has its place still: %d", w.Code)
		}
	}
}

// uploaded is how many bytes of images have come.
func (s *site) uploaded() float64 { return s.metric("kernel_jobs_upload_bytes_total") }

// inFlight is how many requests are being answered.
func (s *site) inFlight() float64 { return s.metric("kernel_jobs_http_requests_in_flight") }

// metric is the value of a metric without labels.
func (s *site) metric(name string) float64 {
	s.t.Helper()
	families, err := s.metrics.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			one := family.GetMetric()[0]
			return one.GetGauge().GetValue() + one.GetCounter().GetValue()
		}
	}
	s.t.Fatalf("no metric %s", name)
	return 0
}
