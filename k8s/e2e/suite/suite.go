// Package suite is what tests on a real cluster stand on: a cluster for as long as a test binary runs, images that buildah
// builds, and pages of the documentation that are executed as they are written. It knows none of our programs.
package suite

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"kernelindexer/k8s/cluster/onenode"
)

// Suite is a test binary whose tests need a cluster.
type Suite struct {
	// Name is what the cluster's begins with.
	Name string
	// Needs are programs of the machine, beside those that a cluster needs.
	Needs   []onenode.Need
	Cluster onenode.Options
	// Build builds what can be built while the cluster starts. scratch is a folder, which is removed in the end.
	Build func(ctx context.Context, scratch string) error
	// Furnish brings into the cluster what all tests find there, and returns what takes it away.
	Furnish func(ctx context.Context, cluster *onenode.Cluster, scratch string) (undo func(), err error)
}

// Run runs tests with a cluster, and returns the exit code. The variable E2E_CLUSTER names a running cluster to use
// instead, for whoever works on a test.
func (s Suite) Run(self onenode.Self, tests func() int) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	code, err := s.run(ctx, self, tests)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", s.Name, err)
		return 1
	}
	return code
}

func (s Suite) run(ctx context.Context, self onenode.Self, tests func() int) (code int, err error) {
	if err := onenode.Missing(s.Needs...); err != nil {
		return 1, err
	}
	scratch, err := os.MkdirTemp("", s.Name+"-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(scratch)
	begin := time.Now()
	var cluster *onenode.Cluster
	both, bothCtx := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		cluster, err = s.start(bothCtx, self)
		return err
	})
	both.Go(func() error { return s.Build(bothCtx, scratch) })
	err = both.Wait()
	if cluster != nil && os.Getenv(running) == "" {
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
	undo, err := s.Furnish(ctx, cluster, scratch)
	defer undo()
	if err != nil {
		return 1, err
	}
	fmt.Fprintf(os.Stderr, "%s: the cluster and all that belongs to it are there after %.1f s\n", s.Name, time.Since(begin).Seconds())
	return tests(), nil
}

// running is the variable that names a running cluster.
const running = "E2E_CLUSTER"

func (s Suite) start(ctx context.Context, self onenode.Self) (*onenode.Cluster, error) {
	if name := os.Getenv(running); name != "" {
		return onenode.Open(ctx, name, os.Stderr)
	}
	options := s.Cluster
	options.Name, options.Tied, options.Out = fmt.Sprintf("%s-%d", s.Name, os.Getpid()), true, os.Stderr
	return self.Start(ctx, options)
}
