package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// ErrNotFound is in the error for what is not in the archive.
var ErrNotFound = errors.New("not in the archive")

// errExists is the error of create for an object that exists.
var errExists = errors.New("exists already")

// maxDocument bounds an outcome or a record, in bytes.
const maxDocument = 8 << 20

// Store is an archive. It is safe for concurrent use, also by several programs.
type Store struct {
	objects

	bounds bounds
}

// objects is what an archive needs of what it lies in.
type objects interface {
	// create writes an object that must not exist: errExists if it does. Of many
	// who create one at once, one does not get that.
	create(ctx context.Context, key string, data []byte) error
	// put writes an object, whether it exists or not.
	put(ctx context.Context, key string, data []byte) error
	// get reads an object of at most limit bytes.
	get(ctx context.Context, key string, limit int64) ([]byte, error)
	// head reads the first limit bytes of an object, or all of a shorter one.
	head(ctx context.Context, key string, limit int64) ([]byte, error)
	// stat tells of an object.
	stat(ctx context.Context, key string) (stat, error)
	// remove deletes an object; that it is gone already is no error.
	remove(ctx context.Context, key string) error
	// list yields the objects below a prefix, which ends with a slash, in the
	// order of their keys. One that comes or goes meanwhile is listed or not, one
	// that stays is listed once. The first error is the last thing that it yields.
	list(ctx context.Context, prefix string) iter.Seq2[object, error]
	close() error
}

// object is what a listing tells.
type object struct {
	key  string
	stat func() (stat, error) // ErrNotFound of one that has gone since
}

// stat is what is known of an object without reading it.
type stat struct {
	size     int64
	modified time.Time
}

// Open opens the archive at a URL: file:///var/lib/kernel-jobs (made when it
// does not exist), s3://bucket, mem:// (gone with the program), or of another
// driver of gocloud.dev/blob that the program has linked, whose conditional
// writes must be atomic.
//
// The query of s3:// is that of gocloud.dev/blob/s3blob (region, endpoint,
// use_path_style, …), with prefix for a bucket that is not the archive's alone;
// credentials come from where the SDK of AWS looks for them.
func Open(ctx context.Context, address string) (*Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	var in objects
	if u.Scheme == "file" {
		in, err = openFolderURL(u)
	} else {
		in, err = openBucket(ctx, address)
	}
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return &Store{objects: in, bounds: defaultBounds()}, nil
}

// openFolderURL opens the folder of a URL; file://./below is in the working
// directory.
func openFolderURL(u *url.URL) (*folder, error) {
	switch {
	case u.RawQuery != "":
		return nil, fmt.Errorf("%s: file:// takes no query", u.Redacted())
	case u.Host != "" && u.Host != ".", u.Path == "", u.Opaque != "":
		return nil, fmt.Errorf("%s: not file:// with an absolute path", u.Redacted())
	}
	path := filepath.FromSlash(u.Path)
	if u.Host == "." {
		path = strings.TrimPrefix(path, "/")
	}
	return openFolder(path)
}

// Close lets go of the store.
func (s *Store) Close() error { return s.close() }

// removeAll removes objects one after the other.
func (s *Store) removeAll(ctx context.Context, keys []string) error {
	for _, key := range keys {
		if err := s.remove(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
