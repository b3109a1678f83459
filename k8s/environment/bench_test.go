package environment_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

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

// streaming is as much of a registry as a push needs. It checks and keeps blobs as they come, where the library's own
// test registry would have them in memory first.
type streaming struct{ dir string }

// ServeHTTP answers one request.
func (s streaming) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodHead:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodPost:
		w.Header().Set("Location", r.URL.Path)
		w.WriteHeader(http.StatusAccepted)
	case r.Method == http.MethodPatch:
		f, err := os.CreateTemp(s.dir, "blob")
		must(err)
		digest := sha256.New()
		_, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(f, digest)}, r.Body, make([]byte, 1<<20))
		must(err)
		must(f.Close())
		must(os.Remove(f.Name()))
		w.Header().Set("Location", r.URL.Path+"?got="+hex.EncodeToString(digest.Sum(nil)))
		w.WriteHeader(http.StatusAccepted)
	case r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/blobs/"):
		if "sha256:"+r.URL.Query().Get("got") != r.URL.Query().Get("digest") {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodPut:
		w.WriteHeader(http.StatusCreated)
	}
}

// BenchmarkUpload takes an archive of 1 GiB from a stream through the spool, the scan and a registry on disk to an
// environment. Registry and registrar share the machine. Compare with BenchmarkSHA256.
func BenchmarkUpload(b *testing.B) {
	path := bigArchive(b, benchSize)
	server := httptest.NewServer(streaming{dir: b.TempDir()})
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
		spooled, err := r.Receive(b.Context(), f, dir, image.Limits{})
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
