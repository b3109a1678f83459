//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/cluster/onenode"
)

// clusters is for one test at a time: each compares the machine before and after.
var clusters sync.Mutex

// TestClusterLeavesNothing starts a second cluster beside that of the other tests, with a pod in it, and ends it in
// each way that there is. The machine is then as before, and the first cluster was not touched.
func TestClusterLeavesNothing(t *testing.T) {
	t.Parallel()
	clusters.Lock()
	defer clusters.Unlock()
	nodes := kubectl(t, "get", "nodes,services", "--output=wide")
	ends := []struct {
		name string
		end  func(t *testing.T, c *onenode.Cluster)
	}{
		{"it is stopped", func(t *testing.T, c *onenode.Cluster) {}},
		{"its keeper is killed", func(t *testing.T, c *onenode.Cluster) { kill(t, state(t, c, "keeper")) }},
		{"its first process is killed", func(t *testing.T, c *onenode.Cluster) { kill(t, state(t, c, "node")) }},
	}
	for i, tt := range ends {
		t.Run(tt.name, func(t *testing.T) {
			before := look(t)
			name := fmt.Sprintf("e2e-%d-%d", os.Getpid(), i)
			c, err := self.Start(t.Context(), onenode.Options{Name: name, Out: os.Stderr})
			if err != nil {
				t.Fatal(err)
			}
			runPod(t, c)
			if _, err := self.Start(t.Context(), onenode.Options{Name: name, Out: os.Stderr}); !errors.Is(err, onenode.ErrHeld) {
				t.Errorf("a second cluster of that name: %v", err)
			}
			if slices.Equal(before, look(t)) {
				t.Error("a running cluster is not seen: what is looked at is not enough")
			}
			tt.end(t, c)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := onenode.Stop(ctx, name); err != nil {
				t.Error(err)
			}
			same(t, before)
			if err := onenode.Stop(ctx, name); !errors.Is(err, onenode.ErrNoCluster) {
				t.Errorf("stopped once more: %v", err)
			}
		})
	}
	if now := kubectl(t, "get", "nodes,services", "--output=wide"); ageless(now) != ageless(nodes) {
		t.Errorf("the first cluster changed from\n%s\nto\n%s", nodes, now)
	}
}

// TestTiedClusterEndsWithItsStarter kills a process that has started a cluster, with SIGKILL: nothing calls Stop.
func TestTiedClusterEndsWithItsStarter(t *testing.T) {
	t.Parallel()
	clusters.Lock()
	defer clusters.Unlock()
	before := look(t)
	name := fmt.Sprintf("e2e-%d-tied", os.Getpid())
	starter := exec.CommandContext(t.Context(), os.Args[0])
	starter.Env = append(os.Environ(), starterVariable+"="+name)
	starter.Stderr = os.Stderr
	if err := starter.Start(); err != nil {
		t.Fatal(err)
	}
	var c *onenode.Cluster
	eventually(t, time.Minute, "a cluster", func() (bool, string) {
		var err error
		c, err = onenode.Open(t.Context(), name, os.Stderr)
		if err == nil {
			_, err = c.Kubectl(t.Context(), "get", "serviceaccount/default")
		}
		return err == nil, fmt.Sprint(err)
	})
	runPod(t, c)
	kill(t, starter.Process.Pid)
	if err := starter.Wait(); err == nil {
		t.Error("the starter was not killed")
	}
	same(t, before)
}

// starterVariable makes this program start a cluster of that name, tied to it, and wait for ever.
const starterVariable = "E2E_STARTER"

