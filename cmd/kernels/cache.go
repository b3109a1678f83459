package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// cache keeps the pairs that a server sent:
//
//	<XDG_CACHE_HOME or ~/.cache>/kernels/<digest of the URL>/<digest of the tags>/
//	    collated_manifests.json  package_index.json  tags
//
// A folder gets its name when it is complete and is never changed, so that any number of processes may read and write at
// once. Nothing depends on the cache: where it cannot be written, a pair is read from a temporary folder.
type cache struct{ dir string }

const (
	tagsName = "tags"
	// partPrefix begins the names of folders that are being filled.
	partPrefix = "part-"
	// leftover is the age from which old pairs and parts are removed: nobody is reading or filling them any more.
	leftover = time.Hour
)

// newCache returns the cache for a URL. Without a home directory there is none.
func newCache(lookup func(string) (string, bool), address string) cache {
	base, _ := lookup("XDG_CACHE_HOME")
	if !filepath.IsAbs(base) { // also as the XDG specification has it
		home, _ := lookup("HOME")
		if !filepath.IsAbs(home) {
			return cache{}
		}
		base = filepath.Join(home, ".cache")
	}
	return cache{filepath.Join(base, "kernels", digest(address))}
}

func digest(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	return hex.EncodeToString(sum[:16])
}

// newest returns the pair that was fetched last, and the entity tags that the server gave it. None is "".
func (c cache) newest() (dir string, tags [2]string) {
	entries, err := os.ReadDir(c.dir)
	if c.dir == "" || err != nil {
		return "", tags
	}
	var when time.Time
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(c.dir, e.Name(), tagsName))
		if err != nil || strings.HasPrefix(e.Name(), partPrefix) || info.ModTime().Before(when) {
			continue
		}
		path := filepath.Join(c.dir, e.Name())
		text, err := os.ReadFile(filepath.Join(path, tagsName))
		lines := strings.Split(string(text), "\n")
		if err == nil && len(lines) == 2 && digest(lines...) == e.Name() {
			dir, tags, when = path, [2]string(lines), info.ModTime()
		}
	}
	return dir, tags
}

// temporary makes a folder to fill, in the cache or where other temporary files go.
func (c cache) temporary() (string, error) {
	if c.dir != "" && os.MkdirAll(c.dir, 0o700) == nil {
		if dir, err := os.MkdirTemp(c.dir, partPrefix); err == nil {
			return dir, nil
		}
	}
	dir, err := os.MkdirTemp("", "kernels-")
	if err != nil {
		return "", fmt.Errorf("there is no place for the documents: %w; set XDG_CACHE_HOME or TMPDIR to a directory that you can write", err)
	}
	return dir, nil
}

// install makes a complete folder the pair with these tags. A server that gives no tags is asked again each time.
func (c cache) install(dir string, tags [2]string) folder {
	part := folder{path: dir, temporary: true}
	if filepath.Dir(dir) != c.dir || tags[0] == "" || tags[1] == "" || strings.ContainsAny(tags[0]+tags[1], "\n") {
		return part
	}
	if os.WriteFile(filepath.Join(dir, tagsName), []byte(tags[0]+"\n"+tags[1]), 0o600) != nil {
		return part
	}
	final := filepath.Join(c.dir, digest(tags[0], tags[1]))
	if os.Rename(dir, final) != nil {
		// Another process was faster, or the server went back to what it had: this is the same content.
		if c.use(final) != nil {
			return part
		}
		os.RemoveAll(dir)
	}
	c.clean(final)
	return folder{path: final}
}

// use notes that a pair is the newest and in use.
func (c cache) use(dir string) error {
	now := time.Now()
	return errors.Join(os.Chtimes(filepath.Join(dir, tagsName), now, now), os.Chtimes(dir, now, now))
}

// clean removes what is not in use any more. That it cannot is no failure.
func (c cache) clean(keep string) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		path := filepath.Join(c.dir, e.Name())
		if info, err := e.Info(); err == nil && path != keep && time.Since(info.ModTime()) > leftover {
			os.RemoveAll(path)
		}
	}
}

// generationOf returns the generation that a document names before its long array, or "" for those of the original.
func generationOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	dec := jsontext.NewDecoder(file)
	if err := expect(dec, '{'); err != nil {
		return "", fmt.Errorf("the answer is not one of our documents: %w", err)
	}
	for {
		name, err := dec.ReadToken()
		if err != nil || name.Kind() != '"' {
			return "", err
		}
		wanted := name.String() == "generation"
		switch dec.PeekKind() {
		case '[', '{':
			return "", nil
		}
		value, err := dec.ReadToken()
		if err != nil {
			return "", err
		}
		if wanted && value.Kind() == '"' {
			return value.String(), nil
		}
	}
}
