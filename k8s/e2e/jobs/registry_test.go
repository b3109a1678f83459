//go:build e2e

package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"kernelindexer/k8s/cluster/onenode"
	"kernelindexer/k8s/environment"
)

// needs is what the tests need beside what a cluster does.
var needs = []onenode.Need{
	{Program: "buildah", Package: "buildah"},
	{Program: "docker-registry", Package: "docker-registry"},
	{Program: "jq", Package: "jq"},
	{Program: "curl", Package: "curl"},
	{Program: python, Package: "python3"},
}

// registry is a Debian docker-registry in the network of the node. There it is on 127.0.0.1, where the kubelet's runtime
// speaks to it without TLS; the tests reach it as they reach any address of the cluster.
type registry struct {
	address string
	client  http.RoundTripper
	options []remote.Option
	process *exec.Cmd
	log     bytes.Buffer
}

// The user of the registry that wants one, its password, and what the registry knows of it.
const (
	user     = "kernel-jobs"
	password = "environments"
	bcrypt   = "$2b$05$abcdefghijklmnopqrstuuzGYT.PjCUcrO3HxEjYkAnkpwKve7vhC"
)

// nodeRegistry is the address of the registry that pods reach, too; plainRegistry lets the runtime speak to it without TLS.
const (
	nodeRegistry  = "10.244.0.1:5002"
	plainRegistry = `[plugins."io.containerd.grpc.v1.cri".registry.mirrors."` + nodeRegistry + `"]
  endpoint = ["http://` + nodeRegistry + `"]`
)

// startRegistry starts a registry at an address of the node, for those who know the password unless it is "".
func startRegistry(ctx context.Context, scratch, address, password string) (*registry, error) {
	r := &registry{address: address}
	dir := filepath.Join(scratch, strings.ReplaceAll(address, ":", "-"))
	config := "version: 0.1\nlog: {level: warn, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: " + dir + "/data}}\n" +
		"http: {addr: \"" + r.address + "\"}\n"
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	r.client = &http.Transport{DialContext: cluster.DialContext}
	r.options = []remote.Option{remote.WithTransport(r.client)}
	if password != "" {
		users := filepath.Join(dir, "users")
		if err := os.WriteFile(users, []byte(user+":"+bcrypt+"\n"), 0o600); err != nil {
			return nil, err
		}
		config += "auth: {htpasswd: {realm: environments, path: " + users + "}}\n"
		r.options = append(r.options, remote.WithAuth(&authn.Basic{Username: user, Password: password}))
	}
	file := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	var err error
	if r.process, err = onNode("docker-registry", "serve", file); err != nil {
		return nil, err
	}
	r.process.Stdout, r.process.Stderr = &r.log, &r.log
	if err := r.process.Start(); err != nil {
		return nil, err
	}
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.address+"/v2/", nil)
		if err != nil {
			return nil, err
		}
		answer, err := r.client.RoundTrip(request)
		if err == nil {
			answer.Body.Close()
			return r, nil
		}
		if time.Since(begin) > 30*time.Second || ctx.Err() != nil {
			r.stop()
			return nil, fmt.Errorf("registry on %s: %w: %s", r.address, err, r.log.String())
		}
	}
}

// stop ends the registry; its data go with the directory.
func (r *registry) stop() {
	_ = r.process.Process.Kill()
	_ = r.process.Wait()
}

// onNode is a command in the network of the node. It ends with this process.
func onNode(args ...string) (*exec.Cmd, error) {
	node, err := nodeProcess()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("nsenter", append([]string{"--net=/proc/" + strconv.Itoa(node) + "/ns/net", "--"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd, nil
}

// nodeProcess is process 1 of the cluster, as this machine sees it.
func nodeProcess() (int, error) {
	var state onenode.State
	data, err := os.ReadFile(filepath.Join(cluster.Dir(), "state.json"))
	if err == nil {
		err = json.Unmarshal(data, &state)
	}
	return state.Node, err
}

// environments is where the backend keeps images in this registry.
func (r *registry) environments(t *testing.T) *environment.Registry {
	t.Helper()
	registry, err := environment.NewRegistry(r.address+"/environments", true, r.options...)
	if err != nil {
		t.Fatal(err)
	}
	return registry
}
