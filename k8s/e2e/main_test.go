//go:build e2e

package e2e

import (
	"context"
	"net"
	"os"
	"testing"

	"k8s.io/client-go/kubernetes"

	"kernelindexer/k8s/cluster/onenode"
	"kernelindexer/k8s/e2e/suite"
)

// What all tests share; set once, before any test runs.
var (
	self    onenode.Self
	cluster *onenode.Cluster
	api     *kubernetes.Clientset
	built   images
)

// TestMain starts the cluster and builds the images.
func TestMain(m *testing.M) {
	os.Exit(onenode.Main(func(s onenode.Self) int {
		self = s
		if name := os.Getenv(starterVariable); name != "" {
			return start(context.Background(), name)
		}
		return suite.Suite{
			Name:  "e2e",
			Needs: []onenode.Need{{Program: "buildah", Package: "buildah"}},
			Build: func(ctx context.Context, scratch string) (err error) {
				built, err = buildImages(ctx, scratch)
				return err
			},
			Furnish: furnish,
		}.Run(self, m.Run)
	}))
}

// furnish brings the images to the node.
func furnish(ctx context.Context, started *onenode.Cluster, _ string) (undo func(), err error) {
	cluster, undo = started, func() {}
	if api, err = clientOf(cluster); err != nil {
		return undo, err
	}
	for _, archive := range []string{built.indexer, built.web} {
		if err := cluster.LoadImage(ctx, archive); err != nil {
			return undo, err
		}
	}
	return undo, nil
}

// dialCluster connects to an address inside of the cluster.
func dialCluster(ctx context.Context, network, address string) (net.Conn, error) {
	return cluster.DialContext(ctx, network, address)
}
