// Package onenode runs a real Kubernetes of one node on this machine, for tests: etcd, kube-apiserver,
// kube-controller-manager, kube-scheduler, containerd, kubelet and kube-proxy, with real pods. It needs root, Linux,
// a few Debian packages ([Missing] names them) and no network.
//
// A cluster lives in namespaces of its own (processes, mounts, network, IPC, host name). That is what makes it safe
// to have on a machine that does other work:
//
//   - Its addresses, ports, bridge and iptables rules are its own. Two clusters are the same inside and never meet.
//     The only thing it has on the machine's network is one port on 127.0.0.1, of its API server.
//   - When process 1 of the namespace ends, the kernel kills all the others, shims and containers included, and then
//     takes back mounts, network and rules. Nothing has to be stopped in order, and nothing can be left behind by a
//     part that hangs or by a crash.
//
// Two processes hold a cluster, both this program started again ([Main]):
//
//	starter ──► keeper ──────────────────► process 1 ──► etcd, containerd, …
//	            outside; ends process 1,   inside; mounts, network, components,
//	            removes what is on disk    reaps; killed by the kernel when the keeper dies
//
// The keeper ends with its starter if it was told to ([Options.Tied]), and else stays until [Stop]. What remains after
// the keeper itself was killed (a temporary directory and empty cgroups) is removed by Stop or by the next start under
// that name; a lock that the keeper holds tells the living from the dead.
//
// The package knows nothing of what is tested on a cluster. It is not hardened against the pods that run there: its
// images are ours.
package onenode
