package testrepo

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// Spec says what [Generate] makes.
type Spec struct {
	// Kernels is how many.
	Kernels int
	// Packages is how many packages each has: in a Python kernel conda's and
	// pip's together, in an R kernel conda's; its R library has as many.
	Packages int
	// MetaBytes is the size of each kernel's conda-meta records in bytes. It is
	// met to the size of a path entry (about 500 bytes) and a tenth of a percent.
	MetaBytes int64
	// Language is Python, R or mixed, which is both by turns.
	Language string
	// Seed chooses names, versions and contents.
	Seed uint64
	// Share makes only the first kernels and links their files into the others,
	// which saves disk and time. A benchmark of reading then reads what is in
	// memory already.
	Share bool
}

// DefaultSpec returns a middling repository: twenty kernels as sites have them.
func DefaultSpec() Spec {
	return Spec{Kernels: 20, Packages: 300, MetaBytes: 8 << 20, Language: "Python", Seed: 1}
}

// shareTemplates is how many kernels are made when files are shared. It is
// even, so that a template has the language of its copies, and a multiple of
// the versions of a kernel. Ext4 takes 65,000 links to a file.
const shareTemplates = 24

const maxShared = shareTemplates * 60_000

func (s Spec) validate() error {
	switch {
	case s.Kernels < 1:
		return fmt.Errorf("want at least one kernel, not %d", s.Kernels)
	case s.Packages < minPackages:
		return fmt.Errorf("want at least %d packages, not %d", minPackages, s.Packages)
	case s.Language != "Python" && s.Language != "R" && s.Language != "mixed":
		return fmt.Errorf("language is Python, R or mixed, not %q", s.Language)
	case s.Share && s.Kernels > maxShared:
		return fmt.Errorf("at most %d kernels can share files, not %d", maxShared, s.Kernels)
	}
	return nil
}

// Generate writes a repository for benchmarks into dir, which must be empty or
// absent. The same spec makes the same repository, byte for byte. No two
// kernels share content, except where the spec wants them to.
//
// It fails on a file system error, and where the packages cannot be described
// in as few bytes as the spec asks for. What has been written by then stays.
func Generate(dir string, spec Spec) error {
	if err := spec.validate(); err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	if err := makeEmpty(dir); err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	g, err := newGenerator(spec)
	if err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	made := spec.Kernels
	if spec.Share {
		made = min(made, shareTemplates)
	}
	err = parallel(0, made, func(i int) error { return g.write(dir, i) })
	if err == nil {
		err = parallel(made, spec.Kernels, func(i int) error {
			return linkTree(filepath.Join(dir, spec.path(i%made)), filepath.Join(dir, spec.path(i)))
		})
	}
	if err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	return nil
}

// generator makes the kernels of a spec. It does not change, so that all
// processors can use it.
type generator struct {
	Spec
	catalog catalog
	known   map[Kind][]string // The names in the catalog.
}

func newGenerator(spec Spec) (*generator, error) {
	c, err := parseCatalogue(catalogText)
	if err != nil {
		return nil, err
	}
	g := &generator{Spec: spec, catalog: c, known: map[Kind][]string{}}
	for _, name := range slices.Sorted(maps.Keys(c)) {
		kind := c[name].kind
		g.known[kind] = append(g.known[kind], name)
	}
	return g, nil
}

// write makes and writes one kernel.
func (g *generator) write(dir string, i int) error {
	p, err := g.kernel(i)
	if err != nil {
		return fmt.Errorf("kernel %s: %w", g.path(i), err)
	}
	return p.WriteTo(filepath.Join(dir, g.path(i)))
}

// language returns the language of a kernel and its number among those of the
// language.
func (s Spec) language(i int) (string, int) {
	if s.Language != "mixed" {
		return s.Language, i
	}
	return [...]string{"Python", "R"}[i%2], i / 2
}

// versionsPerName is how many kernels of one name there are.
const versionsPerName = 3

// path returns where a kernel is: Python/base/1.0, 1.1, 2.0, Python/core/1.0, ….
func (s Spec) path(i int) string {
	language, n := s.language(i)
	name := numberedStem(n / versionsPerName)
	return filepath.Join(language, name, [versionsPerName]string{"1.0", "1.1", "2.0"}[n%versionsPerName])
}

// numberedStem returns the n-th of an endless row of short names.
func numberedStem(n int) string {
	name := stems[n%len(stems)]
	if round := n / len(stems); round > 0 {
		name += strconv.Itoa(round + 1)
	}
	return name
}

// parallel calls do with the numbers from lo to hi-1, on all processors, until
// one fails.
func parallel(lo, hi int, do func(int) error) error {
	g, ctx := errgroup.WithContext(context.Background())
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := lo; i < hi && ctx.Err() == nil; i++ {
		g.Go(func() error { return do(i) })
	}
	return g.Wait()
}
