package manifests_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"kernelindexer/manifests"
)

// benchKernels is the number of kernels in the benchmarks: 500 for a quick
// look, 10000 with MANIFESTS_BENCH_KERNELS=10000 for the promise that is made.
func benchKernels(b *testing.B) int {
	s := os.Getenv("MANIFESTS_BENCH_KERNELS")
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

// benchManifest is a Python kernel with 300 packages out of 3000, in builds
// and versions as a conda channel has them.
func benchManifest(kernel int) manifests.Manifest {
	r := rand.New(rand.NewPCG(1, uint64(kernel)))
	m := manifests.Manifest{
		KernelName: fmt.Sprintf("kernel%05d", kernel), KernelVersion: "1.0", Language: "Python",
		LanguageVersion: "3.11", IndexedDate: "2026-01-31T04:05:06Z", Fingerprint: fmt.Sprintf("%064x", kernel),
	}
	for p := range benchPackages {
		m.Packages = append(m.Packages, manifests.Package{
			Name:    fmt.Sprintf("package-name-%04d", p*10+r.IntN(10)),
			Version: fmt.Sprintf("%d.%d.%d", r.IntN(4), r.IntN(10), r.IntN(5)),
			Source:  manifests.SourcePython,
			Build:   fmt.Sprintf("py311h%07x_0", r.Uint32()>>4), Channel: "conda-forge",
		})
	}
	return m
}

// benchSource yields kernels as the indexer would: each decoded from the bytes
// of its manifest.
func benchSource(b *testing.B, kernels int) iter.Seq2[manifests.Entry, error] {
	return func(yield func(manifests.Entry, error) bool) {
		for k := range kernels {
			data, err := benchManifest(k).Encode()
			if err != nil {
				b.Fatal(err)
			}
			m, err := manifests.DecodeManifest(data)
			if !yield(manifests.NewEntry(m), err) {
				return
			}
		}
	}
}

// peakMiB is the largest memory the process has had in RAM so far.
func peakMiB(b *testing.B) float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return float64(kib) / 1024
}

// BenchmarkCollate10k collates and publishes a store. With the full size the
// peak is to stay under 300 MiB.
func BenchmarkCollate10k(b *testing.B) {
	kernels := benchKernels(b)
	for b.Loop() {
		name := b.TempDir()
		dir, err := manifests.OpenDir(name, manifests.Atomic)
		if err != nil {
			b.Fatal(err)
		}
		sum, err := dir.Publish(context.Background(), benchSource(b, kernels), testTime, pairNames)
		if err != nil {
			b.Fatal(err)
		}
		if sum.Rows != kernels*benchPackages {
			b.Fatalf("%d rows", sum.Rows)
		}
		info, err := os.Stat(filepath.Join(name, manifests.CollatedName))
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(info.Size())
		dir.Close()
		if err := os.RemoveAll(name); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(peakMiB(b), "peak-MiB")
}

func benchDocuments(b *testing.B) (collated, index *bytes.Reader) {
	c, x := &memFile{}, &bytes.Buffer{}
	out := manifests.Outputs{Collated: c, Index: x}
	if _, err := manifests.Collate(context.Background(), benchSource(b, benchKernels(b)), testTime, out); err != nil {
		b.Fatal(err)
	}
	return bytes.NewReader(c.Bytes()), bytes.NewReader(x.Bytes())
}

func BenchmarkReadCollated(b *testing.B) {
	collated, _ := benchDocuments(b)
	b.SetBytes(collated.Size())
	b.ReportAllocs()
	for b.Loop() {
		collated.Seek(0, io.SeekStart)
		if _, err := manifests.ReadCollated(collated, func(manifests.Entry) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadPackageIndex(b *testing.B) {
	_, index := benchDocuments(b)
	b.SetBytes(index.Size())
	b.ReportAllocs()
	for b.Loop() {
		index.Seek(0, io.SeekStart)
		if _, err := manifests.ReadPackageIndex(index, func(manifests.PackageEntry) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
