package kernels_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"kernelindexer/k8s/image"
	"kernelindexer/k8s/kernels"
	"kernelindexer/manifests"
	"kernelindexer/webserver"
	"kernelindexer/webserver/reload"
)

// TestIndexIsAKernelWeb asks the server that sites have: a kernel and one that there never was.
func TestIndexIsAKernelWeb(t *testing.T) {
	dir := t.TempDir()
	geo := manifests.Manifest{
		Language: "Python", KernelName: "geo", KernelVersion: "1.2", LanguageVersion: "3.12", IndexedDate: "2026-01-31T04:05:06Z",
		Packages: []manifests.Package{{Name: "numpy", Version: "2.2.1", Source: "python", Build: "py312", Channel: "conda-forge"}},
	}
	publish(t, dir, geo)
	pair := reload.New(reload.Config{
		Collated: filepath.Join(dir, manifests.CollatedName), Index: filepath.Join(dir, manifests.PackageIndexName),
		Interval: time.Minute, Log: zerolog.Nop(),
	})
	routes, err := webserver.New(webserver.Options{Pair: pair, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(routes)
	defer server.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- pair.Run(ctx) }()
	defer func() { stop(); <-ended }()
	if err := pair.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	index, err := kernels.New(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	got, err := index.Packages(ctx, "Python", "geo", "1.2")
	want := []image.Package{{Name: "numpy", Version: "2.2.1", Source: image.Python, Build: "py312", Channel: "conda-forge"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, version := range []string{"1.1", "1.2.0"} {
		if _, err := index.Packages(ctx, "Python", "geo", version); !errors.Is(err, kernels.ErrNotFound) {
			t.Errorf("version %s: %v", version, err)
		}
	}
}

func publish(t *testing.T, dir string, list ...manifests.Manifest) {
	t.Helper()
	d, err := manifests.OpenDir(dir, manifests.Atomic)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	_, err = d.Publish(t.Context(), func(yield func(manifests.Entry, error) bool) {
		for _, m := range list {
			if !yield(manifests.NewEntry(m), nil) {
				return
			}
		}
	}, time.Now(), manifests.Publication{
		Collated: manifests.CollatedName, Index: manifests.PackageIndexName,
	})
	if err != nil {
		t.Fatal(err)
	}
}
