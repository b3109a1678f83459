package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/memblob" // for mem://, which tests and trials use
	_ "gocloud.dev/blob/s3blob"  // for s3://; a program with it is larger by some 10 MB
	"gocloud.dev/gcerrors"
)

// bucket is an object store.
type bucket struct{ objects *blob.Bucket }

func openBucket(ctx context.Context, address string) (*bucket, error) {
	objects, err := blob.OpenBucket(ctx, address)
	if err != nil {
		return nil, err
	}
	return &bucket{objects: objects}, nil
}

func (b *bucket) close() error { return b.objects.Close() }

// conflicts is how often a write is tried that met another one of the same key.
const conflicts = 5

func (b *bucket) create(ctx context.Context, key string, data []byte) error {
	options := &blob.WriterOptions{IfNotExist: true, DisableContentTypeDetection: true, ContentType: contentType}
	pause := 50 * time.Millisecond
	for attempt := 1; ; attempt++ {
		err := b.objects.WriteAll(ctx, key, data, options)
		switch {
		case gcerrors.Code(err) == gcerrors.FailedPrecondition:
			return fmt.Errorf("archive: %s: %w", key, errExists)
		case !undecided(err) || attempt == conflicts:
			return archived(key, err)
		}
		select {
		case <-time.After(pause):
			pause *= 2
		case <-ctx.Done():
			return archived(key, ctx.Err())
		}
	}
}

// undecided says that a conditional write met another one, of which it is not
// known yet whether it succeeds. S3 answers 409 then, and asks for a new attempt.
func undecided(err error) bool {
	var coded interface{ ErrorCode() string }
	return errors.As(err, &coded) && coded.ErrorCode() == "ConditionalRequestConflict"
}

func (b *bucket) put(ctx context.Context, key string, data []byte) error {
	return archived(key, b.objects.WriteAll(ctx, key, data, &blob.WriterOptions{DisableContentTypeDetection: true, ContentType: contentType}))
}

const contentType = "application/json"

func (b *bucket) get(ctx context.Context, key string, limit int64) ([]byte, error) {
	reader, err := b.objects.NewReader(ctx, key, nil)
	if err != nil {
		return nil, archived(key, err)
	}
	defer func() { _ = reader.Close() }() // read to its end below, or given up
	return readAll(reader, key, limit)
}

func (b *bucket) head(ctx context.Context, key string, limit int64) ([]byte, error) {
	reader, err := b.objects.NewRangeReader(ctx, key, 0, limit, nil)
	if err != nil {
		return nil, archived(key, err)
	}
	defer func() { _ = reader.Close() }()
	return readAll(reader, key, limit)
}

// readAll reads all of an object, which must have at most limit bytes.
func readAll(reader io.Reader, key string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(reader, limit+1))
	if err != nil {
		return nil, archived(key, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("archive: %s: more than %d bytes", key, limit)
	}
	return data, nil
}

func (b *bucket) stat(ctx context.Context, key string) (stat, error) {
	attributes, err := b.objects.Attributes(ctx, key)
	if err != nil {
		return stat{}, archived(key, err)
	}
	return stat{attributes.Size, attributes.ModTime}, nil
}

func (b *bucket) remove(ctx context.Context, key string) error {
	err := b.objects.Delete(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return archived(key, err)
}

func (b *bucket) list(ctx context.Context, prefix string) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		objects := b.objects.List(&blob.ListOptions{Prefix: prefix})
		for {
			one, err := objects.Next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(object{}, archived(prefix, err))
				return
			}
			known := stat{one.Size, one.ModTime}
			if !yield(object{one.Key, func() (stat, error) { return known, nil }}, nil) {
				return
			}
		}
	}
}

// archived is the error of an object store for a key.
func archived(key string, err error) error {
	switch {
	case err == nil:
		return nil
	case gcerrors.Code(err) == gcerrors.NotFound:
		return fmt.Errorf("archive: %s: %w", key, ErrNotFound)
	}
	return fmt.Errorf("archive: %s: %w", key, err)
}
