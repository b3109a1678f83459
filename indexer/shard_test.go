package indexer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv"
	"kernelindexer/indexer"
	"kernelindexer/manifests"
)

// longAgo is the clock of runs that are compared byte for byte.
func longAgo() time.Time { return time.Date(2026, 1, 31, 4, 5, 6, 0, time.UTC) }

// packagesOf makes every kernel's list another one.
func packagesOf(_ context.Context, prefix string) (condaenv.Listing, error) {
	return condaenv.Listing{Packages: []condaenv.Package{
		{Name: "python", Version: "3.11.9", Build: "0", Channel: "conda-forge"},
		{Name: "only-in-" + strings.ReplaceAll(prefix, "/", "-"), Version: "1.0", Build: "0", Channel: "local"},
	}}, nil
}

// shardConfig is config for a shard.
func shardConfig(root string, source fakeSource, number, of int) (indexer.Config, *log) {
	cfg, l := config(root, source)
	cfg.Shard, cfg.Jobs = manifests.Shard{Number: number, Of: of}, 2
	return cfg, l
}

// allShards runs a verb for each shard, all at a time.
func allShards(t *testing.T, of int, config func(number int) indexer.Config,
	verb func(*indexer.Indexer, context.Context) (manifests.Status, error),
) (statuses []manifests.Status, errs []error) {
	t.Helper()
	statuses, errs = make([]manifests.Status, of), make([]error, of)
	var group sync.WaitGroup
	for i := range of {
		group.Go(func() { statuses[i], errs[i] = verb(indexer.New(config(i+1)), t.Context()) })
	}
	group.Wait()
	return statuses, errs
}

// takeDocuments reads the pair and all manifests, and removes them and the status.
func takeDocuments(t *testing.T, root string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "*/*/*", manifests.PackageManifestName))
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]string{}
	for _, name := range append(names, filepath.Join(root, manifests.CollatedName), filepath.Join(root, manifests.PackageIndexName)) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		docs[strings.TrimPrefix(name, root)] = string(data)
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(root, manifests.StatusName)); err != nil {
		t.Fatal(err)
	}
	return docs
}

func manyKernels(n int) (kernels []string) {
	for i := range n {
		kernels = append(kernels, fmt.Sprintf("Python/k%02d/1.%d", i/2, i%2))
	}
	return kernels
}

// TestShardsGiveTheSameDocuments is that 1, 2, 4 and 16 shards at a time, with a collation after them or by the last of
// them, write byte for byte what a run of one process does.
func TestShardsGiveTheSameDocuments(t *testing.T) {
	root := repository(t, manyKernels(13)...) // one for all, since fingerprints are of this very directory
	cfg, _ := config(root, fakeSource{list: packagesOf})
	cfg.Now = longAgo
	status, err := indexer.New(cfg).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := takeDocuments(t, root)
	if len(want) != 15 {
		t.Fatalf("%d documents", len(want))
	}
	for _, of := range []int{1, 2, 4, 16} {
		shard := func(number int) indexer.Config {
			cfg, _ := shardConfig(root, fakeSource{list: packagesOf}, number, of)
			cfg.Now, cfg.Round = longAgo, "test"
			return cfg
		}
		t.Run(fmt.Sprint(of, " and a collation"), func(t *testing.T) {
			if _, errs := allShards(t, of, shard, (*indexer.Indexer).Index); errors.Join(errs...) != nil {
				t.Fatal(errs)
			}
			cfg := shard(0)
			got, err := indexer.New(cfg).Collate(t.Context(), bothDocuments)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, want, takeDocuments(t, root), status, got)
		})
		t.Run(fmt.Sprint(of, ", the last collates"), func(t *testing.T) {
			if _, errs := allShards(t, of, shard, (*indexer.Indexer).Run); errors.Join(errs...) != nil {
				t.Fatal(errs)
			}
			got, err := manifests.ReadStatus(os.DirFS(root))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, want, takeDocuments(t, root), status, got)
			for _, pattern := range []string{manifests.RoundName, ".indexing.shard-*"} {
				if left, _ := filepath.Glob(filepath.Join(root, pattern)); len(left) > 0 {
					t.Errorf("left over: %v", left)
				}
			}
		})
	}
}

