//go:build e2e

package jobs

import (
	"context"
	"os"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"kernelindexer/k8s/cluster/onenode"
	"kernelindexer/k8s/e2e/suite"
)

// What all tests share; set once, before any test runs.
var (
	cluster  *onenode.Cluster
	admin    *rest.Config
	api      *kubernetes.Clientset
	archives map[string]string // docker save of the images, by name
	open     *registry         // takes everything from everybody
	closed   *registry         // wants a password
	forPods  *registry         // as open, and pods reach it
)

// TestMain starts the cluster and the registries, and builds the images.
func TestMain(m *testing.M) {
	os.Exit(onenode.Main(func(self onenode.Self) int {
		return suite.Suite{
			Name: "jobs", Needs: needs,
			Cluster: onenode.Options{Kubelet: smallLogs, Containerd: plainRegistry},
			Build: func(ctx context.Context, scratch string) (err error) {
				archives, err = buildImages(ctx, scratch)
				return err
			},
			Furnish: furnish,
		}.Run(self, m.Run)
	}))
}

// furnish starts the registries.
func furnish(ctx context.Context, started *onenode.Cluster, scratch string) (undo func(), err error) {
	cluster = started
	var stops []func()
	undo = func() {
		for _, stop := range stops {
			stop()
		}
	}
	if admin, err = clientcmd.BuildConfigFromFlags("", cluster.Kubeconfig()); err != nil {
		return undo, err
	}
	admin.QPS = -1
	if api, err = kubernetes.NewForConfig(admin); err != nil {
		return undo, err
	}
	for _, one := range []struct {
		registry **registry
		address  string
		password string
	}{{&open, "127.0.0.1:5000", ""}, {&closed, "127.0.0.1:5001", password}, {&forPods, nodeRegistry, ""}} {
		registry, err := startRegistry(ctx, scratch, one.address, one.password)
		if err != nil {
			return undo, err
		}
		stops = append(stops, registry.stop)
		*one.registry = registry
	}
	return undo, nil
}
