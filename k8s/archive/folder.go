package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// temporaries is where objects are written before they have their name. It is in
// the folder of the store, for a name cannot be given across file systems.
const temporaries = ".tmp"

// abandoned is how old the file of a writer that was killed is.
const abandoned = time.Hour

// folder writes the objects of a store that is a directory. fileblob's own
// conditional write looks first and renames then: of two programs both could
// win. Here the name is given by link(2), which only one can do, on NFS too.
type folder struct{ path string }

func openFolder(path string) (*folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f := &folder{path: path}
	if err := os.MkdirAll(filepath.Join(path, temporaries), 0o770); err != nil {
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

func (f *folder) create(key string, data []byte) error { return f.write(key, data, os.Link) }

func (f *folder) put(key string, data []byte) error { return f.write(key, data, os.Rename) }

// write writes the object and gives it its name when it is complete and on disk.
func (f *folder) write(key string, data []byte, name func(from, to string) error) error {
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
		err = place(file.Name(), filepath.Join(f.path, filepath.FromSlash(key)), name)
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("archive: %s: %w", key, errExists)
	}
	if err != nil {
		return fmt.Errorf("archive: %s: %w", key, err)
	}
	return nil
}

// place names a file, making its folders. A folder may vanish between the two
// when another program removes what is empty.
func place(from, to string, name func(from, to string) error) error {
	for attempt := 0; ; attempt++ {
		if err := os.MkdirAll(filepath.Dir(to), 0o770); err != nil {
			return err
		}
		err := name(from, to)
		if !errors.Is(err, fs.ErrNotExist) || attempt == 3 {
			if err == nil {
				err = syncDirectory(filepath.Dir(to))
			}
			return err
		}
	}
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
