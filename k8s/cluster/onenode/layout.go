package onenode

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Inside of a cluster's namespaces everything has the same name in every cluster.
const (
	// NodeName is the name of the only node.
	NodeName = "node"

	bridge      = "kube0"
	nodeIP      = "10.244.0.1"
	podRange    = "10.244.0.0/24"
	serviceIP   = "10.96.0.1" // of the Service kubernetes: the first of the range
	services    = "10.96.0.0/16"
	apiAddress  = nodeIP + ":6443"
	etcdAddress = "127.0.0.1:2379"
	pauseImage  = "docker.io/kernelindexer/pause:1"
)

// layout is a cluster's directory. All that a cluster writes, but for cgroups, is in it: process 1 mounts var-lib and
// var-log over the node's directories, and memory over /run.
type layout struct{ dir string }

var nameRule = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

// layoutOf returns where the cluster of that name is: in os.TempDir, under a name that is not too long.
func layoutOf(name string) (layout, error) {
	if !nameRule.MatchString(name) {
		return layout{}, fmt.Errorf("cluster name %q: want 1 to 32 lower-case letters, digits and inner dashes", name)
	}
	l := layout{filepath.Join(os.TempDir(), prefix+name)}
	for _, hidden := range []string{"/run/", "/var/run/", "/var/log/"} {
		if strings.HasPrefix(l.dir, hidden) {
			return layout{}, fmt.Errorf("temporary directory %s: a cluster has a %s of its own; set TMPDIR", os.TempDir(), hidden)
		}
	}
	const longest = 107 // bytes in the address of a socket
	if len(l.containerd()+".ttrpc") > longest {
		return layout{}, fmt.Errorf("temporary directory %s: its name is too long for sockets; set TMPDIR", os.TempDir())
	}
	return l, nil
}

// prefix begins the names of directories in the temporary directory, and of cgroups.
const prefix = "kernel-indexer-cluster-"

func (l layout) path(names ...string) string {
	return filepath.Join(append([]string{l.dir}, names...)...)
}
func (l layout) state() string                { return l.path("state.json") }
func (l layout) lock() string                 { return l.path("lock") }
func (l layout) failure() string              { return l.path("failed") }
func (l layout) adminConfig() string          { return l.path("admin.kubeconfig") }
func (l layout) containerd() string           { return l.path("containerd.sock") }
func (l layout) door() string                 { return l.path("door.sock") }
func (l layout) kubeconfig(who string) string { return l.path("pki", who+".kubeconfig") }
func (l layout) log(component string) string  { return l.path("log", component+".log") }
func (l layout) cgroup() string               { return "/" + filepath.Base(l.dir) }

// folders are made before anything starts.
func (l layout) folders() []string {
	return []string{
		l.path("pki"), l.path("log"), l.path("etc"), l.path("cni"), l.path("tmp"),
		l.path("var-lib"), l.path("var-log"), l.path("sysctl"),
	}
}
