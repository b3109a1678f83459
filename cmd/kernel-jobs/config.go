package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"kernelindexer/cli"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/service"
	"kernelindexer/serve/serveflags"
)

// config is what the flags of serve set, and their variables.
type config struct {
	service.Config

	listen        serveflags.Flags
	storageSecret string
}

// projectSecret is the Secret with the credentials of a project's storage, as the seed of the backend names it.
const projectSecret = "{project}-storage"

// accountNamespace is where Kubernetes says in which namespace a pod is.
const accountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

func (c *config) flags(f *pflag.FlagSet) {
	c.listenFlags(f)
	c.clusterFlags(f)
	c.storeFlags(f)
	c.launchFlags(f)
}

// listenFlags are about requests.
func (c *config) listenFlags(f *pflag.FlagSet) {
	c.listen.Define(f, "the API")
	f.IntVar(&c.Streams, "max-streams", 200, "how many clients may follow logs at once")
	cli.Env(f, "max-streams", "MAX_STREAMS")
}

// clusterFlags are about Kubernetes.
func (c *config) clusterFlags(f *pflag.FlagSet) {
	f.StringVar(&c.Kubeconfig, "kubeconfig", "", "file that says how to reach the cluster (default: the pod's account, else what kubectl takes)")
	cli.Env(f, "kubeconfig", "KUBECONFIG")
	f.StringVar(&c.Namespace, "namespace", "", "the backend's own, where environments are recorded (default: the pod's)")
	cli.Env(f, "namespace", "NAMESPACE")
	f.StringSliceVar(&c.Domains, "domains", nil, "namespaces in which work may run")
	cli.Env(f, "domains", "DOMAINS")
	f.StringVar(&c.Audience, "audience", "", "what the tokens of users must have been made for (default: the API server)")
	cli.Env(f, "audience", "TOKEN_AUDIENCE")
	f.Float32Var(&c.QPS, "kube-qps", 50, "requests a second to the API server, on average")
	cli.Env(f, "kube-qps", "KUBE_QPS")
	f.IntVar(&c.Burst, "kube-burst", 100, "and at once")
	cli.Env(f, "kube-burst", "KUBE_BURST")
	f.BoolVar(&c.Lead, "leader-elect", true, "several replicas run: one of them looks after runs, by a Lease")
	cli.Env(f, "leader-elect", "LEADER_ELECT")
	f.StringVar(&c.Lease, "lease", "kernel-jobs", "name of the Lease")
	cli.Env(f, "lease", "LEASE_NAME")
	f.StringVar(&c.Identity, "identity", "", "name of this replica (default: the host's name)")
	cli.Env(f, "identity", "POD_NAME")
}

// storeFlags are about what is kept.
func (c *config) storeFlags(f *pflag.FlagSet) {
	f.StringVar(&c.Archive, "archive", "file:///var/lib/kernel-jobs", "URL of the store of logs and results")
	cli.Env(f, "archive", "ARCHIVE_URL")
	f.DurationVar(&c.LogRetention, "log-retention", 30*24*time.Hour, "how long logs are kept; 0 is for ever")
	cli.Env(f, "log-retention", "LOG_RETENTION")
	f.DurationVar(&c.RunRetention, "run-retention", 365*24*time.Hour, "how long it is kept how runs ended; 0 is for ever")
	cli.Env(f, "run-retention", "RUN_RETENTION")
	f.DurationVar(&c.JobTTL, "job-ttl", process.DefaultLimits().ArchivedTTL, "how long the Job of an archived run stays, for kubectl; it counts in quotas")
	cli.Env(f, "job-ttl", "JOB_TTL")
	f.StringVar(&c.Registry, "registry", "", "where uploaded images are pushed: host[:port]/prefix; credentials are docker's (DOCKER_CONFIG)")
	cli.Env(f, "registry", "REGISTRY")
	f.BoolVar(&c.Insecure, "registry-insecure", false, "speak to the registry without TLS")
	cli.Env(f, "registry-insecure", "REGISTRY_INSECURE")
	f.StringSliceVar(&c.References, "allow-references", nil, "prefixes of images that may be registered by reference (default: none)")
	cli.Env(f, "allow-references", "ALLOW_REFERENCES")
	f.StringSliceVar(&c.System, "system-environments", nil, "environments for all domains, each name:tag=reference; one that is taken out is retired")
	cli.Env(f, "system-environments", "SYSTEM_ENVIRONMENTS")
	f.StringVar(&c.Platform, "platform", "linux/amd64", "what the nodes are")
	cli.Env(f, "platform", "PLATFORM")
	f.StringVar(&c.Upload.Dir, "spool-dir", "", "where uploads are kept while they are looked at (default: the system's temporary directory)")
	cli.Env(f, "spool-dir", "SPOOL_DIR")
	f.Int64Var(&c.Upload.Concurrent, "max-uploads", 2, "how many uploads at once")
	cli.Env(f, "max-uploads", "MAX_UPLOADS")
	f.IntVar(&c.MaxEnvironments, "max-environments", 500, "how many environments users may make in one domain; 0 is any number")
	cli.Env(f, "max-environments", "MAX_ENVIRONMENTS")
	f.StringVar(&c.MaxImage, "max-image", "20Gi", "how large an uploaded archive may be")
	cli.Env(f, "max-image", "MAX_IMAGE")
}

