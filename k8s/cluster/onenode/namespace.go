package onenode

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// sysctls are what the kubelet sets for the whole machine, to these values. Here it finds them set: files of ours are
// mounted over them.
var sysctls = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// furnish makes the new, empty namespaces a node. Nothing of it is seen outside, and all of it ends with process 1.
func furnish(l layout) error {
	if err := unix.Sethostname([]byte(NodeName)); err != nil {
		return fmt.Errorf("host name: %w", err)
	}
	if err := mounts(l); err != nil {
		return err
	}
	return network()
}

// mounts takes the machine's files as they are, and puts the cluster's own directories where programs write. What is
// mounted on the machine later appears here as well, never the reverse.
func mounts(l layout) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("mounts of our own: %w", err)
	}
	const plain = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount("proc", "/proc", "proc", plain, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := unix.Mount("run", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("mount /run: %w", err)
	}
	binds := map[string]string{l.path("var-lib"): "/var/lib", l.path("var-log"): "/var/log"}
	for name, value := range sysctls {
		file := l.path("sysctl", filepath.Base(name))
		if err := os.WriteFile(file, []byte(value+"\n"), 0o600); err != nil {
			return err
		}
		binds[file] = "/proc/sys/" + name
	}
	for from, to := range binds {
		if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("mount over %s: %w", to, err)
		}
	}
	return nil
}

// network has the loopback interface and the bridge of the pods, whose address is the node's. There is no way out: pods
// reach one another, Services and the node.
func network() error {
	for _, line := range []string{
		"link set lo up",
		"link add name " + bridge + " type bridge",
		"addr add " + nodeIP + "/24 dev " + bridge,
		"link set " + bridge + " up",
		// kube-proxy finds the node's address by this, and packets to Services need any route to be rewritten at all.
		"route add default dev " + bridge + " src " + nodeIP,
	} {
		if text, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", line, err, text)
		}
	}
	// Of this network namespace only.
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1\n"), 0)
}
