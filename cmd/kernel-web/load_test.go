package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// process is the program, running.
type process struct {
	*exec.Cmd
	api string // host:port
	log string // the file with all it writes
}

// startProgram runs the program on a free port until the test ends.
func startProgram(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{log: filepath.Join(t.TempDir(), "log")}
	out, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p.Cmd = exec.Command("/proc/self/exe", append([]string{"--host", "127.0.0.1", "--port", "0", "--metrics-port", "off"}, args...)...)
	p.Env = append(os.Environ(), runEnv+"=1", "GORACE=atexit_sleep_ms=0", "REFRESH_TOKEN=")
	p.Stdout, p.Stderr = out, out
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill() // it may have ended
		_ = p.Wait()
	})
	address := regexp.MustCompile(`"address":"([^"]+)"`)
	wait(t, "listening", func() bool {
		m := address.FindStringSubmatch(p.text(t))
		if m != nil {
			p.api = m[1]
		}
		return m != nil
	})
	wait(t, "ready", func() bool {
		resp, err := http.Get("http://" + p.api + "/readyz")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	})
	return p
}

func (p *process) text(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func wait(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// TestSigtermUnderLoadAndReloads publishes one pair after the other while clients ask, and ends the program in the
// middle. Every answer must be whole, of one pair, and none may fail.
func TestSigtermUnderLoadAndReloads(t *testing.T) {
	data := t.TempDir()
	if err := publish(t.Context(), []string{data, "0", "100"}); err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, "--kernel-root", data, "--drain-delay", "3s", "--access-log=false") // enough for the load balancer on a busy machine
	ctx, stop := context.WithCancel(t.Context())
	var publishing sync.WaitGroup
	defer publishing.Wait()
	defer stop()
	publishing.Go(func() {
		for version := 1; ctx.Err() == nil; version++ {
			if err := publish(ctx, []string{data, fmt.Sprint(version), "100"}); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	var away atomic.Bool
	var answered atomic.Int64
	var seen sync.Map
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			transport := &http.Transport{DisableKeepAlives: i%4 == 0}
			defer transport.CloseIdleConnections()
			c := &http.Client{Transport: transport, Timeout: 20 * time.Second}
			for !away.Load() {
				var err error
				switch i % 3 {
				case 0:
					err = checkSearch(c, p.api, &seen)
				case 1:
					err = checkDocument(c, p.api)
				default:
					err = checkPackage(c, p.api, &seen)
				}
				if err != nil {
					t.Error(err)
					return
				}
				answered.Add(1)
			}
		})
	}
	clients.Go(func() { // the load balancer
		for !away.Load() {
			resp, err := http.Get("http://" + p.api + "/readyz")
			if err != nil {
				t.Error(err)
				away.Store(true)
				return
			}
			resp.Body.Close()
			away.Store(resp.StatusCode != http.StatusOK)
			time.Sleep(20 * time.Millisecond)
		}
	})
	distinct := func() (n int) {
		seen.Range(func(any, any) bool { n++; return true })
		return n
	}
	wait(t, "answers from several pairs", func() bool { return answered.Load() > 300 && distinct() > 5 || t.Failed() })
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	clients.Wait()
	stop()
	if err := p.Wait(); err != nil {
		t.Errorf("the program: %v", err)
	}
	t.Logf("%d answers of %d pairs", answered.Load(), distinct())
	if log := p.text(t); strings.Contains(log, `"level":"error"`) || !strings.Contains(log, `"message":"ended"`) {
		t.Errorf("log: %s", log)
	}
}

// fetch returns the body of a whole answer.
func fetch(c *http.Client, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, resp.Status, body)
	}
	return body, err
}

// hit is a package as both APIs of the original answer it.
type hit struct {
	KernelCount int `json:"kernel_count"`
	Kernels     []struct {
		KernelVersion  string `json:"kernel_version"`
		PackageVersion string `json:"package_version"`
	} `json:"kernels"`
}

