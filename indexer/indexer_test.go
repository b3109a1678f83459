package indexer_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"kernelindexer/condaenv"
	"kernelindexer/indexer"
	"kernelindexer/manifests"
	"kernelindexer/rootfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeSource answers from memory; list may block, fail, or change the disk.
type fakeSource struct {
	missing error
	list    func(ctx context.Context, prefix string) (condaenv.Listing, error)
}

func (s fakeSource) Name() string                                      { return "fake" }
func (s fakeSource) Find() error                                       { return s.missing }
func (s fakeSource) Lister(context.Context, *rootfs.FS) indexer.Lister { return s }
func (s fakeSource) List(ctx context.Context, prefix string) (condaenv.Listing, error) {
	if s.list == nil {
		return condaenv.Listing{Packages: []condaenv.Package{{Name: "python", Version: "3.11.9"}}}, nil
	}
	return s.list(ctx, prefix)
}

// log is a Reporter that remembers.
type log struct {
	mu      sync.Mutex
	done    []string
	skipped []string
	warned  []string
}

func (l *log) Begin(int) {}

func (l *log) Done(r indexer.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = append(l.done, r.Kernel.String())
}

func (l *log) Skipped(k manifests.KernelKey, _ string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.skipped = append(l.skipped, k.String())
}

func (l *log) Warned(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warned = append(l.warned, err.Error())
}

// repository makes kernels: directories with a conda-meta.
func repository(t *testing.T, kernels ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, k := range kernels {
		mkdir(t, root, k, "conda-meta")
	}
	return root
}

func mkdir(t *testing.T, parts ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(parts...), 0o755); err != nil {
		t.Fatal(err)
	}
}

func config(root string, source fakeSource) (indexer.Config, *log) {
	l := &log{}
	return indexer.Config{Root: root, Source: source, Report: l, Jobs: 4, Now: time.Now}, l
}

// TestDiscoverFindsKernelsAtTheirDepthOnly is the rule of what a kernel is.
func TestDiscoverFindsKernelsAtTheirDepthOnly(t *testing.T) {
	root := repository(t, "R/pecan/1.10", "R/pecan/1.9", "R/pecan/1.9.1", "R/pecan/odd version", "R/pecan/another odd!",
		"R/.hidden/1.0", ".hidden/a/1.0", "R/pecan/.hidden", "Python/astro/1.0", "Julia/base/1.0/deeper/still", "tooshallow/x")
	mkdir(t, root, "R/pecan/nometa")
	if err := os.WriteFile(filepath.Join(root, "README"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	mkdir(t, root, "R/pecan/metaisfile")
	if err := os.WriteFile(filepath.Join(root, "R/pecan/metaisfile/conda-meta"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"R/pecan/latest": "1.10", "R/alias": "pecan", "RR": "R"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	fsys, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer fsys.Close()
	tests := []struct {
		filter indexer.Filter
		want   []string
	}{
		{indexer.Filter{}, []string{
			"Python/astro/1.0", "R/pecan/1.9", "R/pecan/1.9.1", "R/pecan/1.10",
			"R/pecan/another odd!", "R/pecan/odd version",
		}},
		{indexer.Filter{Language: "Python"}, []string{"Python/astro/1.0"}},
		{indexer.Filter{Name: "pecan", Version: "1.9"}, []string{"R/pecan/1.9"}},
		{indexer.Filter{Language: "r"}, nil},
	}
	for _, tt := range tests {
		found, err := indexer.Discover(context.Background(), fsys, tt.filter)
		if errors.Is(err, indexer.ErrNoKernels) != (tt.want == nil) {
			t.Errorf("%v: error %v", tt.filter, err)
		}
		var got []string
		for _, k := range found {
			got = append(got, k.String())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v: (-want +got)\n%s", tt.filter, diff)
		}
	}
}

// TestFirstFailureCancelsTheOthers is fail-fast: kernels beside the failing one stop, those after it never start.
func TestFirstFailureCancelsTheOthers(t *testing.T) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("Python/k%03d/1.0", i))
	}
	root := repository(t, names...)
	var started, cancelled sync.Map
	var beside sync.WaitGroup
	beside.Add(3)
	cfg, l := config(root, fakeSource{list: func(ctx context.Context, prefix string) (condaenv.Listing, error) {
		started.Store(prefix, true)
		if prefix == "Python/k000/1.0" {
			beside.Wait() // three others are under way
			return condaenv.Listing{}, errors.New("conda-meta/x.json: broken")
		}
		beside.Done()
		<-ctx.Done()
		cancelled.Store(prefix, true)
		return condaenv.Listing{}, ctx.Err()
	}})
	status, err := indexer.New(cfg).Run(context.Background())
	var kernel *indexer.KernelError
	if !errors.As(err, &kernel) || kernel.Kernel.Name != "k000" || !strings.Contains(err.Error(), "kernel Python/k000/1.0: conda-meta/x.json: broken") {
		t.Errorf("error %v", err)
	}
	count := func(m *sync.Map) (n int) {
		m.Range(func(any, any) bool { n++; return true })
		return n
	}
	if s, c := count(&started), count(&cancelled); s != 4 || c != 3 {
		t.Errorf("%d started, %d cancelled; want 4 and 3", s, c)
	}
	if len(l.done) != 0 || status.ExitCode != indexer.ExitKernel || status.Phase != manifests.PhaseIndex {
		t.Errorf("done %v, status %+v", l.done, status)
	}
	if _, err := os.Stat(filepath.Join(root, manifests.CollatedName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("collated although a kernel failed: %v", err)
	}
}

// TestKernelsMayComeAndGo is that a kernel removed during the run is left out, and one that appears waits for the next.
func TestKernelsMayComeAndGo(t *testing.T) {
	root := repository(t, "Python/goes/1.0", "Python/stays/1.0")
	cfg, l := config(root, fakeSource{list: func(_ context.Context, prefix string) (condaenv.Listing, error) {
		if prefix == "Python/goes/1.0" {
			mkdir(t, root, "Python/comes/1.0/conda-meta")
			return condaenv.Listing{}, os.RemoveAll(filepath.Join(root, "Python/goes"))
		}
		return condaenv.Listing{}, nil
	}})
	status, err := indexer.New(cfg).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Python/goes/1.0"}, l.skipped); diff != "" {
		t.Errorf("skipped (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Python/stays/1.0"}, l.done); diff != "" || status.Kernels != 1 {
		t.Errorf("done (-want +got)\n%s; status %+v", diff, status)
	}
	cfg.Source = fakeSource{}
	if status, err = indexer.New(cfg).Run(context.Background()); err != nil || status.Kernels != 2 {
		t.Errorf("the next run: %+v, %v", status, err)
	}
}

// TestExitCodes is the table of the exit codes.
func TestExitCodes(t *testing.T) {
	cause := errors.New("cause")
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{cause, 1},
		{indexer.ErrNoKernels, 1},
		{&manifests.LockedError{}, 1},
		{context.Canceled, 1},
		{&indexer.KernelError{Err: context.Canceled}, 1},
		{&indexer.DependencyError{Err: cause}, 2},
		{&indexer.RootError{Err: cause}, 3},
		{&indexer.KernelError{Err: cause}, 4},
		{fmt.Errorf("wrapped: %w", &indexer.CollateError{Err: cause}), 5},
	} {
		if got := indexer.ExitCode(tt.err); got != tt.want {
			t.Errorf("ExitCode(%v) = %d, want %d", tt.err, got, tt.want)
		}
	}
}

