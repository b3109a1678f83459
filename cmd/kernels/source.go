package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
	"kernelindexer/rootfs"
)

// source is where a published pair can be read, until it is closed.
type source struct {
	from            string // for messages
	advice          string // what to do about documents that cannot be used
	collated, index manifests.Location
	close           func()
}

// open finds the documents that --from names. A server is asked for them first.
func (p *program) open(ctx context.Context) (*source, error) {
	from := p.options.from
	switch {
	case from == "":
		return nil, usage("nowhere to read from: give --from DIR or --from URL, or set KERNELS_FROM or KERNEL_ROOT")
	case strings.Contains(from, "://"):
		return p.openServer(ctx, from)
	}
	return openDirectory(from)
}

func openDirectory(dir string) (*source, error) {
	root, err := rootfs.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("--from %s: %w: give the directory that has %s in it, or the address of a server", dir, err, manifests.CollatedName)
	}
	s := &source{
		from: dir, advice: "see what 'kernel-indexer validate " + shellWord(dir) + "' says",
		close: func() { root.Close() },
	}
	s.collated, s.index = manifests.PairIn(root)
	return s, nil
}

// gcPercent lets the heap grow to five times what lives before it is cleaned: while documents are loaded nearly all is
// garbage, and a command that ends within seconds gets a fifth faster for some 100 MB at 10,000 kernels.
const gcPercent = 400

// catalog loads both documents.
func (s *source) catalog(ctx context.Context) (*catalog.Catalog, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	c, err := catalog.Load(ctx, s.collated, s.index)
	if err != nil {
		return nil, s.explain(err)
	}
	return c, nil
}

// explain says where an error happened and what to do next.
func (s *source) explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: nothing is published there: %w; has kernel-indexer run, and with this output directory?", s.from, err)
	case errors.Is(err, manifests.ErrMismatch):
		return fmt.Errorf("%s: %w; it may be being published: try again, or %s", s.from, err, s.advice)
	case errors.Is(err, manifests.ErrInvalid):
		return fmt.Errorf("%s: %w; %s", s.from, err, s.advice)
	}
	return fmt.Errorf("%s: %w", s.from, err)
}

// load is open and catalog for commands that need no more than the catalog.
func (p *program) load(ctx context.Context) (*catalog.Catalog, error) {
	s, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	return s.catalog(ctx)
}

// shellWord quotes a text as one word of a shell, where that is needed.
func shellWord(text string) string {
	safe := text != ""
	for _, r := range text {
		safe = safe && (r < 0x80 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("_./:@%+,-=", r)))
	}
	if safe {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
