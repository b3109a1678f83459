package reload

import (
	"io/fs"

	"github.com/fsnotify/fsnotify"
)

// TestFiles is a file system that a test puts in the place of the real one.
type TestFiles interface {
	Stat(path string) (fs.FileInfo, error)
	Open(path string) (TestFile, error)
}

// TestFile is an open file of it; *os.File is one.
type TestFile = file

// SetFiles is called before Run.
func (r *Reloader) SetFiles(f TestFiles) { r.source.files = f }

// SetBlind is called before Run: no events come, as from another NFS client.
func (r *Reloader) SetBlind() { r.blind = true }

// SetWatcher is called before Run: the function takes fsnotify.NewWatcher's place.
func (r *Reloader) SetWatcher(f func() (*fsnotify.Watcher, error)) { r.newWatcher = f }

// Users is how many users the documents of a view have.
func (v *View) Users() int {
	v.docs.mu.Lock()
	defer v.docs.mu.Unlock()
	return v.docs.users
}

// Waiting is how many callers wait for a load that has not begun.
func (r *Reloader) Waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting)
}
