package catalog_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// benchKernels is the number of kernels in the benchmarks: 500 for a quick
// look, 10000 with CATALOG_BENCH_KERNELS=10000 for the promise that is made.
func benchKernels(b *testing.B) int {
	s := os.Getenv("CATALOG_BENCH_KERNELS")
	if s == "" {
		return 500
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

const benchPackages = 300

// A repository is as shared as its kernels are alike. Real ones come closer to
// the first of the two.
var benchRepositories = map[string]func(kernel int) manifests.Manifest{
	"versions of a kernel differ in 10 builds": func(kernel int) manifests.Manifest {
		return benchManifest(kernel, uint64(kernel/4), kernel%4*10)
	},
	"all builds differ": func(kernel int) manifests.Manifest {
		return benchManifest(kernel, uint64(kernel), 0)
	},
}

// benchManifest is a Python kernel with 300 packages out of 3000. The seed
// decides on them; of those the first few have builds of this kernel alone.
func benchManifest(kernel int, seed uint64, own int) manifests.Manifest {
	r := rand.New(rand.NewPCG(1, seed))
	m := manifests.Manifest{
		KernelName: fmt.Sprintf("kernel%05d", kernel/4), KernelVersion: fmt.Sprintf("1.%d", kernel%4),
		Language: "Python", LanguageVersion: "3.11", IndexedDate: "2026-01-31T04:05:06Z",
	}
	for p := range benchPackages {
		build := r.Uint32() >> 4
		if p < own {
			build = uint32(kernel)
		}
		m.Packages = append(m.Packages, manifests.Package{
			Name:    fmt.Sprintf("package-name-%04d", p*10+r.IntN(10)),
			Version: fmt.Sprintf("%d.%d.%d", r.IntN(4), r.IntN(10), r.IntN(5)),
			Source:  manifests.SourcePython,
			Build:   fmt.Sprintf("py311h%07x_0", build), Channel: "conda-forge",
		})
	}
	return m
}

// publishBench publishes a repository and returns its directory and the size
// of the collated file.
func publishBench(b *testing.B, manifest func(int) manifests.Manifest) (dir string, size int64) {
	dir = b.TempDir()
	d, err := manifests.OpenDir(dir, manifests.Atomic)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	kernels := benchKernels(b)
	_, err = d.Publish(b.Context(), func(yield func(manifests.Entry, error) bool) {
		for k := range kernels {
			if !yield(manifests.NewEntry(manifest(k)), nil) {
				return
			}
		}
	}, testTime, manifests.Publication{Collated: manifests.CollatedName, Index: manifests.PackageIndexName})
	if err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, manifests.CollatedName))
	if err != nil {
		b.Fatal(err)
	}
	return dir, info.Size()
}

func loadDir(b *testing.B, dir string) *catalog.Catalog {
	collated, index := manifests.PairIn(os.DirFS(dir))
	c, err := catalog.Load(context.Background(), collated, index)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkLoad loads a pair. The goal is a heap of at most a third of the
// collated file.
func BenchmarkLoad(b *testing.B) {
	for name, manifest := range benchRepositories {
		b.Run(name, func(b *testing.B) {
			dir, size := publishBench(b, manifest)
			before := liveHeap()
			var c *catalog.Catalog
			b.SetBytes(size)
			for b.Loop() {
				c = loadDir(b, dir)
			}
			heap := float64(liveHeap() - before)
			b.ReportMetric(heap/float64(c.Stats().Rows), "heap-B/row")
			b.ReportMetric(float64(size)/heap, "file/heap")
			runtime.KeepAlive(c)
		})
	}
}

func loadBench(b *testing.B) *catalog.Catalog {
	dir, _ := publishBench(b, benchRepositories["versions of a kernel differ in 10 builds"])
	return loadDir(b, dir)
}

// BenchmarkSearch searches 3000 names.
func BenchmarkSearch(b *testing.B) {
	c := loadBench(b)
	for _, query := range []string{"package-name-1234", "NAME-12", "e", "no such name", ""} {
		b.Run(strconv.Quote(query), func(b *testing.B) {
			hits := 0
			var times []time.Duration
			for b.Loop() {
				start := time.Now()
				hits = 0
				for range c.Search(query) {
					hits++
				}
				times = append(times, time.Since(start))
			}
			slices.Sort(times)
			b.ReportMetric(float64(hits), "hits")
			b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds()), "p99-ns")
		})
	}
}

// BenchmarkSearchMany searches 200,000 names, far more than there are in all
// channels of conda.
func BenchmarkSearchMany(b *testing.B) {
	var packages []string
	for i := range 200_000 {
		packages = append(packages, fmt.Sprintf("some-package-name-%06d 1 python", i))
	}
	c := loadPair(b, collate(b, kernel("Python/all/1", "3.11", packages...)))
	for _, query := range []string{"name-199999", "e"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				for range c.Search(query) {
					continue
				}
			}
		})
	}
}

// BenchmarkAppendJSON writes all packages, and reports the bytes a second.
func BenchmarkAppendJSON(b *testing.B) {
	c := loadBench(b)
	var buf []byte
	for b.Loop() {
		buf = buf[:0]
		for p := range c.Packages() {
			buf = p.AppendJSON(buf)
		}
	}
	b.SetBytes(int64(len(buf)))
}

// BenchmarkKernel looks up a kernel and goes through its packages.
func BenchmarkKernel(b *testing.B) {
	c := loadBench(b)
	var keys []manifests.KernelKey
	for k := range c.Kernels(catalog.Filter{}) {
		keys = append(keys, k.Key())
	}
	for i := 0; b.Loop(); i++ {
		k, ok := c.Kernel(keys[i%len(keys)])
		if !ok {
			b.Fatal("not found")
		}
		for r := range k.Rows() {
			if strings.HasPrefix(r.Version(), "x") {
				b.Fatal(r.Name())
			}
		}
	}
}

// BenchmarkFilter selects the kernels that have two packages.
func BenchmarkFilter(b *testing.B) {
	c := loadBench(b)
	var names []string
	for k := range c.Kernels(catalog.Filter{}) {
		for r := range k.Rows() {
			names = append(names, r.Name())
		}
		break
	}
	f := catalog.Filter{Language: "Python", Packages: []string{names[10], names[20]}}
	for b.Loop() {
		hits := 0
		for range c.Kernels(f) {
			hits++
		}
		if hits == 0 {
			b.Fatal("no kernel")
		}
	}
}
