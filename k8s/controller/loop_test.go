package controller_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/controller"
	"kernelindexer/k8s/process"
)

// kinds are what the Jobs of the simulation do, and how each of them ends.
var kinds = map[string]string{
	"done": "done", "failed": "failed APP_ERROR", "commands": "done", "commands-failed": "failed APP_ERROR",
	"retried": "done", "oom": "failed OOM_KILLED", "no-image": "failed IMAGE_PULL", "quota": "failed QUOTA_EXCEEDED",
	"canceled": "canceled CANCELED", "rejected": "done",
}

func request(kind string) process.Spec {
	spec := process.Spec{
		Namespace: "physics", Project: "p", Process: kind, Name: kind, Type: "fft",
		Environment: process.Environment{
			ID: "e", Kind: process.KindImage, Image: "registry/env@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		},
	}
	if kind == "commands" || kind == "commands-failed" {
		spec.Type = ""
		spec.Commands = []process.Command{{Args: []string{"a"}}, {Args: []string{"b"}}, {Args: []string{"c"}}}
	}
	return spec
}

// crashes lets the loop die at random.
type crashes struct {
	mu     sync.Mutex
	random *rand.Rand
	count  int
}

var errCrash = errors.New("crash")

func (c *crashes) Before(controller.Key, process.ActionKind) error { return c.point() }
func (c *crashes) After(controller.Key, process.ActionKind) error  { return c.point() }

func (c *crashes) point() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.random.IntN(6) == 0 {
		c.count++
		return errCrash
	}
	return nil
}

// archived is what is in an archive, without the times of the loop.
type archived struct {
	Ends  map[string]string
	Codes map[string][]string
	Logs  map[string][]string
	Open  int
}

func read(t *testing.T, store *archive.Store) archived {
	t.Helper()
	a := archived{Ends: map[string]string{}, Codes: map[string][]string{}, Logs: map[string][]string{}}
	for data, err := range store.Outcomes(t.Context(), "physics", "", "") {
		if err != nil {
			t.Fatal(err)
		}
		var outcome process.Outcome
		if err := json.Unmarshal(data, &outcome); err != nil {
			t.Fatal(err)
		}
		name := outcome.Record.Process
		a.Ends[name] = endOf(t, data)
		for _, command := range outcome.Status.Commands {
			code := "-"
			if command.ExitCode != nil {
				code = fmt.Sprint(*command.ExitCode)
			}
			a.Codes[name] = append(a.Codes[name], command.Container+" "+string(command.State)+" "+code)
		}
		streams, err := store.Streams(t.Context(), archive.Run{Domain: "physics", Project: "p", Process: name})
		if err != nil {
			t.Fatal(err)
		}
		for _, stream := range streams {
			for line, err := range store.All(t.Context(), stream) {
				if err != nil {
					t.Fatal(err)
				}
				key := stream.Pod + "/" + stream.Container
				a.Logs[key] = append(a.Logs[key], fmt.Sprint(line.Time.Nanosecond(), " ", line.Note, line.Text))
			}
		}
	}
	for _, err := range store.ListOpen(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		a.Open++
	}
	return a
}

// endOf is a line that says how a run ended.
func endOf(t *testing.T, document []byte) string {
	t.Helper()
	var outcome process.Outcome
	if err := json.Unmarshal(document, &outcome); err != nil {
		t.Fatal(err)
	}
	end := string(outcome.Status.State)
	if failure := outcome.Status.Failure; failure != nil {
		end += " " + string(failure.Code)
	}
	for _, warning := range outcome.Status.Warnings {
		end += ", " + warning
	}
	return end
}

// simulate runs all kinds of Jobs to their archived ends.
func simulate(t *testing.T, store *archive.Store, random *rand.Rand) (cluster *sim, died int) {
	cluster = newSim()
	point := &crashes{random: random}
	options := controller.Options{}
	if random != nil {
		options.Failpoint = point
		cluster.cuts = rand.New(rand.NewPCG(random.Uint64(), 0))
	}
	launch(t, cluster)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour)
	defer cancel()
	for ctx.Err() == nil {
		loop := controller.New(cluster, store, options)
		cluster.mu.Lock()
		cluster.changed = loop.Changed
		for key := range cluster.jobs { // as an informer does when it begins
			loop.Changed(key)
		}
		cluster.mu.Unlock()
		if err := loop.Run(ctx); err != nil && !errors.Is(err, errCrash) && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		time.Sleep(time.Duration(point.count%4) * time.Second) // it is down for a while
	}
	cluster.live.Wait()
	return cluster, point.count
}

func TestLoopBringsEveryRunToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory(t)
		cluster, _ := simulate(t, store, nil)
		got := read(t, store)
		if diff := cmp.Diff(kinds, got.Ends); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if len(cluster.jobs) > 0 || got.Open > 0 {
			t.Errorf("%d Jobs and %d records are left", len(cluster.jobs), got.Open)
		}
		if lines := len(got.Logs["process-done-v0-1-1/process"]); lines != 60 {
			t.Errorf("%d lines, want 60", lines)
		}
		if cluster.writes > 40 {
			t.Errorf("%d actions on %d Jobs", cluster.writes, len(kinds))
		}
		if diff := cmp.Diff([]string{"cmd-00 done 0", "cmd-01 failed 3", "cmd-02 skipped -"}, got.Codes["commands-failed"]); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestArchiveIsTheSameWhereverTheLoopDies(t *testing.T) {
	var want archived
	synctest.Test(t, func(t *testing.T) {
		store := memory(t)
		simulate(t, store, nil)
		want = read(t, store)
	})
	died := 0
	for seed := range uint64(12) {
		synctest.Test(t, func(t *testing.T) {
			store := memory(t)
			_, count := simulate(t, store, rand.New(rand.NewPCG(seed, 4)))
			died += count
			if diff := cmp.Diff(want, read(t, store)); diff != "" {
				t.Errorf("seed %d, died %d times: -want +got:\n%s", seed, count, diff)
			}
		})
	}
	if died < 100 {
		t.Errorf("died %d times only", died)
	}
	t.Logf("died %d times", died)
}

func TestJobThatIsDeletedBehindOurBackIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory(t)
		cluster := newSim()
		job, err := process.Job(request("done"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		loop := controller.New(cluster, store, controller.Options{})
		cluster.changed = loop.Changed
		if err := cluster.Create(ctx, job); err != nil {
			t.Fatal(err)
		}
		var running sync.WaitGroup
		running.Go(func() { _ = loop.Run(ctx) })
		time.Sleep(5 * time.Second)
		key := controller.Key{Namespace: job.Namespace, Name: job.Name}
		cluster.mu.Lock()
		cluster.changed = func(controller.Key) {} // nobody tells
		cluster.mu.Unlock()
		_ = cluster.Delete(ctx, key, "process-done-v0-1")
		time.Sleep(5 * time.Minute)
		cancel()
		running.Wait()
		cluster.live.Wait()
		got := read(t, store)
		if got.Ends["done"] != "failed LOST, logs may be incomplete" || got.Open != 0 {
			t.Errorf("got %q, %d open", got.Ends, got.Open)
		}
		if len(got.Logs["process-done-v0-1-1/process"]) == 0 {
			t.Error("the log is lost too")
		}
	})
}

func TestTwoLoopsAtOnceArchiveOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory(t)
		simulate(t, store, nil)
		want := read(t, store)

		store = memory(t)
		cluster := newSim()
		one, two := controller.New(cluster, store, controller.Options{}), controller.New(cluster, store, controller.Options{})
		cluster.changed = func(key controller.Key) { one.Changed(key); two.Changed(key) }
		launch(t, cluster)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour)
		defer cancel()
		var both sync.WaitGroup
		both.Go(func() { _ = one.Run(ctx) })
		both.Go(func() { _ = two.Run(ctx) })
		both.Wait()
		cluster.live.Wait()
		if diff := cmp.Diff(want, read(t, store)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestArchiveThatIsAwayForAWhile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	synctest.Test(t, func(t *testing.T) {
		store, err := archive.Open(t.Context(), "file://"+dir)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		go func() { // as a mount that goes and comes
			time.Sleep(4 * time.Second)
			away, back := os.Rename(dir, dir+".away"), os.Mkdir(dir, 0o700)
			time.Sleep(15 * time.Minute)
			if err := errors.Join(away, back, os.RemoveAll(dir), os.Rename(dir+".away", dir)); err != nil {
				t.Error(err)
			}
		}()
		simulate(t, store, nil)
		got := read(t, store)
		if diff := cmp.Diff(kinds, got.Ends); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if lines := len(got.Logs["process-done-v0-1-1/process"]); lines != 60 || got.Open != 0 {
			t.Errorf("%d lines, %d open", lines, got.Open)
		}
	})
}

// stale is a cluster whose watches are broken for 20 minutes: the Job was seen
// once, when it was new, and nothing since.
type stale struct {
	*sim
	seen map[controller.Key]*batchv1.Job
}

func (s stale) Look(ctx context.Context, key controller.Key, fresh bool) (*batchv1.Job, []*corev1.Pod, []*corev1.Event, error) {
	job, pods, events, err := s.sim.Look(ctx, key, fresh)
	if fresh || job == nil || time.Since(job.CreationTimestamp.Time) > 20*time.Minute {
		return job, pods, events, err
	}
	if s.seen[key] == nil {
		s.seen[key] = job
	}
	return s.seen[key], nil, nil, nil
}

func TestNoRunIsEndedOnWhatIsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory(t)
		cluster := stale{newSim(), map[controller.Key]*batchv1.Job{}}
		loop := controller.New(cluster, store, controller.Options{Workers: 1})
		cluster.changed = loop.Changed
		job, err := process.Job(request("done"))
		if err != nil {
			t.Fatal(err)
		}
		if err := cluster.Create(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := loop.Run(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		_ = cluster.Delete(t.Context(), controller.Key{Namespace: job.Namespace, Name: job.Name}, "process-done-v0-1")
		cluster.live.Wait()
		if got := read(t, store); got.Ends["done"] != "done" || len(got.Logs["process-done-v0-1-1/process"]) != 60 {
			t.Errorf("archived %v, %d lines", got.Ends, len(got.Logs["process-done-v0-1-1/process"]))
		}
	})
}

// launch creates a Job of each kind.
func launch(t *testing.T, cluster *sim) {
	t.Helper()
	for kind := range kinds {
		job, err := process.Job(request(kind))
		if err != nil {
			t.Fatal(err)
		}
		if err := cluster.Create(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
}

func memory(t *testing.T) *archive.Store {
	t.Helper()
	store, err := archive.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}