// launchFlags are about what every run is given.
func (c *config) launchFlags(f *pflag.FlagSet) {
	l := &c.Launch
	f.StringVar(&l.BackendURL, "backend-url", "", "URL of this service, as runs see it (BACKEND_URL)")
	cli.Env(f, "backend-url", "BACKEND_URL")
	f.StringVar(&l.StorageBase, "storage-base", "", "where projects keep their data (STORAGE_BASE), such as s3://{project}; {domain} and {project} are filled in")
	cli.Env(f, "storage-base", "STORAGE_BASE")
	f.StringVar(&l.StorageEndpoint, "storage-endpoint", "", "server of the storage, if it is not Amazon's (STORAGE_ENDPOINT)")
	cli.Env(f, "storage-endpoint", "STORAGE_ENDPOINT")
	f.StringVar(&c.storageSecret, "storage-secret", "", "Secret with access_key and secret_key, off for none (default: "+projectSecret+", if there is a storage)")
	cli.Env(f, "storage-secret", "STORAGE_SECRET")
	f.StringVar(&l.Account, "runner-account", "", "service account of runs, which get no token (default: the domain's default)")
	cli.Env(f, "runner-account", "RUNNER_ACCOUNT")
	f.StringSliceVar(&l.PullSecrets, "pull-secrets", nil, "Secrets of the domains for pulling images")
	cli.Env(f, "pull-secrets", "PULL_SECRETS")
	f.StringVar(&l.KernelsClaim, "kernels-claim", "", "PersistentVolumeClaim of the domains that holds the kernels")
	cli.Env(f, "kernels-claim", "KERNELS_CLAIM")
	f.StringVar(&c.Index, "index", "", "URL of kernel-web, which knows the kernels that can be environments (default: none can)")
	cli.Env(f, "index", "INDEX_URL")
	f.StringVar(&l.KernelsRoot, "kernels-root", "/sw/icrn/jupyter/icrn_ncsa_resources/Kernels", "where kernels were installed: the top of that volume")
	cli.Env(f, "kernels-root", "KERNEL_ROOT")
	f.DurationVar(&l.MaxDeadline, "max-deadline", 7*24*time.Hour, "the longest that a run may ask for")
	cli.Env(f, "max-deadline", "MAX_DEADLINE")
	f.StringVar(&l.MaxCPU, "max-cpu", "", "the most that a run may ask for (default: no bound)")
	cli.Env(f, "max-cpu", "MAX_CPU")
	f.StringVar(&l.MaxMemory, "max-memory", "", "the most that a run may ask for (default: no bound)")
	cli.Env(f, "max-memory", "MAX_MEMORY")
	f.StringVar(&l.MaxEphemeral, "max-ephemeral-storage", "", "the most that a run may ask for (default: no bound)")
	cli.Env(f, "max-ephemeral-storage", "MAX_EPHEMERAL_STORAGE")
}

// off is none of what a flag could name.
const off = "off"

// finish fills in what depends on the machine, and checks what the flags cannot check one by one.
func (c *config) finish() error {
	if err := c.listen.Check(); err != nil {
		return err
	}
	if c.MaxEnvironments < 0 {
		return fmt.Errorf("--max-environments %d: cannot be negative", c.MaxEnvironments)
	}
	if c.Streams < 1 || c.Upload.Concurrent < 1 {
		return fmt.Errorf("--max-streams %d, --max-uploads %d: at least one is needed", c.Streams, c.Upload.Concurrent)
	}
	switch {
	case c.storageSecret == off:
	case c.storageSecret != "":
		c.Launch.StorageSecret = c.storageSecret
	case c.Launch.StorageBase != "":
		c.Launch.StorageSecret = projectSecret
	}
	if c.Namespace == "" {
		text, err := os.ReadFile(accountNamespace)
		if err != nil {
			return fmt.Errorf("--namespace is needed outside of a pod: %w", err)
		}
		c.Namespace = strings.TrimSpace(string(text))
	}
	if c.Identity == "" {
		host, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("--identity: %w", err)
		}
		c.Identity = host
	}
	return nil
}
