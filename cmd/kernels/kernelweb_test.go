package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"kernelindexer/manifests"
	"kernelindexer/webserver"
	"kernelindexer/webserver/reload"
)

// TestKernelWeb asks the real routes: one tag for both documents, problems, compression.
func TestKernelWeb(t *testing.T) {
	dir := t.TempDir()
	if err := publish(dir, oneKernel); err != nil {
		t.Fatal(err)
	}
	reloader := reload.New(reload.Config{
		Collated: filepath.Join(dir, manifests.CollatedName), Index: filepath.Join(dir, manifests.PackageIndexName),
		Interval: time.Minute, Log: zerolog.Nop(),
	})
	routes, err := webserver.New(webserver.Options{Pair: reloader, Version: "test", BasePath: "/kernels"})
	if err != nil {
		t.Fatal(err)
	}
	var statuses [600]atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &counted{ResponseWriter: w, status: http.StatusOK}
		routes.ServeHTTP(c, r)
		statuses[c.status].Add(1)
	}))
	defer server.Close()
	from, home := server.URL+"/kernels", t.TempDir()

	code, _, errOut := kernelsFrom(t, from, home, "list")
	if code != exitTrouble || !strings.Contains(errOut, "503 Service Unavailable: ") {
		t.Errorf("before the first pair: exit %d: %s", code, errOut)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- reloader.Run(ctx) }()
	defer func() { stop(); <-ended }()
	refresh := func() {
		if err := reloader.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
	}
	refresh()
	mustList(t, from, home, "1.9")
	mustList(t, from, home, "1.9")
	if got := statuses[http.StatusNotModified].Load(); got != 2 {
		t.Errorf("%d answers 304, want 2", got)
	}
	if err := publish(dir, twoKernels); err != nil {
		t.Fatal(err)
	}
	refresh()
	for _, args := range [][]string{
		{"list", "-o", "wide"},
		{"show", "R/pecan/1.91"},
		{"find", "sf", "--json"},
		{"search", "ssl"},
		{"query", "."},
		{"query", "--index", ".packages[]"},
		{"__complete", "show", ""},
		{"__complete", "find", ""},
	} {
		code, out, errOut := kernelsFrom(t, from, home, args...)
		wantCode, want, _ := kernelsFrom(t, dir, home, args...)
		if code != wantCode || out != want || out == "" {
			t.Errorf("%q from the server: exit %d %s\n%s\nfrom the directory: exit %d\n%s", args, code, errOut, out, wantCode, want)
		}
	}
}

// counted remembers the status of an answer.
type counted struct {
	http.ResponseWriter
	status int
}

func (c *counted) WriteHeader(status int) { c.status = status; c.ResponseWriter.WriteHeader(status) }
