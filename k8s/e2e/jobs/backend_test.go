//go:build e2e

package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// backend is a `kernel-jobs serve` beside the cluster, in the network of the node, with an account that has the rights of
// testdata/rights.yaml and no others.
type backend struct {
	namespace, domain string
	dir               string
	address           string
	args              []string
	client            *http.Client
	tokens            map[string]string // by user

	mu      sync.Mutex
	program *exec.Cmd
	log     *os.File
}

// ports of backends: each has its own.
var ports atomic.Int32

// newBackend starts a backend with a domain of its own.
func newBackend(t testing.TB, name string, args ...string) *backend {
	t.Helper()
	b := prepareBackend(t, name, args...)
	b.start(t)
	return b
}

// prepareBackend is newBackend without the start.
func prepareBackend(t testing.TB, name string, args ...string) *backend {
	t.Helper()
	b := &backend{
		namespace: "backend-" + name, domain: "domain-" + name, dir: t.TempDir(), tokens: map[string]string{},
		client: &http.Client{Transport: &http.Transport{DialContext: cluster.DialContext, MaxIdleConnsPerHost: 64}},
	}
	makeNamespace(t, b.namespace)
	b.makeDomain(t, b.domain)
	for _, user := range []string{"ada", "eve"} {
		b.tokens[user] = tokenOf(t, b.domain, user)
	}
	b.configure(t, append([]string{"--identity", b.namespace, "--leader-elect=false"}, args...))
	t.Cleanup(func() { b.end(t) })
	return b
}

// end kills the program, and shows what it said if the test has failed.
func (b *backend) end(t testing.TB) {
	b.kill(t)
	if t.Failed() && b.log != nil {
		text, err := os.ReadFile(b.log.Name())
		t.Logf("the backend said (%v):\n%s", err, text[max(0, len(text)-8000):])
	}
}

