package manifests_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"kernelindexer/manifests"
)

// helperPublish publishes one store after the other until it is killed. A store
// has as many kernels as its version says, so that a reader can tell whether
// it got one whole.
func helperPublish() {
	d, err := manifests.OpenDir(os.Getenv("MANIFESTS_TEST_DIR"), manifests.Atomic)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for n := os.Getpid(); ; n++ {
		if _, err := d.Publish(context.Background(), entries(countedStore(n)...), time.Now(), pairNames); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func countedStore(n int) []manifests.Manifest {
	var ms []manifests.Manifest
	for k := range n%7 + 1 {
		ms = append(ms, kernel(fmt.Sprintf("R/k%d/%d", k, n), "4", fmt.Sprintf("x %d r", n), fmt.Sprintf("y %d r", n)))
	}
	return ms
}

// loadCounted loads the pair and checks that it is one of the stores, whole.
func loadCounted(dir string) error {
	var version string
	kernels, rows := 0, 0
	c, x := manifests.PairIn(os.DirFS(dir))
	_, err := manifests.LoadPair(context.Background(), c, x, func(e manifests.Entry) error {
		if kernels++; version == "" {
			version = e.KernelVersion
		}
		if e.KernelVersion != version || e.Packages[0].Version != version {
			return fmt.Errorf("kernel %s in a store of version %s", e.Key(), version)
		}
		return nil
	}, func(p manifests.PackageEntry) error {
		rows += len(p.Kernels)
		for _, k := range p.Kernels {
			if k.KernelVersion != version {
				return fmt.Errorf("row %s in a store of version %s", k.Key(), version)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var n int
	if _, err := fmt.Sscan(version, &n); err != nil || kernels != n%7+1 || rows != 2*kernels {
		return fmt.Errorf("version %s has %d kernels and %d rows: %w", version, kernels, rows, err)
	}
	return nil
}

// A publishing process is killed at any moment, many times, while a reader loads
// the pair: whatever the reader takes is complete and of one generation, and it
// always gets one; and the next run clears up.
func TestKilledPublisherNeverShowsHalfAPair(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, testTime, countedStore(1)...)
	stop := make(chan struct{})
	var loads int
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			switch err := loadCounted(dir); err {
			case nil:
				loads++
			default:
				t.Error(err)
				return
			}
		}
	})
	for range 40 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "MANIFESTS_TEST_HELPER=publish", "MANIFESTS_TEST_DIR="+dir, "GORACE=atexit_sleep_ms=0")
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+rand.IntN(60)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
			t.Errorf("the publisher ended by itself: %v", err)
		}
	}
	close(stop)
	reader.Wait()
	if loads < 40 {
		t.Errorf("only %d loads", loads)
	}
	t.Logf("%d loads", loads)

	d := openDir(t, dir, manifests.Atomic)
	removed, err := d.RemoveLeftovers()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d leftovers", len(removed))
	publish(t, dir, testTime, countedStore(2)...)
	if err := loadCounted(dir); err != nil {
		t.Error(err)
	}
	var names []string
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "files", []string{manifests.CollatedName, manifests.PackageIndexName}, names)
}