var bothDocuments = manifests.Publication{Collated: manifests.CollatedName, Index: manifests.PackageIndexName}

func compare(t *testing.T, want, got map[string]string, wantStatus, gotStatus manifests.Status) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("documents (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(wantStatus, gotStatus); diff != "" {
		t.Errorf("status (-want +got)\n%s", diff)
	}
}

// TestShardsShareWhatTheFirstOneSaw is that no kernel is left out or done twice however the repository changes between the
// shards: what came later waits for the next round, what went is left out.
func TestShardsShareWhatTheFirstOneSaw(t *testing.T) {
	root := repository(t, "R/b/1", "R/d/1", "R/f/1", "R/h/1")
	cfg, first := shardConfig(root, fakeSource{}, 1, 2)
	if _, err := indexer.New(cfg).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"R/a/1", "R/c/1", "R/z/1"} {
		mkdir(t, root, k, "conda-meta")
	}
	if err := os.RemoveAll(filepath.Join(root, "R/d")); err != nil {
		t.Fatal(err)
	}
	cfg, second := shardConfig(root, fakeSource{}, 2, 2)
	status, err := indexer.New(cfg).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(second.skipped)
	got := [][]string{first.done, second.done, second.skipped}
	for _, names := range got {
		slices.Sort(names)
	}
	if diff := cmp.Diff([][]string{{"R/b/1", "R/f/1"}, {"R/h/1"}, {"R/d/1"}}, got); diff != "" {
		t.Errorf("done and skipped (-want +got)\n%s", diff)
	}
	if status.Kernels != 3 || status.Indexed != 3 {
		t.Errorf("status %+v", status)
	}
	cfg, _ = config(root, fakeSource{})
	if status, err := indexer.New(cfg).Run(t.Context()); err != nil || status.Kernels != 6 {
		t.Errorf("the next run: %+v, %v", status, err)
	}
}

// failing is a source that fails for some kernels.
func failing(prefixes ...string) fakeSource {
	return fakeSource{list: func(ctx context.Context, prefix string) (condaenv.Listing, error) {
		if slices.Contains(prefixes, prefix) {
			return condaenv.Listing{}, errors.New("broken")
		}
		return packagesOf(ctx, prefix)
	}}
}

