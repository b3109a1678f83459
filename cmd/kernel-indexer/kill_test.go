package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kernelindexer/manifests"
)

// runEnv makes the test binary be the program.
const runEnv = "KERNEL_INDEXER_TEST_RUN"

// TestKilledRunsLeaveAWholePair kills 50 runs at random moments, each of which would publish other content, while a
// reader keeps loading the pair. Every load must be a complete, matching pair, and the run after must clean up.
func TestKilledRunsLeaveAWholePair(t *testing.T) {
	root := t.TempDir()
	for i := range 12 {
		if err := mkkernel([]string{filepath.Join(root, "Python", fmt.Sprint("k", i), "1.0"), "python=3.11.9", "numpy=2.1.0"}); err != nil {
			t.Fatal(err)
		}
	}
	command := func() *exec.Cmd {
		cmd := exec.Command("/proc/self/exe", "run", "--kernel-root", root, "--lister", "files")
		cmd.Env = append(os.Environ(), runEnv+"=1", "GORACE=atexit_sleep_ms=0")
		return cmd
	}
	start := time.Now()
	if out, err := command().CombinedOutput(); err != nil {
		t.Fatalf("first run: %v\n%s", err, out)
	}
	usual := time.Since(start)

	ctx, cancel := context.WithCancel(t.Context())
	var reader sync.WaitGroup
	var loads, generations atomic.Int64
	reader.Go(func() { keepLoading(ctx, t, root, &loads, &generations) })
	killed := 0
	for i := range 50 {
		// other content, so that an old and a new document never agree by chance
		err := mkkernel([]string{filepath.Join(root, "Python/k3/1.0"), fmt.Sprintf("extra%d=1.0", i)})
		if err != nil {
			t.Fatal(err)
		}
		cmd := command()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// beside the reader a run takes longer than alone: some get past their publication
		time.Sleep(time.Duration(rand.Int64N(3 * int64(usual))))
		if err := cmd.Process.Kill(); err == nil {
			killed++
		}
		_ = cmd.Wait() // killed, or done a moment before
		leads(t, root)
	}
	if out, err := command().CombinedOutput(); err != nil {
		t.Errorf("the run after: %v\n%s", err, out)
	}
	cancel()
	reader.Wait()
	if loads.Load() < 10 || generations.Load() < 2 {
		t.Errorf("%d loads of %d generations, %d killed: the test shows nothing", loads.Load(), generations.Load(), killed)
	}
	t.Logf("%d loads of %d generations, %d runs killed within %v", loads.Load(), generations.Load(), killed, usual)
	noLeftovers(t, root)
}

// keepLoading loads the pair until ctx ends.
func keepLoading(ctx context.Context, t *testing.T, root string, loads, generations *atomic.Int64) {
	seen := map[string]bool{}
	dir := os.DirFS(root)
	for ctx.Err() == nil {
		pair, err := manifests.LoadPair(ctx, manifests.Location{FS: dir, Name: manifests.CollatedName},
			manifests.Location{FS: dir, Name: manifests.PackageIndexName}, nil, nil)
		switch {
		case err != nil && ctx.Err() == nil:
			t.Errorf("load %d: %v", loads.Load(), err)
			return
		case err == nil:
			checkChanges(t, dir)
			loads.Add(1)
			seen[pair.Collated.Generation] = true
			generations.Store(int64(len(seen)))
		}
	}
}

// checkChanges checks that there is a whole document of changes. It need not lead to the pair that was just loaded,
// which may have been replaced since.
func checkChanges(t *testing.T, dir fs.FS) {
	c, err := manifests.ReadChanges(manifests.Location{FS: dir, Name: manifests.ChangesName})
	if err != nil || len(c.Runs) == 0 {
		t.Errorf("%d runs: %v", len(c.Runs), err)
	}
}

// leads checks, with nobody writing, that the document of changes leads to the pair.
func leads(t *testing.T, root string) {
	t.Helper()
	c, x := manifests.PairIn(os.DirFS(root))
	if _, err := manifests.ValidateStore(t.Context(), c, x, nil, func(problem error) { t.Error(problem) }); err != nil {
		t.Error(err)
	}
}

// noLeftovers checks that no temporary file of a killed run is left.
func noLeftovers(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), ".") && d.Name() != manifests.LockName && !strings.Contains(d.Name(), "previous") {
			return errors.New("left over: " + path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
