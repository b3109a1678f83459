//go:build e2e

package jobs

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"kernelindexer/k8s/cluster/onenode"
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

// TestMain starts the cluster and the registries, and builds the images. E2E_CLUSTER names a running cluster to use
// instead, for whoever works on a test.
func TestMain(m *testing.M) {
	os.Exit(onenode.Main(func(self onenode.Self) int {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		code, err := furnished(ctx, self, m.Run)
		if err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			return 1
		}
		return code
	}))
}

func furnished(ctx context.Context, self onenode.Self, run func() int) (code int, err error) {
	if err := onenode.Missing(needs...); err != nil {
		return 1, err
	}
	scratch, err := os.MkdirTemp("", "kernels-jobs-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(scratch)
	begin := time.Now()
	both, bothCtx := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		cluster, err = startCluster(bothCtx, self)
		return err
	})
	both.Go(func() (err error) {
		archives, err = buildImages(bothCtx, scratch)
		return err
	})
	err = both.Wait()
	if cluster != nil && os.Getenv("E2E_CLUSTER") == "" {
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer cancel()
			if stopErr := cluster.Stop(ctx); stopErr != nil {
				code, err = 1, stopErr
			}
		}()
	}
	if err != nil {
		return 1, err
	}
	if admin, err = clientcmd.BuildConfigFromFlags("", cluster.Kubeconfig()); err != nil {
		return 1, err
	}
	admin.QPS = -1
	if api, err = kubernetes.NewForConfig(admin); err != nil {
		return 1, err
	}
	for _, one := range []struct {
		registry **registry
		address  string
		password string
	}{{&open, "127.0.0.1:5000", ""}, {&closed, "127.0.0.1:5001", password}, {&forPods, nodeRegistry, ""}} {
		started, err := startRegistry(ctx, scratch, one.address, one.password)
		if err != nil {
			return 1, err
		}
		defer started.stop()
		*one.registry = started
	}
	fmt.Fprintf(os.Stderr, "cluster, registries and images are there after %.1f s\n", time.Since(begin).Seconds())
	return run(), nil
}

func startCluster(ctx context.Context, self onenode.Self) (*onenode.Cluster, error) {
	if name := os.Getenv("E2E_CLUSTER"); name != "" {
		return onenode.Open(ctx, name, os.Stderr)
	}
	name := fmt.Sprintf("jobs-%d", os.Getpid())
	return self.Start(ctx, onenode.Options{Name: name, Tied: true, Out: os.Stderr, Kubelet: smallLogs, Containerd: plainRegistry})
}
