package environment_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
)

// benchSize is how much the image of the benchmarks has, in bytes.
const benchSize = 1 << 30

// bigArchive writes an image of one layer of size bytes and returns its path.
func bigArchive(b *testing.B, size int64) string {
	b.Helper()
	dir := b.TempDir()
	body := make([]byte, 16<<20)
	_, err := rand.NewChaCha8([32]byte{}).Read(body)
	must(err)
	part := tarOf("opt/conda/lib/part.so", string(body))
	part = part[:len(part)-1024]
	n := size / int64(len(part))
	end := make([]byte, 1024)
	digest := sha256.New()
	path := filepath.Join(dir, "big.tar")
	f, err := os.Create(path)
	must(err)
	header := tarHeader("layer.tar", n*int64(len(part))+int64(len(end)))
	write := func(w io.Writer, data []byte) {
		_, err := w.Write(data)
		must(err)
	}
	write(f, header)
	both := io.MultiWriter(f, digest)
	for range n {
		write(both, part)
	}
	write(both, end)
	config, err := json.Marshal(v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{
		Type: "layers", DiffIDs: []v1.Hash{{Algorithm: "sha256", Hex: hex.EncodeToString(digest.Sum(nil))}},
	}})
	must(err)
	write(f, tarOf("config.json", string(config),
		"manifest.json", `[{"Config":"config.json","RepoTags":["big:1"],"Layers":["layer.tar"]}]`))
	must(f.Close())
	return path
}

// tarHeader makes the header of a file whose length is a multiple of 512.
func tarHeader(name string, size int64) []byte {
	header := tarOf(name, "")[:512]
	copy(header[124:], fmt.Sprintf("%011o\x00", size))
	copy(header[148:], "        ")
	total := 0
	for _, c := range header {
		total += int(c)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", total))
	return header
}

// BenchmarkUpload takes an archive of 1 GiB from a stream through the spool, the scan and a registry on disk to an
// environment. Registry and registrar share the machine. Compare with BenchmarkSHA256.
func BenchmarkUpload(b *testing.B) {
	path := bigArchive(b, benchSize)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)),
		registry.WithBlobHandler(registry.NewDiskBlobHandler(b.TempDir()))))
	defer server.Close()
	dir := b.TempDir()
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		where, err := environment.NewRegistry(fmt.Sprintf("%s/bench%d", strings.TrimPrefix(server.URL, "http://"), i), false)
		must(err)
		store, _, _ := newStore()
		r := &environment.Registrar{Store: store, Registry: where, Image: image.Options{Dir: dir}}
		f, err := os.Open(path)
		must(err)
		spooled, err := image.Spool(b.Context(), f, dir, image.Limits{}, false)
		must(err)
		_, result, err := r.Upload(b.Context(), spooled, "a", environment.Terms{By: "ann"})
		must(err)
		if result != environment.Created {
			b.Fatal(result)
		}
		must(spooled.Close())
		must(f.Close())
	}
}

// BenchmarkSHA256 is the measure.
func BenchmarkSHA256(b *testing.B) {
	path := bigArchive(b, benchSize)
	b.SetBytes(benchSize)
	buf := make([]byte, 1<<20)
	for b.Loop() {
		f, err := os.Open(path)
		must(err)
		_, err = io.CopyBuffer(struct{ io.Writer }{sha256.New()}, struct{ io.Reader }{f}, buf)
		must(err)
		must(f.Close())
	}
}
