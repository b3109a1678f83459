package image_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"runtime"
	"strings"
	"testing"

	"kernelindexer/k8s/image"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

var tight = image.Limits{Archive: 1 << 20, Unpacked: 1 << 20, Entries: 200, Layers: 10, Document: 1 << 16, File: 1 << 14, Kept: 1 << 16, Tree: 1 << 17}

// FuzzArchive: whatever is uploaded is an image or refused, and if it is an image its packages can be asked for.
func FuzzArchive(f *testing.F) {
	f.Add(docker(one("env:1")).tar())
	f.Add(oci(true, one("env:1")).tar())
	f.Add(gz(docker(one("env:1")).tar()))
	f.Add(sparseArchive())
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx := t.Context()
		spooled, err := image.Spool(ctx, bytes.NewReader(data), dir, tight, nil)
		if err != nil {
			mustBeRefused(t, err)
			return
		}
		defer spooled.Close()
		found, err := image.Open(ctx, spooled, spooled.Size, image.Options{Dir: dir, Limits: tight})
		if err != nil {
			mustBeRefused(t, err)
			return
		}
		scan(ctx, t, found)
	})
}

// FuzzLayer: whatever is in a layer, over one that has everything.
func FuzzLayer(f *testing.F) {
	base := pack(append(schemas, link("a", "app"), link("b", "../../a"), dir("opt/conda/conda-meta"),
		file("opt/conda/conda-meta/history", ""), file("etc/passwd", passwd))...)
	f.Add(pack(gone("app/.wh..wh..opq"), file("app/process_schemas.json", "{}")))
	f.Add(pack(hard("app/process_schemas.json", "b/x"), link("c/METADATA", "../b"), device("etc/passwd")))
	f.Add(pack(link("opt/conda/conda-meta", "../x"), file("opt/x/a-1-0.json", "{}"), gone(".wh.b")))
	f.Add(gz(pack(fifo("a/b/c"), file("b/RECORD", "x"))))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, layer []byte) {
		s := saved{layers: [][]byte{base, layer}, plain: [][]byte{base, plainOf(layer)}, names: []string{"env:1"}}
		data := docker(s).tar()
		found, err := image.Open(t.Context(), bytes.NewReader(data), int64(len(data)), image.Options{Dir: dir, Limits: tight})
		if err != nil {
			mustBeRefused(t, err)
			return
		}
		scan(t.Context(), t, found)
	})
}

// plainOf is what a layer unpacks to, as far as it does.
func plainOf(layer []byte) []byte {
	spooled, err := image.Spool(context.Background(), bytes.NewReader(layer), "", tight, nil)
	if err != nil {
		return layer
	}
	defer spooled.Close()
	data := make([]byte, spooled.Size)
	_, err = spooled.ReadAt(data, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		panic(err)
	}
	return data
}

func scan(ctx context.Context, t *testing.T, found *image.Image) {
	t.Helper()
	contents, err := image.Scan(ctx, found)
	if err != nil {
		mustBeRefused(t, err)
		return
	}
	defer contents.Close()
	if _, err := image.Packages(ctx, contents.FS); err != nil {
		t.Fatal(err)
	}
	if _, _, err := contents.Schemas(1 << 10); err != nil {
		mustBeRefused(t, err)
	}
	if _, err := contents.User(found.Config); err != nil {
		mustBeRefused(t, err)
	}
}

func mustBeRefused(t *testing.T, err error) {
	t.Helper()
	var refused *image.Error
	if !errors.As(err, &refused) {
		t.Fatalf("%T: %v", err, err)
	}
}

// TestConstantMemory scans layers of 256 MiB: the heap must not notice.
func TestConstantMemory(t *testing.T) {
	const size = 256 << 20
	generated := generate(t, size)
	found, err := image.Open(t.Context(), generated, generated.size, image.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	contents, err := image.Scan(t.Context(), found)
	if err != nil {
		t.Fatal(err)
	}
	defer contents.Close()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 24<<20 {
		t.Errorf("%d MiB allocated for layers of %d MiB", used>>20, size>>20)
	}
	if !strings.Contains(found.Name.String(), "generated") || contents.Unpacked < size {
		t.Errorf("%s, %d bytes", found.Name, contents.Unpacked)
	}
}
