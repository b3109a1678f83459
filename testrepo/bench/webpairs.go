package main

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kernelindexer/manifests"
	"kernelindexer/testrepo"
)

// samplePair indexes the repository of the demonstration, or takes the pair that was asked for.
func (b *bench) samplePair() (string, error) {
	dir := filepath.Join(b.temp, "sample")
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if b.pair != "" {
		return dir, copyPair(b.pair, dir)
	}
	if err := testrepo.Sample(dir); err != nil {
		return "", err
	}
	_, err := run(b.indexer(dir, "run", "--lister", "files")())
	return dir, err
}

// copyPair copies the documents of a pair, which may be on another file system, into a new directory.
func copyPair(from, into string) error {
	if err := os.Mkdir(into, 0o755); err != nil {
		return err
	}
	for _, name := range []string{manifests.PackageIndexName, manifests.CollatedName} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(into, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// publish makes a pair of kernels of 300 packages in a new directory; seed makes the content another.
func publish(dir string, kernels, seed int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	out, err := manifests.OpenDir(dir, manifests.Atomic)
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // a directory
	now := time.Now()
	entries := func(yield func(manifests.Entry, error) bool) {
		for i := range kernels {
			if !yield(manifests.NewEntry(manyManifest(i, seed, now)), nil) {
				return
			}
		}
	}
	names := manifests.Publication{Collated: manifests.CollatedName, Index: manifests.PackageIndexName}
	_, err = out.Publish(context.Background(), entries, now, names)
	return err
}

// replacePair puts the documents of a directory into another as an indexer does: complete, by two renames.
func replacePair(from, into string) error {
	for _, name := range []string{manifests.PackageIndexName, manifests.CollatedName} {
		next := filepath.Join(into, "."+name+".next")
		if err := errors.Join(os.Link(filepath.Join(from, name), next), os.Rename(next, filepath.Join(into, name))); err != nil {
			return err
		}
	}
	return nil
}

// query is a search with a known number of hits.
type query struct {
	text        string
	hits, bytes int
}

func (q query) path() string { return search(q.text) }

func search(text string) string { return "/api/packages/search?query=" + text }

// queriesFor finds searches of about the given numbers of hits in a pair.
func queriesFor(pair string, wanted ...int) ([]query, error) {
	var names []string
	collated, index := manifests.PairIn(os.DirFS(pair))
	_, err := manifests.LoadPair(context.Background(), collated, index, nil, func(p manifests.PackageEntry) error {
		names = append(names, strings.ToLower(p.Name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	texts := map[string]int{}
	for _, name := range names {
		for i := range name {
			for _, n := range []int{1, 2, len(name)} {
				if i+n <= len(name) && isPlain(name[i:i+n]) {
					texts[name[i:i+n]] = 0
				}
			}
		}
	}
	found := make([]query, len(wanted))
	for i := range found {
		found[i].hits = math.MaxInt
	}
	for text := range texts {
		hits := 0
		for _, name := range names {
			if strings.Contains(name, text) {
				hits++
			}
		}
		for i, n := range wanted {
			better := abs(hits-n) - abs(found[i].hits-n)
			if better < 0 || better == 0 && text < found[i].text {
				found[i].text, found[i].hits = text, hits
			}
		}
	}
	return found, nil
}

// isPlain reports whether a text needs no escape in a URL.
func isPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' })
}

func abs(n int) int { return max(n, -n) }