// makeNamespace makes a namespace that goes with the test.
func makeNamespace(t testing.TB, name string) {
	t.Helper()
	if err := createNamespace(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := api.CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
}

// makeDomain makes a namespace in which the backend may run work, and users who may or may not ask for it.
func (b *backend) makeDomain(t testing.TB, domain string) {
	t.Helper()
	makeNamespace(t, domain)
	rights, err := os.ReadFile("testdata/rights.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(b.dir, domain+".yaml")
	text := strings.NewReplacer("BACKEND", b.namespace, "DOMAIN", domain).Replace(string(rights))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.Kubectl(t.Context(), "apply", "--filename", file); err != nil {
		t.Fatal(err)
	}
}

// configure gives the program its account, an address of its own and its arguments.
func (b *backend) configure(t testing.TB, args []string) {
	t.Helper()
	b.address = "127.0.0.1:" + strconv.Itoa(8100+int(ports.Add(1)))
	config := filepath.Join(b.dir, "kubeconfig")
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://10.244.0.1:6443", certificate-authority: %s/pki/ca.crt}}]
users: [{name: u, user: {token: %s}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
`, cluster.Dir(), tokenOf(t, b.namespace, "kernel-jobs"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(b.address, ":")
	b.args = append([]string{
		"serve", "--kubeconfig", config, "--namespace", b.namespace, "--domains", b.domain, "--host", "127.0.0.1", "--port", port,
		"--metrics-port", "off", "--archive", "file://" + b.dir + "/archive", "--registry", open.address + "/environments",
		"--registry-insecure", "--backend-url", "http://backend", "--drain-delay", "0s", "--log-level", "DEBUG",
	}, args...)
}

// tokenOf is a token of a service account.
func tokenOf(t testing.TB, namespace, account string) string {
	t.Helper()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: new(int64(7200))}}
	answer, err := api.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), account, request, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status.Token
}

// start starts the program and waits until it is ready.
func (b *backend) start(t testing.TB) {
	t.Helper()
	var err error
	if b.log, err = os.OpenFile(filepath.Join(b.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		t.Fatal(err)
	}
	defer b.log.Close()
	if b.program, err = onNode(append([]string{root + "/bin/kernel-jobs"}, b.args...)...); err != nil {
		t.Fatal(err)
	}
	b.program.Stdout, b.program.Stderr = b.log, b.log
	if err := b.program.Start(); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		answer, err := b.client.Get("http://" + b.address + "/readyz")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Since(begin) > time.Minute {
			text, _ := os.ReadFile(b.log.Name())
			t.Fatalf("the backend is not ready: %v\n%s", err, text)
		}
	}
}

// kill ends the program as nobody can prepare for.
func (b *backend) kill(t testing.TB) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.program == nil {
		return
	}
	if err := b.program.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = b.program.Wait()
	b.program = nil
}

// reply is an answer to a request, read to its end.
type reply struct {
	status   int
	location string
	body     []byte
}

// into decodes the body.
func (r reply) into(t testing.TB, target any) {
	t.Helper()
	if err := json.Unmarshal(r.body, target); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
}

// request makes a request of a user, "" of nobody.
func (b *backend) request(t testing.TB, user, method, path string, header map[string]string, body io.Reader) (reply, error) {
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+b.address+path, body)
	if err != nil {
		return reply{}, err
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	if user != "" {
		request.Header.Set("Authorization", "Bearer "+b.tokens[user])
	}
	answer, err := b.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, answer.Header.Get("Location"), text}, err
}

// want makes a request of ada with a JSON body, unless that is nil, which must have that status.
func (b *backend) want(t testing.TB, status int, method, path string, body any) reply {
	t.Helper()
	return b.wantOf(t, "ada", status, method, path, nil, body)
}

func (b *backend) wantOf(t testing.TB, user string, status int, method, path string, header map[string]string, body any) reply {
	t.Helper()
	var text io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.NewReader(encoded)
	}
	all := map[string]string{"Content-Type": "application/json"}
	for name, value := range header {
		all[name] = value
	}
	got, err := b.request(t, user, method, path, all, text)
	if err != nil {
		t.Fatal(err)
	}
	if got.status != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, got.status, status, got.body)
	}
	return got
}

// upload sends an archive to the backend's domain.
func (b *backend) upload(t testing.TB, user, archive string) (reply, error) {
	return b.uploadTo(t, user, b.domain, archive)
}

// uploadTo sends an archive as `curl -F environmentImage=@file -F domainId=…` does: the file first, and as it is read.
func (b *backend) uploadTo(t testing.TB, user, domain, archive string) (reply, error) {
	file, err := os.Open(archive)
	if err != nil {
		return reply{}, err
	}
	defer file.Close()
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	go func() {
		part, err := form.CreateFormFile("environmentImage", filepath.Base(archive))
		if err == nil {
			_, err = io.Copy(part, file)
		}
		if err == nil {
			err = form.WriteField("domainId", domain)
		}
		if err == nil {
			err = form.Close()
		}
		_ = writer.CloseWithError(err)
	}()
	defer reader.Close()
	return b.request(t, user, http.MethodPost, "/api/v1/environment", map[string]string{"Content-Type": form.FormDataContentType()}, reader)
}

// register uploads an archive and returns the environment's ID.
func (b *backend) register(t testing.TB, archive string) string {
	t.Helper()
	got, err := b.upload(t, "ada", archive)
	if err != nil || got.status != http.StatusCreated {
		t.Fatalf("upload: %d, %v: %s", got.status, err, got.body)
	}
	var made struct{ ID string }
	got.into(t, &made)
	return made.ID
}

// ran is what the tests read of a process.
type ran struct {
	ID       string
	Versions []struct {
		Version    int
		State      string
		ReturnCode *int
		Failure    *struct{ Code, Message string }
		Attempts   int
		Warnings   []string
	}
}

// work is a request for a run of process type "run".
func work(environment string, args ...string) map[string]any {
	return map[string]any{
		"type": "run", "environment": map[string]string{"id": environment}, "params": map[string]any{"args": args},
		"resource_requests":     map[string]string{"cpu": "5m", "memory": "64Mi", "ephemeral-storage": "50Mi"},
		"start_timeout_seconds": 600,
	}
}

// launch starts a run and returns the path of its process.
func (b *backend) launch(t testing.TB, body map[string]any) string {
	t.Helper()
	return b.want(t, http.StatusCreated, http.MethodPost, "/projects/"+b.domain+"/process", body).location
}

// ended waits for the end of the last version of a process.
func (b *backend) ended(t testing.TB, path, state string) ran {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(250 * time.Millisecond) {
		var got ran
		b.want(t, http.StatusOK, http.MethodGet, path, nil).into(t, &got)
		last := got.Versions[len(got.Versions)-1]
		if last.State == state {
			return got
		}
		if last.State != "queued" && last.State != "running" || time.Since(begin) > patience {
			t.Fatalf("%s is %s, want %s: %s", path, last.State, state, asJSON(got))
		}
	}
}

// lines returns a page of the log of a process.
func (b *backend) lines(t testing.TB, path, query string) (texts []string) {
	t.Helper()
	var page []struct{ Message string }
	b.want(t, http.StatusOK, http.MethodGet, path+"/logs"+query, nil).into(t, &page)
	for _, line := range page {
		texts = append(texts, line.Message)
	}
	return texts
}
