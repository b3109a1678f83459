package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"kernelindexer/k8s/service"
	"kernelindexer/serve"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("k8s.io/klog/v2.(*flushDaemon).run.func1"), // begins with the process
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// cluster is as much of an API server as an idle backend needs: empty lists, watches without news, and one user.
type cluster struct {
	*httptest.Server
	mu     sync.Mutex
	denied string // in whose path nothing is answered
	lease  []byte
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{}
	c.Server = httptest.NewServer(c)
	t.Cleanup(func() { c.CloseClientConnections(); c.Close() })
	return c
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	path := strings.Split(r.URL.Path, "/")
	resource, version := path[len(path)-1], strings.Join(path[2:max(2, len(path)-3)], "/")
	switch {
	case c.denied != "" && strings.Contains(r.URL.Path, c.denied):
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"no"}`)
	case r.URL.Query().Get("watch") != "":
		w.WriteHeader(http.StatusOK)
		if r.URL.Query().Get("sendInitialEvents") == "true" { // a list, as a watch
			kind := map[string]string{"jobs": "Job", "pods": "Pod", "events": "Event"}[resource]
			fmt.Fprintf(w, `{"type":"BOOKMARK","object":{"kind":%q,"apiVersion":%q,"metadata":{"resourceVersion":"1","annotations":{"k8s.io/initial-events-end":"true"}}}}`+"\n",
				kind, version)
		}
		w.(http.Flusher).Flush()
		c.mu.Unlock()
		<-r.Context().Done()
		c.mu.Lock()
	case resource == "tokenreviews":
		fmt.Fprint(w, `{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","status":{"authenticated":true,"user":{"username":"ada"}}}`)
	case resource == "subjectaccessreviews":
		fmt.Fprint(w, `{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","status":{"allowed":true}}`)
	case strings.Contains(r.URL.Path, "/leases"):
		c.leases(w, r)
	default:
		kind := map[string]string{"jobs": "JobList", "pods": "PodList", "events": "EventList", "configmaps": "ConfigMapList"}[resource]
		fmt.Fprintf(w, `{"kind":%q,"apiVersion":%q,"metadata":{"resourceVersion":"1"},"items":[]}`, kind, version)
	}
}

func (c *cluster) leases(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodGet && c.lease == nil:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
	case r.Method == http.MethodGet:
		_, _ = w.Write(c.lease)
	default:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil) // JSON or protobuf
		lease, ok := object.(*coordinationv1.Lease)
		if err != nil || !ok {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		lease.Kind, lease.APIVersion = "Lease", "coordination.k8s.io/v1"
		c.lease, _ = json.Marshal(lease)
		_, _ = w.Write(c.lease)
	}
}