// TestFirstFailedShardTellsWhy is that the status is of the first shard that failed, and that no other one and no
// collation publishes, until the shard has been done again.
func TestFirstFailedShardTellsWhy(t *testing.T) {
	root := repository(t, "R/a/1", "R/b/1", "R/c/1")
	source := failing("R/b/1", "R/c/1")
	for number, want := range []int{indexer.ExitOK, indexer.ExitKernel, indexer.ExitKernel} {
		cfg, _ := shardConfig(root, source, number+1, 3)
		if status, err := indexer.New(cfg).Run(t.Context()); indexer.ExitCode(err) != want || status.ExitCode != want {
			t.Errorf("shard %d: %+v, %v", number+1, status, err)
		}
	}
	check := func(exit int, failed string) {
		t.Helper()
		status, err := manifests.ReadStatus(os.DirFS(root))
		if err != nil || status.ExitCode != exit || status.FailedKernel != failed || status.Kernels != 3 || status.Indexed != 1 {
			t.Errorf("status %+v, %v", status, err)
		}
		if _, err := os.Stat(filepath.Join(root, manifests.CollatedName)); err == nil {
			t.Error("a pair was published")
		}
	}
	check(indexer.ExitKernel, "R/b/1")
	cfg, _ := config(root, fakeSource{})
	_, err := indexer.New(cfg).Collate(t.Context(), bothDocuments)
	var round *indexer.RoundError
	if !errors.As(err, &round) || indexer.ExitCode(err) != indexer.ExitCollate || round.FailedKernel != "R/b/1" {
		t.Errorf("collate: %v", err)
	}
	for number := 2; number <= 3; number++ {
		cfg, _ := shardConfig(root, fakeSource{list: packagesOf}, number, 3)
		if _, err := indexer.New(cfg).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if status, err := manifests.ReadStatus(os.DirFS(root)); err != nil || status.ExitCode != 0 || status.Indexed != 3 {
		t.Errorf("after the repair: %+v, %v", status, err)
	}
}

// TestInterruptedShardIsNotDone is that a shard that is told to end says so in the round.
func TestInterruptedShardIsNotDone(t *testing.T) {
	root := repository(t, "R/a/1", "R/b/1")
	ctx, cancel := context.WithCancel(t.Context())
	cfg, _ := shardConfig(root, fakeSource{list: func(ctx context.Context, _ string) (condaenv.Listing, error) {
		cancel()
		<-ctx.Done()
		return condaenv.Listing{}, ctx.Err()
	}}, 1, 2)
	if _, err := indexer.New(cfg).Run(ctx); indexer.ExitCode(err) != indexer.ExitGeneral || !errors.Is(err, context.Canceled) {
		t.Errorf("the interrupted shard: %v", err)
	}
	cfg, _ = shardConfig(root, fakeSource{}, 2, 2)
	if status, err := indexer.New(cfg).Run(t.Context()); err != nil || status.Generation != "" {
		t.Errorf("the other one: %+v, %v", status, err)
	}
	cfg, _ = config(root, fakeSource{})
	if _, err := indexer.New(cfg).Collate(t.Context(), bothDocuments); err == nil || !strings.Contains(err.Error(), "shard 1/2 failed with exit code 1: ") {
		t.Errorf("collate: %v", err)
	}
}

// TestRoundsAreNotMixed is which shards go together: those of one name, number and language. Without a name, a shard that
// has done its part begins the next round. While shards are at work, no other round begins, and no run.
func TestRoundsAreNotMixed(t *testing.T) {
	root := repository(t, "Python/p/1", "R/a/1", "R/b/1")
	type call struct {
		number, of int
		round      string
		language   string
		published  bool
	}
	for i, c := range []call{
		{1, 2, "monday", "", false},
		{2, 2, "tuesday", "", false}, // monday's first shard does not count
		{1, 2, "tuesday", "", true},
		{1, 2, "", "", false},
		{1, 2, "", "", false}, // again: the next round
		{2, 2, "", "", true},
		{1, 2, "", "", false},
		{2, 3, "", "", false}, // another number
		{1, 3, "", "", false},
		{3, 3, "", "", true},
		{1, 2, "", "R", false},
		{2, 2, "", "", false}, // another language
		{1, 2, "", "", true},
		{1, 2, "again", "", false},
		{1, 2, "again", "", false}, // with a name it is the same round
		{2, 2, "again", "", true},
	} {
		cfg, _ := shardConfig(root, fakeSource{}, c.number, c.of)
		cfg.Round, cfg.Filter.Language = c.round, c.language
		status, err := indexer.New(cfg).Run(t.Context())
		if err != nil || (status.Generation != "") != c.published {
			t.Errorf("%d: %+v: %+v, %v", i, c, status, err)
		}
	}
	cfg, _ := shardConfig(root, fakeSource{list: func(ctx context.Context, prefix string) (condaenv.Listing, error) {
		for _, other := range []string{"another", ""} {
			cfg, _ := shardConfig(root, fakeSource{}, 2, 2)
			cfg.Round = other
			if _, err := indexer.New(cfg).Run(ctx); !errors.Is(err, manifests.ErrLocked) || !strings.Contains(err.Error(), "shard 1/1, process") {
				t.Errorf("round %q beside one at work: %v", other, err)
			}
		}
		cfg, _ := config(root, fakeSource{})
		if _, err := indexer.New(cfg).Run(ctx); !errors.Is(err, manifests.ErrLocked) {
			t.Errorf("a run beside a shard: %v", err)
		}
		if _, err := indexer.New(cfg).Collate(ctx, bothDocuments); !errors.Is(err, manifests.ErrLocked) {
			t.Errorf("a collation beside a shard: %v", err)
		}
		return packagesOf(ctx, prefix)
	}}, 1, 1)
	cfg.Round, cfg.Jobs = "at work", 1
	if _, err := indexer.New(cfg).Run(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRunEndsTheRound is that a run of one process begins anew, and that the last shard does not publish over it.
func TestRunEndsTheRound(t *testing.T) {
	root := repository(t, "R/a/1", "R/b/1")
	cfg, _ := shardConfig(root, failing("R/a/1"), 1, 2)
	if _, err := indexer.New(cfg).Index(t.Context()); err == nil {
		t.Fatal("no error")
	}
	cfg, _ = config(root, fakeSource{})
	if _, err := indexer.New(cfg).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := indexer.New(cfg).Collate(t.Context(), bothDocuments); err != nil {
		t.Errorf("collate after the run: %v", err)
	}

	// A run of one process comes between the last shard's last kernel and its publication: the clock is asked there.
	cfg, _ = shardConfig(root, fakeSource{}, 1, 1)
	var taken bool
	cfg.Now = func() time.Time {
		round, err := manifests.ReadRound(os.DirFS(root))
		if err == nil && len(round.Done) == 1 && !taken {
			taken = true
			whole, _ := config(root, fakeSource{list: packagesOf})
			if _, err := indexer.New(whole).Run(t.Context()); err != nil {
				t.Error(err)
			}
		}
		return time.Now()
	}
	_, err := indexer.New(cfg).Run(t.Context())
	var round *indexer.RoundError
	if !taken || !errors.As(err, &round) || indexer.ExitCode(err) != indexer.ExitCollate {
		t.Errorf("taken over %v: %v", taken, err)
	}
	if status, err := manifests.ReadStatus(os.DirFS(root)); err != nil || status.ExitCode != 0 || status.Packages != 4 {
		t.Errorf("the status is not the run's: %+v, %v", status, err)
	}
}

// TestShardsWithoutKernels is that the status says so where a shard cannot begin the round.
func TestShardsWithoutKernels(t *testing.T) {
	root := t.TempDir()
	cfg, _ := shardConfig(root, fakeSource{}, 1, 2)
	if _, err := indexer.New(cfg).Run(t.Context()); !errors.Is(err, indexer.ErrNoKernels) {
		t.Errorf("error %v", err)
	}
	if s, err := manifests.ReadStatus(os.DirFS(root)); err != nil || s.ExitCode != indexer.ExitGeneral || s.Phase != manifests.PhaseIndex {
		t.Errorf("status %+v, %v", s, err)
	}
	if _, err := os.Stat(filepath.Join(root, manifests.RoundName)); err == nil {
		t.Error("a round without kernels")
	}
}

// TestDamagedRound is that a round that cannot be read is begun anew by a shard, and not published by a collation.
func TestDamagedRound(t *testing.T) {
	root := repository(t, "R/a/1")
	damage := func() {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, manifests.RoundName), []byte("{"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	damage()
	cfg, _ := config(root, fakeSource{})
	if _, err := indexer.New(cfg).Collate(t.Context(), bothDocuments); indexer.ExitCode(err) != indexer.ExitCollate {
		t.Errorf("collate: %v", err)
	}
	cfg, _ = shardConfig(root, fakeSource{}, 1, 1)
	if status, err := indexer.New(cfg).Run(t.Context()); err != nil || status.Generation == "" {
		t.Errorf("shard: %+v, %v", status, err)
	}
	damage()
	cfg, _ = config(root, fakeSource{})
	if _, err := indexer.New(cfg).Run(t.Context()); err != nil {
		t.Errorf("run: %v", err)
	}
	if _, err := os.Stat(filepath.Join(root, manifests.RoundName)); err == nil {
		t.Error("the damaged round is still there")
	}
}
