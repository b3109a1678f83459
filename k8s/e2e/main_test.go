//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"

	"kernelindexer/k8s/cluster/onenode"
)

// What all tests share; set once, before any test runs.
var (
	self    onenode.Self
	cluster *onenode.Cluster
	api     *kubernetes.Clientset
	built   images
)

// TestMain starts the cluster and builds the images. E2E_CLUSTER names a running one to use instead, for whoever works
// on a test.
func TestMain(m *testing.M) {
	os.Exit(onenode.Main(func(s onenode.Self) int {
		self = s
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		if name := os.Getenv(starterVariable); name != "" {
			return start(ctx, name)
		}
		code, err := withCluster(ctx, m.Run)
		if err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			return 1
		}
		return code
	}))
}

func withCluster(ctx context.Context, run func() int) (code int, err error) {
	if err := onenode.Missing(onenode.Need{Program: "buildah", Package: "buildah"}); err != nil {
		return 1, err
	}
	scratch, err := os.MkdirTemp("", "kernels-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(scratch)
	begin := time.Now()
	both, bothCtx := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		cluster, err = startCluster(bothCtx)
		return err
	})
	both.Go(func() (err error) {
		built, err = buildImages(bothCtx, scratch)
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
	if api, err = clientOf(cluster); err != nil {
		return 1, err
	}
	for _, archive := range []string{built.indexer, built.web} {
		if err := cluster.LoadImage(ctx, archive); err != nil {
			return 1, err
		}
	}
	fmt.Fprintf(os.Stderr, "cluster and images are there after %.1f s\n", time.Since(begin).Seconds())
	return run(), nil
}

func startCluster(ctx context.Context) (*onenode.Cluster, error) {
	if name := os.Getenv("E2E_CLUSTER"); name != "" {
		return onenode.Open(ctx, name, os.Stderr)
	}
	name := fmt.Sprintf("e2e-%d", os.Getpid())
	return self.Start(ctx, onenode.Options{Name: name, Tied: true, Out: os.Stderr})
}

// dialCluster connects to an address inside of the cluster.
func dialCluster(ctx context.Context, network, address string) (net.Conn, error) {
	return cluster.DialContext(ctx, network, address)
}
