// Package tarfs gives tests the recorded files of an archive. It knows nothing of what they are.
package tarfs

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"testing/fstest"
)

// Load returns the regular files of the .tar.gz at path, all with the mode 0644. The error says what is wrong with the
// archive.
func Load(path string) (fstest.MapFS, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unzip, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	fsys := fstest.MapFS{}
	for archive := tar.NewReader(unzip); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return fsys, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		fsys[header.Name] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
}