func start(ctx context.Context, name string) int {
	if _, err := self.Start(ctx, onenode.Options{Name: name, Tied: true, Out: os.Stderr}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	<-ctx.Done()
	return 0
}

// runPod has a container, and so a shim, mounts, an interface and cgroups.
func runPod(t *testing.T, c *onenode.Cluster) {
	t.Helper()
	for _, args := range [][]string{
		{"run", "pause", "--image=docker.io/kernelindexer/pause:1", "--image-pull-policy=Never"},
		{"expose", "pod/pause", "--port=80"},
		{"wait", "pod/pause", "--for=condition=Ready", "--timeout=60s"},
	} {
		if _, err := c.Kubectl(t.Context(), args...); err != nil {
			t.Fatal(err)
		}
	}
}

// state reads a process id from the file that a cluster's keeper writes.
func state(t *testing.T, c *onenode.Cluster, name string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.Dir(), "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), `"`+name+`": `)
	pid, err := strconv.Atoi(rest[:max(0, strings.IndexAny(rest, ",\n}"))])
	if err != nil {
		t.Fatalf("no %s in %s: %v", name, text, err)
	}
	return pid
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// same waits until the machine is as it was; the kernel takes namespaces back a moment after their last process.
func same(t *testing.T, before []string) {
	t.Helper()
	eventually(t, 20*time.Second, "the machine as before", func() (bool, string) {
		diff := cmp.Diff(before, look(t))
		return diff == "", diff
	})
}

// look lists what a cluster could leave on the machine: its processes, interfaces, rules, mounts, cgroups, directories,
// and the settings of the kernel that a kubelet changes.
func look(t *testing.T) []string {
	t.Helper()
	var seen []string
	add := func(what string, lines ...string) {
		for _, line := range lines {
			seen = append(seen, what+": "+line)
		}
	}
	for what, command := range map[string]string{
		"interface": "ip -o link | cut -d: -f2", "address": "ip -o -4 address | tr -s ' ' | cut -d' ' -f2-4", "route": "ip route",
		"rule": "iptables-save | grep -v '^[#:]' || true", "mount": "cut -d' ' -f2 /proc/mounts | sort",
		"namespace": "ls /run/netns /var/run/netns 2>/dev/null || true",
	} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", command).Output()
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		add(what, strings.Split(strings.TrimSpace(string(out)), "\n")...)
	}
	add("program", programs(t)...)
	for _, pattern := range []string{
		os.TempDir() + "/" + ours() + "*", "/sys/fs/cgroup/*/" + ours() + "*", "/sys/fs/cgroup/" + ours() + "*",
		"/var/lib/kubelet", "/var/lib/cni/*", "/var/lib/containerd", "/run/containerd", "/run/runc", "/run/xtables.lock",
		"/var/log/pods", "/var/log/containers", "/usr/libexec/kubernetes", "/etc/kubernetes",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		add("file", found...)
	}
	for _, name := range []string{"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward"} {
		value, err := os.ReadFile("/proc/sys/" + name)
		if err != nil {
			t.Fatal(err)
		}
		add(name, strings.TrimSpace(string(value)))
	}
	slices.Sort(seen)
	return seen
}

// programs lists what runs of the clusters that these tests start: their processes have the cluster's directory in
// their arguments or environment, and those of pods its name in their cgroup.
func programs(t *testing.T) (names []string) {
	t.Helper()
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		var all []byte
		for _, name := range []string{"/cmdline", "/environ", "/cgroup"} {
			text, _ := os.ReadFile(folder + name) // it may have ended
			all = append(all, text...)
		}
		if bytes.Contains(all, []byte(ours())) {
			name, _, _ := bytes.Cut(all, []byte{0})
			names = append(names, string(name))
		}
	}
	return names
}

// ours begins the names of the directories and cgroups of the clusters that these tests start. There may be others.
func ours() string { return fmt.Sprintf("kernel-indexer-cluster-e2e-%d-", os.Getpid()) }

// ageless removes the ages from what kubectl shows.
func ageless(table string) string {
	var out strings.Builder
	for _, field := range strings.Fields(table) {
		if strings.Trim(field, "0123456789dhms") != "" {
			out.WriteString(field + " ")
		}
	}
	return out.String()
}
