package image_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"kernelindexer/k8s/image"
)

// generated is an image archive on disk.
type generated struct {
	*os.File
	size int64
}

// generate makes an image archive whose one layer has size bytes in files of 1 MiB, none of which is of interest.
func generate(tb testing.TB, size int64) generated {
	tb.Helper()
	f, err := os.CreateTemp(tb.TempDir(), "generated")
	check(err)
	tb.Cleanup(func() { check(f.Close()) })
	body := make([]byte, 1<<20)
	random := rand.NewChaCha8([32]byte{})
	check1(random.Read(body))
	// The layer is one file of the archive, so its length must be known before it is written.
	name := func(i int64) string { return fmt.Sprintf("opt/conda/lib/file-%06d.so", i) }
	n := size / int64(len(body))
	layerSize := n*(512+int64(len(body))) + 1024
	digest := sha256.New()
	layer := func(w io.Writer) {
		for i := range n {
			binary.LittleEndian.PutUint64(body, uint64(i))
			check1(w.Write(headerOf(name(i), int64(len(body)))))
			check1(w.Write(body))
		}
		check1(w.Write(make([]byte, 1024)))
	}
	head := pack(entry{Typeflag: '5', Name: "x/", Mode: 0o755})[:512]
	check1(f.Write(head))
	check1(f.Write(headerOf("x/layer.tar", layerSize)))
	layer(io.MultiWriter(f, digest))
	check1(f.Write(make([]byte, (512-layerSize%512)%512)))
	config := mustJSON(v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{
		Type: "layers", DiffIDs: []v1.Hash{{Algorithm: "sha256", Hex: hex.EncodeToString(digest.Sum(nil))}},
	}})
	manifest := mustJSON([]dockerEntry{{Config: "config.json", RepoTags: []string{"generated:1"}, Layers: []string{"x/layer.tar"}}})
	check1(f.Write(archive{"config.json": config, "manifest.json": manifest}.tar()))
	info, err := f.Stat()
	check(err)
	return generated{File: f, size: info.Size()}
}

func check1[T any](_ T, err error) { check(err) }

// headerOf makes the header of a file too long to be in memory.
func headerOf(name string, size int64) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	check(w.WriteHeader(&entry{Typeflag: '0', Name: name, Mode: 0o644, Size: size}))
	return buf.Bytes()
}

const benchSize = 1 << 30

// BenchmarkUpload is the pass over an upload of 1 GiB: to the spool, and through all of its layers. Compare with
// BenchmarkSHA256, which is sha256sum.
func BenchmarkUpload(b *testing.B) {
	f := generate(b, benchSize)
	dir := b.TempDir()
	b.SetBytes(f.size)
	b.ReportAllocs()
	for b.Loop() {
		spooled, err := image.Spool(b.Context(), io.NewSectionReader(f, 0, f.size), dir, image.Limits{}, nil)
		check(err)
		found, err := image.Open(b.Context(), spooled, spooled.Size, image.Options{Dir: dir})
		check(err)
		contents, err := image.Scan(b.Context(), found)
		check(err)
		check(contents.Close())
		check(spooled.Close())
	}
}

// BenchmarkScan is the pass without the spool.
func BenchmarkScan(b *testing.B) {
	f := generate(b, benchSize)
	dir := b.TempDir()
	b.SetBytes(f.size)
	b.ReportAllocs()
	for b.Loop() {
		found, err := image.Open(b.Context(), f, f.size, image.Options{Dir: dir})
		check(err)
		contents, err := image.Scan(b.Context(), found)
		check(err)
		check(contents.Close())
	}
}

// BenchmarkSHA256 is the measure.
func BenchmarkSHA256(b *testing.B) {
	f := generate(b, benchSize)
	b.SetBytes(f.size)
	buf := make([]byte, 1<<20)
	for b.Loop() {
		check1(io.CopyBuffer(struct{ io.Writer }{sha256.New()}, io.NewSectionReader(f, 0, f.size), buf))
	}
}
