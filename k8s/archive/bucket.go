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
	_ "gocloud.dev/blob/s3blob"  // for s3://; a program with it is larger by 9 MB
	"gocloud.dev/gcerrors"
)

// bucket is an object store.
type bucket struct {
	objects  *blob.Bucket
	patience time.Duration // with one request: what does not answer must not hold up all that comes after
}

func openBucket(ctx context.Context, address string) (*bucket, error) {
	objects, err := blob.OpenBucket(ctx, address)
	if err != nil {
		return nil, err
	}
	b := &bucket{objects: objects, patience: time.Minute}
	if err := b.probe(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// probeKey is of an object that says nothing.
const probeKey = "probe.json"

// probe finds out before the first run does that the store cannot be written to,
// or that it does not heed conditions: then each of two writers would be first,
// and neither of them told. There are such that call themselves S3.
func (b *bucket) probe(ctx context.Context) error {
	if err := b.put(ctx, probeKey, []byte("{}")); err != nil {
		return err
	}
	switch err := b.create(ctx, probeKey, []byte("{}")); {
	case err == nil:
		return errors.New("the object store ignores If-None-Match: an archive needs one that does not")
	case !errors.Is(err, errExists):
		return err
	}
	return nil
}

func (b *bucket) close() error { return b.objects.Close() }

// conflicts is how often a write is tried that met another one of the same key.
const conflicts = 5

func (b *bucket) create(ctx context.Context, key string, data []byte) error {
	options := &blob.WriterOptions{IfNotExist: true, DisableContentTypeDetection: true, ContentType: contentType}
	pause := 50 * time.Millisecond
	for attempt := 1; ; attempt++ {
		err := b.write(ctx, key, data, options)
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
	return archived(key, b.write(ctx, key, data, &blob.WriterOptions{DisableContentTypeDetection: true, ContentType: contentType}))
}

const contentType = "application/json"

func (b *bucket) write(ctx context.Context, key string, data []byte, options *blob.WriterOptions) error {
	ctx, cancel := context.WithTimeout(ctx, b.patience)
	defer cancel()
	return b.objects.WriteAll(ctx, key, data, options)
}

func (b *bucket) get(ctx context.Context, key string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, b.patience)
	defer cancel()
	reader, err := b.objects.NewReader(ctx, key, nil)
	if err != nil {
		return nil, archived(key, err)
	}
	defer func() { _ = reader.Close() }() // read to its end below, or given up
	return readAll(reader, key, limit)
}

func (b *bucket) head(ctx context.Context, key string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, b.patience)
	defer cancel()
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
	ctx, cancel := context.WithTimeout(ctx, b.patience)
	defer cancel()
	attributes, err := b.objects.Attributes(ctx, key)
	if err != nil {
		return stat{}, archived(key, err)
	}
	return stat{attributes.Size, attributes.ModTime}, nil
}

func (b *bucket) remove(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, b.patience)
	defer cancel()
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
			one, err := b.next(ctx, objects)
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

// next is the next object of a listing, of which it may have to ask for a page.
func (b *bucket) next(ctx context.Context, objects *blob.ListIterator) (*blob.ListObject, error) {
	ctx, cancel := context.WithTimeout(ctx, b.patience)
	defer cancel()
	return objects.Next(ctx)
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