// TestSourcesOfPackages is which source a package has in which kernel.
func TestSourcesOfPackages(t *testing.T) {
	root := repository(t, "Python/p/1", "R/r/1", "Julia/j/1")
	cfg, _ := config(root, fakeSource{list: func(_ context.Context, prefix string) (condaenv.Listing, error) {
		return condaenv.Listing{Packages: []condaenv.Package{
			{Name: "Zlib", Version: "1", Build: "0", Channel: "conda-forge"}, {Name: "openssl", Version: "3", Build: "0", Channel: "c"},
		}}, nil
	}})
	mkdir(t, root, "R/r/1/lib/R/library/openssl/Meta")
	if err := os.WriteFile(filepath.Join(root, "R/r/1/lib/R/library/openssl/Meta/package.rds"), packageRDS, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := indexer.New(cfg).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for kernel, want := range map[string][]manifests.Package{
		"Python/p/1": {
			{Name: "openssl", Version: "3", Source: "python", Build: "0", Channel: "c"},
			{Name: "Zlib", Version: "1", Source: "python", Build: "0", Channel: "conda-forge"},
		},
		// an R kernel lists both, even when the names are equal: openssl is two different things
		"R/r/1": {
			{Name: "openssl", Version: "3", Source: "conda", Build: "0", Channel: "c"},
			{Name: "openssl", Version: "2.3.2", Source: "r"},
			{Name: "Zlib", Version: "1", Source: "conda", Build: "0", Channel: "conda-forge"},
		},
		"Julia/j/1": {
			{Name: "openssl", Version: "3", Source: "conda", Build: "0", Channel: "c"},
			{Name: "Zlib", Version: "1", Source: "conda", Build: "0", Channel: "conda-forge"},
		},
	} {
		m, err := manifests.ReadManifest(os.DirFS(root), kernel+"/"+manifests.PackageManifestName)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, m.Packages); diff != "" {
			t.Errorf("%s (-want +got)\n%s", kernel, diff)
		}
	}
}

// TestCatalogIsWrittenWhenAskedFor is the optional document of kernel locations.
func TestCatalogIsWrittenWhenAskedFor(t *testing.T) {
	root := repository(t, "R/pecan/1.9")
	catalog := filepath.Join(root, manifests.CatalogName)
	cfg, _ := config(root, fakeSource{})
	if _, err := indexer.New(cfg).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(catalog); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("written unasked: %v", err)
	}
	cfg.Catalog, cfg.HostRoot = true, "/sw/kernels"
	if _, err := indexer.New(cfg).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(catalog)
	if err != nil || !strings.Contains(string(data), `"environment_location": "/sw/kernels/R/pecan/1.9"`) {
		t.Errorf("%s, %v", data, err)
	}
}

// TestStatusTellsOfFailures is that index_status.json is written also when the run failed.
func TestStatusTellsOfFailures(t *testing.T) {
	root := repository(t, "R/pecan/1.9")
	cfg, _ := config(root, fakeSource{list: func(context.Context, string) (condaenv.Listing, error) {
		return condaenv.Listing{}, errors.New("no\nluck")
	}})
	if _, err := indexer.New(cfg).Run(context.Background()); err == nil {
		t.Fatal("no error")
	}
	s, err := manifests.ReadStatus(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if s.ExitCode != 4 || s.FailedKernel != "R/pecan/1.9" || s.Phase != manifests.PhaseIndex || s.Error == "" || s.Kernels != 1 {
		t.Errorf("status %+v", s)
	}
}
