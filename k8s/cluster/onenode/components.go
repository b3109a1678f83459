package onenode

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// component is one program of the cluster.
type component struct {
	path  string
	args  []string
	ready func() bool // nil: nothing waits for it
}

func (c component) name() string { return filepath.Base(c.path) }

// components returns what process 1 starts: each is started when all before it are ready, because some give up soon
// when what they need does not answer.
func components(l layout, bin string) []component {
	kube := func(name string, args ...string) component {
		return component{path: filepath.Join(bin, name), args: args}
	}
	apiserver := kube("kube-apiserver", apiserverFlags(l)...)
	apiserver.ready = func() bool { return apiReady(l) }
	return []component{
		{"containerd", []string{"--config", l.path("etc", "containerd.toml")}, func() bool {
			return answers("unix", l.containerd())
		}},
		{"etcd", etcdFlags(), func() bool { return answers("tcp", etcdAddress) }},
		apiserver,
		kube("kube-controller-manager",
			"--kubeconfig="+l.kubeconfig(manager.file),
			"--authentication-kubeconfig="+l.kubeconfig(manager.file),
			"--authorization-kubeconfig="+l.kubeconfig(manager.file),
			"--service-account-private-key-file="+l.path("pki", "service-account.key"),
			"--root-ca-file="+l.path("pki", "ca.crt"),
			"--use-service-account-credentials",
			"--leader-elect=false"),
		kube("kube-scheduler",
			"--kubeconfig="+l.kubeconfig(scheduler.file),
			"--authentication-kubeconfig="+l.kubeconfig(scheduler.file),
			"--authorization-kubeconfig="+l.kubeconfig(scheduler.file),
			"--leader-elect=false"),
		kube("kubelet",
			"--kubeconfig="+l.kubeconfig(kubelet.file),
			"--config="+l.path("etc", "kubelet.yaml"),
			"--volume-plugin-dir="+l.path("var-lib", "volume-plugins"),
			"--hostname-override="+NodeName,
			"--node-ip="+nodeIP),
		kube("kube-proxy",
			"--kubeconfig="+l.kubeconfig(proxy.file),
			"--hostname-override="+NodeName,
			"--proxy-mode=iptables",
			"--cluster-cidr="+podRange,
			// These settings belong to the whole machine; 0 leaves them alone.
			"--conntrack-max-per-core=0", "--conntrack-min=0",
			"--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0"),
	}
}

func etcdFlags() []string {
	return []string{
		"--data-dir=/var/lib/etcd",
		"--listen-client-urls=http://" + etcdAddress,
		"--advertise-client-urls=http://" + etcdAddress,
		"--listen-peer-urls=http://127.0.0.1:0",
		"--unsafe-no-fsync", // the data are worth nothing
		"--log-level=warn",
	}
}

func apiserverFlags(l layout) []string {
	return []string{
		"--etcd-servers=http://" + etcdAddress,
		"--bind-address=0.0.0.0", "--advertise-address=" + nodeIP, "--secure-port=6443",
		"--tls-cert-file=" + l.path("pki", "kube-apiserver.crt"),
		"--tls-private-key-file=" + l.path("pki", "kube-apiserver.key"),
		"--client-ca-file=" + l.path("pki", "ca.crt"),
		"--kubelet-client-certificate=" + l.path("pki", admin.file+".crt"),
		"--kubelet-client-key=" + l.path("pki", admin.file+".key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + l.path("pki", "service-account.crt"),
		"--service-account-signing-key-file=" + l.path("pki", "service-account.key"),
		"--service-cluster-ip-range=" + services,
		"--allow-privileged=true",
	}
}

// answers reports whether something listens there.
func answers(network, address string) bool {
	conn, err := net.DialTimeout(network, address, time.Second)
	if err != nil {
		return false
	}
	hangUp(conn)
	return true
}

// apiReady asks the API server, which refuses to answer anyone before it has made its roles: without those the others
// would be refused, and end.
func apiReady(l layout) bool {
	ca, err := os.ReadFile(l.path("pki", "ca.crt"))
	if err != nil {
		return false
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(ca)
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: trusted}, DisableKeepAlives: true,
	}}
	answer, err := client.Get("https://" + apiAddress + "/readyz")
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// environment is what the components get: nothing of the starter's but what programs need to be found and to run.
func environment(l layout) []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "TMPDIR=" + l.path("tmp"), "LANG=C.UTF-8",
	}
}