// check reports a package whose rows are not all of one pair.
func (h hit) check(seen *sync.Map) error {
	if len(h.Kernels) != 100 || h.KernelCount != 100 {
		return fmt.Errorf("%d rows, kernel_count %d", len(h.Kernels), h.KernelCount)
	}
	for _, k := range h.Kernels {
		if k.PackageVersion != h.Kernels[0].PackageVersion || k.KernelVersion != k.PackageVersion {
			return fmt.Errorf("versions %s and %s in one answer", k.PackageVersion, h.Kernels[0].PackageVersion)
		}
	}
	seen.Store(h.Kernels[0].PackageVersion, true)
	return nil
}

func checkSearch(c *http.Client, api string, seen *sync.Map) error {
	body, err := fetch(c, "http://"+api+"/api/packages/search?query=umP")
	if err != nil {
		return err
	}
	var answer struct{ Packages []hit }
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("%w in %d bytes", err, len(body))
	}
	if len(answer.Packages) != 1 {
		return fmt.Errorf("%d packages", len(answer.Packages))
	}
	return answer.Packages[0].check(seen)
}

func checkPackage(c *http.Client, api string, seen *sync.Map) error {
	body, err := fetch(c, "http://"+api+"/api/package/numpy")
	if err != nil {
		return err
	}
	var answer hit
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	return answer.check(seen)
}

// checkDocument wants the raw document to be of one pair, too: each kernel in it has one version of all.
func checkDocument(c *http.Client, api string) error {
	body, err := fetch(c, "http://"+api+"/data/collated_manifests.json")
	if err != nil {
		return err
	}
	var doc struct {
		Kernels []struct {
			KernelVersion string `json:"kernel_version"`
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return fmt.Errorf("%w in %d bytes", err, len(body))
	}
	for _, k := range doc.Kernels {
		if k.KernelVersion != doc.Kernels[0].KernelVersion {
			return fmt.Errorf("versions %s and %s in one document", k.KernelVersion, doc.Kernels[0].KernelVersion)
		}
	}
	if len(doc.Kernels) != 100 {
		return fmt.Errorf("%d kernels in the document", len(doc.Kernels))
	}
	return nil
}

// TestTraversal asks for files beside and above the documents in every spelling that has worked somewhere.
func TestTraversal(t *testing.T) {
	above := t.TempDir()
	data := filepath.Join(above, "data")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	const secret = "root:x:0:0"
	for _, path := range []string{filepath.Join(above, "secret.json"), filepath.Join(data, "secret.json"), filepath.Join(data, "package_manifest.json")} {
		if err := os.WriteFile(path, []byte(secret), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := publish(t.Context(), []string{data, "1.0"}); err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, "--kernel-root", data)
	for _, target := range []string{
		"/data/secret.json",
		"/data/package_manifest.json",
		"/data/../secret.json",
		"/data/../data/secret.json",
		"/data/%2e%2e/secret.json",
		"/data/..%2fsecret.json",
		"/data/%2e%2e%2fsecret.json",
		"/data/%252e%252e%252fsecret.json",
		"/data/..%5csecret.json",
		"/data/....//secret.json",
		"/data/..;/secret.json",
		"/data/.//secret.json",
		"/data//secret.json",
		"/data/collated_manifests.json/../secret.json",
		"/data/collated_manifests.json%00.html",
		"/data/%c0%ae%c0%ae/secret.json",
		"/data/" + strings.TrimPrefix(above, "/") + "/secret.json",
		"/data/" + above + "/secret.json",
		"/static/../secret.json",
		"/static/..%2f..%2fsecret.json",
		"/static/style.css/../../secret.json",
		"//secret.json",
		"/../secret.json",
		"/%2e%2e/secret.json",
		"http://" + p.api + "/data/../secret.json",
		"file://" + above + "/secret.json",
	} {
		conn, err := net.Dial("tcp", p.api)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", target)
		answer, err := io.ReadAll(conn)
		conn.Close()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(answer, []byte(secret)) || !bytes.HasPrefix(answer, []byte("HTTP/1.1 40")) {
			t.Errorf("%s: %.300s", target, answer)
		}
	}
}
