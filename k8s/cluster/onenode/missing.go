package onenode

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// cniPlugins is where Debian keeps the CNI plugins.
const cniPlugins = "/usr/lib/cni"

// Need is a program and the Debian package that brings it.
type Need struct{ Program, Package string }

// needs are the programs that a cluster is made of beside those of Kubernetes itself.
var needs = []Need{
	{"etcd", "etcd-server"},
	{"containerd", "containerd"},
	{"containerd-shim-runc-v2", "containerd"},
	{"ctr", "containerd"},
	{"runc", "runc"},
	{"ip", "iproute2"},
	{"iptables", "iptables"},
	{cniPlugins + "/bridge", "containernetworking-plugins"},
	{cniPlugins + "/host-local", "containernetworking-plugins"},
	{cniPlugins + "/loopback", "containernetworking-plugins"},
}

// Missing returns nil if this machine has what a cluster needs, and also what the caller adds. Otherwise it is an
// error of one line: what is missing and the command that installs it.
func Missing(more ...Need) error {
	var programs, packages []string
	for _, need := range slices.Concat(needs, more) {
		if _, err := exec.LookPath(need.Program); err != nil {
			programs = append(programs, need.Program)
			packages = append(packages, need.Package)
		}
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("a cluster of real containers needs root: run it as root (missing programs: %d)", len(programs))
	}
	if len(programs) == 0 {
		return nil
	}
	slices.Sort(packages)
	return fmt.Errorf("missing %s: apt-get install --no-install-recommends %s",
		strings.Join(programs, ", "), strings.Join(slices.Compact(packages), " "))
}
