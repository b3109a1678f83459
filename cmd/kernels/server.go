package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kernelindexer/manifests"
	"kernelindexer/rootfs"
)

const (
	// maxDocument bounds what a server may send as one document, in bytes: more is a fault or malice.
	maxDocument = 4 << 30
	// pairAttempts is how often both documents are fetched until they belong together: between the two requests the
	// server may have taken a new pair.
	pairAttempts = 3
	pairDelay    = 200 * time.Millisecond
)

// server is a kernel-web, or any server that has the documents below /data/.
type server struct {
	base   *url.URL
	client *http.Client
	cache  cache
}

// openServer brings the documents of a server here, of one generation, unless the cache has them already.
func (p *program) openServer(ctx context.Context, address string) (*source, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, usage("--from %s: neither a directory nor an address such as https://kernels.example.org", redacted(address))
	}
	base.RawQuery, base.Fragment = "", ""
	ctx, cancel := context.WithTimeout(ctx, p.options.timeout)
	defer cancel()
	s := &server{base: base, client: &http.Client{}, cache: newCache(p.lookup, base.String())}
	pair, err := s.pair(ctx)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no complete answer within %s (--timeout): %w", p.options.timeout, err)
		}
		return nil, fmt.Errorf("%s: %w", base.Redacted(), err)
	}
	return pair.source(base.Redacted())
}

// redacted hides the password of what was meant to be a URL.
func redacted(address string) string {
	at := strings.LastIndexByte(address, '@')
	scheme, rest, ok := strings.Cut(address, "://")
	if at < 0 || !ok || at < len(scheme)+len("://") {
		return address
	}
	return scheme + "://xxxxx" + rest[at-len(scheme)-len("://"):]
}

// folder is a directory with a pair in it.
type folder struct {
	path      string
	temporary bool // nobody else knows it
}

// source makes the pair readable until it is closed.
func (f folder) source(from string) (*source, error) {
	remove := func() {
		if f.temporary {
			os.RemoveAll(f.path)
		}
	}
	root, err := rootfs.Open(f.path)
	if err != nil {
		remove()
		return nil, err
	}
	s := &source{
		from: from, advice: "ask who runs the server, or remove the copy in " + shellWord(f.path),
		close: func() { root.Close(); remove() },
	}
	s.collated, s.index = manifests.PairIn(root)
	return s, nil
}

// pair returns a folder with both documents, of one generation.
func (s *server) pair(ctx context.Context) (folder, error) {
	known, tags := s.cache.newest()
	for attempt := 1; ; attempt++ {
		fetched, err := s.fetchPair(ctx, known, tags)
		if !errors.Is(err, manifests.ErrMismatch) || attempt == pairAttempts {
			return fetched, err
		}
		select {
		case <-ctx.Done():
			return folder{}, ctx.Err()
		case <-time.After(pairDelay):
		}
	}
}

// fetchPair fetches what has changed since the known pair, which may be none.
func (s *server) fetchPair(ctx context.Context, known string, tags [2]string) (folder, error) {
	dir, err := s.cache.temporary()
	if err != nil {
		return folder{}, err
	}
	names := [2]string{manifests.CollatedName, manifests.PackageIndexName}
	fetchedTags, kept := tags, 0
	for i, name := range names {
		tag, err := s.fetch(ctx, name, tags[i], filepath.Join(dir, name))
		switch {
		case errors.Is(err, errNotModified):
			kept++
		case err != nil:
			os.RemoveAll(dir)
			return folder{}, err
		default:
			fetchedTags[i] = tag
		}
	}
	if kept == len(names) {
		os.RemoveAll(dir)
		if err := s.cache.use(known); errors.Is(err, os.ErrNotExist) {
			return s.fetchPair(ctx, "", [2]string{}) // another process has just removed it
		} // in a cache that cannot be written nothing is removed
		return folder{path: known}, nil
	}
	if err := s.complete(ctx, dir, known, names, &fetchedTags); err != nil {
		os.RemoveAll(dir)
		return folder{}, err
	}
	return s.cache.install(dir, fetchedTags), nil
}

// complete puts the document that has not changed beside the one that has, and checks that they are a pair.
func (s *server) complete(ctx context.Context, dir, known string, names [2]string, tags *[2]string) error {
	var generations [2]string
	for i, name := range names {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			if os.Link(filepath.Join(known, name), path) != nil {
				if tags[i], err = s.fetch(ctx, name, "", path); err != nil {
					return err
				}
			}
		}
		var err error
		if generations[i], err = generationOf(path); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if generations[0] != generations[1] {
		return fmt.Errorf("%w: %s has %q, %s has %q; it may be being published: try again",
			manifests.ErrMismatch, names[0], generations[0], names[1], generations[1])
	}
	return nil
}

// errNotModified says that the server still has what the tag names.
var errNotModified = errors.New("not modified")

// fetch writes a document to path and returns its entity tag.
func (s *server) fetch(ctx context.Context, name, tag, path string) (string, error) {
	where := s.base.JoinPath("data", name)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where.String(), nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("User-Agent", "kernels/"+version)
	request.Header.Set("Accept", "application/json")
	if tag != "" {
		request.Header.Set("If-None-Match", tag)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return "", unreachable(err)
	}
	defer func() { _ = response.Body.Close() }() // what matters of it was read
	if response.StatusCode == http.StatusNotModified && tag != "" {
		return "", errNotModified
	}
	if err := refusal(response); err != nil {
		return "", fmt.Errorf("/data/%s: %w", name, err)
	}
	if err := download(response.Body, path); err != nil {
		return "", fmt.Errorf("/data/%s: %w", name, err)
	}
	return response.Header.Get("ETag"), nil
}

// unreachable says what to look at when there is no answer; the URL is in the message already.
func unreachable(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("no answer: %w; is the address right, and the server running?", err)
}

// download writes what is sent to a new file.
func download(body io.Reader, path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(file, io.LimitReader(body, maxDocument+1))
	if n > maxDocument {
		err = fmt.Errorf("larger than %d bytes", maxDocument)
	}
	return errors.Join(err, file.Close())
}
