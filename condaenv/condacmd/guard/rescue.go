package guard

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// rescue saves what is held of the named entries, which are not in their places, to a new folder among the temporary
// files, and returns the error that says so.
func (r *Records) rescue(names []string, reason error) error {
	if len(names) == 0 {
		return fmt.Errorf("%s: %w: %w", r.path, ErrNotRestored, reason)
	}
	list := strings.Join(names, ", ")
	folder, err := os.MkdirTemp("", "kernel-indexer-rescue-")
	if err != nil {
		return fmt.Errorf("%s: %w: %w; %s are lost: %w", r.path, ErrNotRestored, reason, list, err)
	}
	for _, name := range names {
		if err := save(filepath.Join(folder, name), r.entries[name]); err != nil {
			return fmt.Errorf("%s: %w: %w; saving copies of %s to %s: %w", r.path, ErrNotRestored, reason, list, folder, err)
		}
	}
	return fmt.Errorf("%s: %w: %w; copies of %s are in %s", r.path, ErrNotRestored, reason, list, folder)
}

func save(path string, e entry) error {
	if !e.held {
		return nil
	}
	if e.stat.Mode&syscall.S_IFMT == syscall.S_IFLNK {
		return os.Symlink(e.target, path)
	}
	data, err := e.content()
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}
