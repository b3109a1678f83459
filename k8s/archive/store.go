package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/memblob" // for mem://, which tests and trials use
	"gocloud.dev/gcerrors"
)

// ErrNotFound is in the error for what is not in the archive.
var ErrNotFound = errors.New("not in the archive")

// errExists is the error of create for an object that exists.
var errExists = errors.New("exists already")

// maxDocument bounds an outcome or a record, in bytes.
const maxDocument = 8 << 20

// Store is an archive. It is safe for concurrent use, also by several programs.
type Store struct {
	bucket *blob.Bucket
	folder *folder // nil unless the store is a directory
	bounds bounds
}

// Open opens the archive at a URL: file:///var/lib/kernel-jobs (made when it
// does not exist), mem://, or of a driver that the program has linked. The
// driver's conditional writes must be atomic, as those of S3 and GCS are.
func Open(ctx context.Context, address string) (*Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	if u.Scheme != fileblob.Scheme {
		bucket, err := blob.OpenBucket(ctx, address)
		if err != nil {
			return nil, fmt.Errorf("archive: %w", err)
		}
		return &Store{bucket: bucket, bounds: defaultBounds()}, nil
	}
	path := filepath.FromSlash(u.Path)
	if u.Host == "." {
		path = strings.TrimPrefix(path, "/")
	}
	files, err := openFolder(path)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	bucket, err := fileblob.OpenBucket(files.path, &fileblob.Options{Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return &Store{bucket: bucket, folder: files, bounds: defaultBounds()}, nil
}

// Close lets go of the store.
func (s *Store) Close() error { return s.bucket.Close() }

// create writes an object that must not exist: errExists if it does.
func (s *Store) create(ctx context.Context, key string, data []byte) error {
	if s.folder != nil {
		return s.folder.create(key, data)
	}
	err := s.bucket.WriteAll(ctx, key, data, &blob.WriterOptions{IfNotExist: true, DisableContentTypeDetection: true, ContentType: contentType})
	if gcerrors.Code(err) == gcerrors.FailedPrecondition {
		return fmt.Errorf("archive: %s: %w", key, errExists)
	}
	return archived(key, err)
}

// put writes an object, whether it exists or not.
func (s *Store) put(ctx context.Context, key string, data []byte) error {
	if s.folder != nil {
		return s.folder.put(key, data)
	}
	return archived(key, s.bucket.WriteAll(ctx, key, data, &blob.WriterOptions{DisableContentTypeDetection: true, ContentType: contentType}))
}

const contentType = "application/json"

// get reads an object of at most limit bytes.
func (s *Store) get(ctx context.Context, key string, limit int64) ([]byte, error) {
	reader, err := s.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return nil, archived(key, err)
	}
	defer func() { _ = reader.Close() }() // read to its end below, or given up
	data, err := io.ReadAll(io.LimitReader(reader, limit+1))
	if err != nil {
		return nil, archived(key, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("archive: %s: more than %d bytes", key, limit)
	}
	return data, nil
}

// remove deletes an object; that it is gone already is no error.
func (s *Store) remove(ctx context.Context, key string) error {
	err := s.bucket.Delete(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return archived(key, err)
}

// list yields the objects with a prefix, in the order of their keys.
func (s *Store) list(ctx context.Context, prefix string) iter.Seq2[*blob.ListObject, error] {
	return func(yield func(*blob.ListObject, error) bool) {
		objects := s.bucket.List(&blob.ListOptions{Prefix: prefix})
		for {
			object, err := objects.Next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, archived(prefix, err))
				return
			}
			if !yield(object, nil) {
				return
			}
		}
	}
}

func archived(key string, err error) error {
	switch {
	case err == nil:
		return nil
	case gcerrors.Code(err) == gcerrors.NotFound:
		return fmt.Errorf("archive: %s: %w", key, ErrNotFound)
	}
	return fmt.Errorf("archive: %s: %w", key, err)
}
