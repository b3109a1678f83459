package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestKilledShardsLeaveAWholePair kills one of three shards at a random moment, 20 times, while a reader keeps loading the
// pair. Every load must be a complete, matching pair, no shard may publish a round that is not complete, and the round
// after must clean up.
func TestKilledShardsLeaveAWholePair(t *testing.T) {
	root := t.TempDir()
	for i := range 9 {
		if err := mkkernel([]string{filepath.Join(root, "Python", fmt.Sprint("k", i), "1.0"), "python=3.11.9", "numpy=2.1.0"}); err != nil {
			t.Fatal(err)
		}
	}
	start := func(round string) (shards []*exec.Cmd) {
		for i := range 3 {
			cmd := exec.Command("/proc/self/exe", "run", "--kernel-root", root, "--lister", "files", "--shard", fmt.Sprint(i+1, "/3"), "--round", round)
			cmd.Env = append(os.Environ(), runEnv+"=1", "GORACE=atexit_sleep_ms=0")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			shards = append(shards, cmd)
		}
		return shards
	}
	begin := time.Now()
	for _, cmd := range start("first") {
		if err := cmd.Wait(); err != nil {
			t.Fatalf("first round: %v", err)
		}
	}
	usual := time.Since(begin)

	ctx, cancel := context.WithCancel(t.Context())
	var reader sync.WaitGroup
	var loads, generations atomic.Int64
	reader.Go(func() { keepLoading(ctx, t, root, &loads, &generations) })
	for i := range 20 {
		if err := mkkernel([]string{filepath.Join(root, "Python/k3/1.0"), fmt.Sprintf("extra%d=1.0", i)}); err != nil {
			t.Fatal(err)
		}
		shards := start(fmt.Sprint("round ", i))
		time.Sleep(time.Duration(rand.Int64N(2 * int64(usual))))
		_ = shards[rand.IntN(3)].Process.Kill() // or it has ended a moment before
		for _, cmd := range shards {
			_ = cmd.Wait() // killed, done, or kept out by one of the round before
		}
	}
	for _, cmd := range start("last") {
		if err := cmd.Wait(); err != nil {
			t.Errorf("the round after: %v", err)
		}
	}
	cancel()
	reader.Wait()
	if loads.Load() < 10 || generations.Load() < 2 {
		t.Errorf("%d loads of %d generations: the test shows nothing", loads.Load(), generations.Load())
	}
	t.Logf("%d loads of %d generations, rounds take %v", loads.Load(), generations.Load(), usual)
	if err := os.Remove(filepath.Join(root, ".indexing.round.lock")); err != nil {
		t.Error(err)
	}
	noLeftovers(t, root)
}
