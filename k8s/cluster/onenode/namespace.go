package onenode

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	const plain = unix.MS_NOSUID | unix.MS_NODEV
	for _, m := range []struct {
		from, to, kind string
		flags          uintptr
		data           string
	}{
		{"", "/", "", unix.MS_REC | unix.MS_SLAVE, ""},
		{"proc", "/proc", "proc", plain | unix.MS_NOEXEC, ""},
		{"run", "/run", "tmpfs", plain, "mode=755"},
		{l.path("var-log"), "/var/log", "", unix.MS_BIND, ""},
	} {
		if err := unix.Mount(m.from, m.to, m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.to, err)
		}
	}
	return errors.Join(mountVarLib(l), mountSysctls(l))
}

// ownLib are the directories in /var/lib that a cluster has for itself.
var ownLib = []string{"cni", "containerd", "etcd", "kubelet"}

// mountVarLib makes a /var/lib in which the others of the machine's are where they were: homes of CI systems are there,
// and with them the programs of Kubernetes and the repositories of tests.
func mountVarLib(l layout) error {
	const lib = "/var/lib"
	machine, err := os.Open(lib) // the way to what will be hidden
	if err != nil {
		return err
	}
	defer machine.Close()
	entries, err := machine.ReadDir(-1)
	if err != nil {
		return err
	}
	if err := unix.Mount(l.path("var-lib"), lib, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", lib, err)
	}
	for _, entry := range entries {
		from, to := fmt.Sprintf("/proc/self/fd/%d/%s", machine.Fd(), entry.Name()), filepath.Join(lib, entry.Name())
		if !entry.IsDir() || slices.Contains(ownLib, entry.Name()) {
			continue
		}
		if err := os.Mkdir(to, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("mount %s: %w", to, err)
		}
	}
	return nil
}

// mountSysctls hides the settings of [sysctls], of which this machine may lack some.
func mountSysctls(l layout) error {
	for name, value := range sysctls {
		file := l.path("sysctl", filepath.Base(name))
		if err := os.WriteFile(file, []byte(value+"\n"), 0o600); err != nil {
			return err
		}
		if err := unix.Mount(file, "/proc/sys/"+name, "", unix.MS_BIND, ""); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("mount over %s: %w", name, err)
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