// config is a service on free ports, and where it logs.
func config(t *testing.T, c *cluster) (service.Config, *log) {
	t.Helper()
	dir := t.TempDir()
	kubeconfig := filepath.Join(dir, "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],
"clusters":[{"name":"c","cluster":{"server":%q}}],"users":[{"name":"u","user":{}}]}`, c.URL)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out := &log{}
	return service.Config{
		Version: "test", Log: zerolog.New(out), Kubeconfig: kubeconfig, QPS: 50, Burst: 100,
		Namespace: "kernel-jobs", Domains: []string{"water", "soil"}, Archive: "file://" + filepath.Join(dir, "archive"),
		Registry: "127.0.0.1:1/environments", Insecure: true, Platform: "linux/amd64", MaxImage: "1Gi", Streams: 10,
		Listen: serve.Config{Address: "127.0.0.1", Limits: serve.DefaultLimits(), Grace: 5 * time.Second, AccessLog: true},
		Lead:   true, Lease: "kernel-jobs", Identity: "one",
	}, out
}

type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func wait(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// running is a service that runs until stop, which returns its error.
type running struct {
	t            *testing.T
	api, metrics string
	stop         func() error
	log          *log
	last         atomic.Pointer[said] // by the API
}

// said is what an answer says beside its body.
type said struct {
	header http.Header
	close  bool // the connection is
}

func start(t *testing.T, c service.Config, out *log) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- service.Run(ctx, c) }()
	r := &running{t: t, log: out}
	var once sync.Once
	var err error
	r.stop = func() error {
		once.Do(func() { cancel(); err = <-done })
		return err
	}
	t.Cleanup(func() { _ = r.stop() })
	addresses := regexp.MustCompile(`"address":"([^"]+)","metrics":"([^"]+)"`)
	wait(t, "listening", func() bool {
		m := addresses.FindStringSubmatch(out.String())
		if m != nil {
			r.api, r.metrics = m[1], m[2]
		}
		return m != nil
	})
	return r
}

// get asks for something; the status is 0 if there is no answer.
func (r *running) get(address, path string) (status int, body string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer x")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: 10 * time.Second}
	answer, err := client.Do(request)
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	if address == r.api {
		r.last.Store(&said{answer.Header, answer.Close})
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func (r *running) ready() bool { status, _ := r.get(r.api, "/readyz"); return status == http.StatusOK }

// A service becomes ready when it has seen its domains, answers, leads, shows its metrics, and ends when it is asked to.
func TestServiceFromStartToEnd(t *testing.T) {
	c := newCluster(t)
	cfg, out := config(t, c)
	cfg.Listen.Drain = 2 * time.Second
	r := start(t, cfg, out)
	wait(t, "ready", r.ready)
	for path, want := range map[string]string{
		"/healthz": "alive", "/process-types": "{}", "/projects/water/processes": "[]", "/api/v1/environment": "[]", "/openapi.json": `"openapi": "3.1.0"`,
	} {
		if status, body := r.get(r.api, path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, _ := r.get(r.api, "/projects/fire/processes"); status != http.StatusNotFound {
		t.Errorf("a domain that is not configured: status %d", status)
	}
	leads := func(want string) func() bool {
		return func() bool {
			_, m := r.get(r.metrics, "/metrics")
			return strings.Contains(m, "kernel_jobs_leader "+want+"\n")
		}
	}
	wait(t, "leading", leads("1"))
	_, shown := r.get(r.metrics, "/metrics")
	for _, name := range []string{
		"kernel_jobs_http_requests_total{", "kernel_jobs_kube_requests_total{", "kernel_jobs_jobs_active 0", "kernel_jobs_archive_pending 0", "kernel_jobs_domains_unwatched 0",
		"kernel_jobs_log_lines_total 0", "kernel_jobs_build_info{",
	} {
		if !strings.Contains(shown, name) {
			t.Errorf("no metric %s", name)
		}
	}
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusOK, "/process-types": http.StatusNotFound} {
		if status, body := r.get(r.metrics, path); status != want {
			t.Errorf("%s at the metrics port: %d %s", path, status, body)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- r.stop() }()
	wait(t, "not ready while it drains", func() bool { status, _ := r.get(r.api, "/readyz"); return status == http.StatusServiceUnavailable })
	if status, _ := r.get(r.metrics, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz at the metrics port while it drains: %d", status)
	}
	if last := r.last.Load(); last == nil || !last.close {
		t.Error("a connection is kept while it drains")
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if strings.Contains(out.String(), `"level":"error"`) {
		t.Error(out.String())
	}
}

// A replica that is not the leader answers all the same, and takes over when the leader ends.
func TestSecondReplicaTakesOver(t *testing.T) {
	c := newCluster(t)
	first, out := config(t, c)
	one := start(t, first, out)
	wait(t, "one leads", func() bool { return strings.Contains(out.String(), "looking after runs") })
	second, other := config(t, c)
	second.Identity = "two"
	two := start(t, second, other)
	wait(t, "two is ready", two.ready)
	if strings.Contains(other.String(), "looking after runs") {
		t.Error("two leaders")
	}
	if err := one.stop(); err != nil {
		t.Error(err)
	}
	wait(t, "two leads", func() bool { return strings.Contains(other.String(), "looking after runs") })
}

// While the domains cannot be watched the process is alive and not ready, and it ends when it is asked to.
func TestServiceWithoutRights(t *testing.T) {
	c := newCluster(t)
	c.denied = "/"
	cfg, out := config(t, c)
	r := start(t, cfg, out)
	if status, _ := r.get(r.api, "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d", status)
	}
	for _, path := range []string{"/readyz", "/process-types", "/openapi.json"} {
		status, body := r.get(r.api, path)
		last := r.last.Load()
		if status != http.StatusServiceUnavailable || !strings.Contains(body, `"code":"UNAVAILABLE"`) ||
			last.header.Get("Content-Type") != "application/problem+json" || last.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v %s", path, status, last.header, body)
		}
	}
	if status, _ := r.get(r.metrics, "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz at the metrics port: %d", status)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

// What is wrong with the configuration is said before anything begins.
func TestConfigurationIsChecked(t *testing.T) {
	c := newCluster(t)
	for want, change := range map[string]func(*service.Config){
		"no domains":         func(c *service.Config) { c.Domains = nil },
		`namespace "A b"`:    func(c *service.Config) { c.Domains = []string{"A b"} },
		"no registry":        func(c *service.Config) { c.Registry = "" },
		`platform "linux"`:   func(c *service.Config) { c.Platform = "linux" },
		"size of an image":   func(c *service.Config) { c.MaxImage = "big" },
		"no identity":        func(c *service.Config) { c.Identity = "" },
		`bound of a run`:     func(c *service.Config) { c.Launch.MaxCPU = "many" },
		`index "web"`:        func(c *service.Config) { c.Index = "web" },
		`registry "x y/env"`: func(c *service.Config) { c.Registry = "x y/env" },
	} {
		cfg, _ := config(t, c)
		change(&cfg)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // one that passes would run
		err := service.Run(ctx, cfg)
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	cfg, _ := config(t, c)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg.Listen.Port = taken.Addr().(*net.TCPAddr).Port
	var wrong *service.ConfigError
	if err := service.Run(t.Context(), cfg); err == nil || errors.As(err, &wrong) || !strings.Contains(err.Error(), "cannot listen") {
		t.Errorf("a port that is taken: %v", err)
	}
	cfg, _ = config(t, c)
	cfg.Archive = "file:///proc/nowhere"
	if err := service.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "archive") {
		t.Errorf("an archive that cannot be: %v", err)
	}
}
