package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"
)

// temporaries is where objects are written before they have their name. It is in
// the folder of the store, for a name cannot be given across file systems.
const temporaries = ".tmp"

// abandoned is how old the file of a writer that was killed is.
const abandoned = time.Hour

// folder is a directory of files whose names are the keys. The one of
// gocloud.dev does not do: of two programs that write with a condition both can
// win, and its listings are in no order of keys. Here a name is given by link(2),
// which only one program can do, on NFS too.
type folder struct{ path string }

func openFolder(root string) (*folder, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	f := &folder{path: root}
	if err := os.MkdirAll(filepath.Join(root, temporaries), 0o770); err != nil {
		return nil, err
	}
	f.sweep()
	return f, nil
}

// sweep removes what killed writers left. Another program may do so too.
func (f *folder) sweep() {
	dir := filepath.Join(f.path, temporaries)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // the first write says what is wrong
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

func (f *folder) close() error { return nil }

// file is the path of an object.
func (f *folder) file(key string) string { return filepath.Join(f.path, filepath.FromSlash(key)) }

// lost is an error when the folder is not there any more, as a file system that
// was taken away: then nothing is known to be missing.
func (f *folder) lost() error {
	if _, err := os.Stat(filepath.Join(f.path, temporaries)); err != nil {
		return fmt.Errorf("the folder of the archive is gone: %w", err)
	}
	return nil
}

// failed is the error for a key.
func (f *folder) failed(key string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		if err = f.lost(); err == nil {
			err = ErrNotFound
		}
	}
	return fmt.Errorf("archive: %s: %w", key, err)
}

func (f *folder) create(ctx context.Context, key string, data []byte) error {
	return f.write(ctx, key, data, os.Link)
}

func (f *folder) put(ctx context.Context, key string, data []byte) error {
	return f.write(ctx, key, data, os.Rename)
}

func (f *folder) get(ctx context.Context, key string, limit int64) ([]byte, error) {
	file, err := f.open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, key, limit)
}

func (f *folder) head(ctx context.Context, key string, limit int64) ([]byte, error) {
	file, err := f.open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(io.LimitReader(file, limit), key, limit)
}

// open opens the file of an object. O_NONBLOCK is for what is none: a FIFO
// would wait for its writer.
func (f *folder) open(ctx context.Context, key string) (*os.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, f.failed(key, err)
	}
	file, err := os.OpenFile(f.file(key), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, f.failed(key, err)
	}
	if about, err := file.Stat(); err != nil || !about.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("archive: %s: %w", key, cmp.Or(err, errNoFile)), file.Close())
	}
	return file, nil
}

var errNoFile = errors.New("not a file")

func (f *folder) stat(_ context.Context, key string) (stat, error) {
	about, err := os.Lstat(f.file(key))
	if err != nil {
		return stat{}, f.failed(key, err)
	}
	return stat{about.Size(), about.ModTime()}, nil
}

// remove also removes the directories that are empty then: what has expired
// leaves nothing that listings go through.
func (f *folder) remove(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return f.failed(key, err)
	}
	if err := os.Remove(f.file(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f.failed(key, err)
	}
	// Until one is not empty, or somebody else has removed it.
	for dir := path.Dir(key); dir != "." && os.Remove(f.file(dir)) == nil; dir = path.Dir(dir) {
	}
	return nil
}

// write writes the object and gives it its name when it is complete and on disk.
func (f *folder) write(ctx context.Context, key string, data []byte, name func(from, to string) error) error {
	if err := ctx.Err(); err != nil {
		return f.failed(key, err)
	}
	file, err := os.CreateTemp(filepath.Join(f.path, temporaries), "object-*")
	if err != nil {
		return fmt.Errorf("archive: %s: %w", key, err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // renamed away, or a second name of the object
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = place(file.Name(), f.file(key), name)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		err = errExists
	}
	return fmt.Errorf("archive: %s: %w", key, err)
}

// place names a file, making its folders. A folder may vanish between the two
// when another program removes what is empty.
func place(from, to string, name func(from, to string) error) error {
	for attempt := 0; ; attempt++ {
		err := os.MkdirAll(filepath.Dir(to), 0o770)
		if err == nil {
			err = name(from, to)
		}
		switch {
		case err == nil:
			return syncDirectory(filepath.Dir(to))
		case !errors.Is(err, fs.ErrNotExist) || attempt == 9:
			return err
		}
	}
}

// syncDirectory brings names to the disk. A directory that has gone has none.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
