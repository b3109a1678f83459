package reload

import (
	"io"
	"io/fs"
	"sync"
	"time"
)

// documents are the open files that a view was made of. They are closed when
// nobody uses them: the reloader is one user, and each [File] is another.
type documents struct {
	files   [len(both)]*reading
	changed func() // somebody wrote into one of them

	mu    sync.Mutex
	users int
}

// newDocuments takes the files over for its first user.
func newDocuments(files [len(both)]*reading, changed func()) *documents {
	return &documents{files: files, changed: changed, users: 1}
}

// acquire reports whether the files are still open, and if so they stay it
// until they are released once more.
func (d *documents) acquire() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users == 0 {
		return false
	}
	d.users++
	return true
}

func (d *documents) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users--; d.users == 0 {
		for _, f := range d.files {
			f.file.Close()
		}
	}
}

// check says whether a document is still what was loaded.
func (d *documents) check(doc Document) error {
	if d.files[doc].verify(doc) != nil {
		d.changed()
		return ErrReplaced
	}
	return nil
}

// File is one document of a view, open for reading from the beginning. It must
// be closed. It is for one goroutine at a time; several may each have a File.
type File struct {
	docs    *documents
	doc     Document
	section *io.SectionReader
	once    sync.Once
}

// Size returns the length in bytes.
func (f *File) Size() int64 { return f.info().Size() }

// ModTime returns when the file was written.
func (f *File) ModTime() time.Time { return f.info().ModTime() }

func (f *File) info() fs.FileInfo { return f.docs.files[f.doc].info }

// Read implements [io.Reader]. Where somebody overwrites the file in place, the
// error is [ErrReplaced], and nothing of the new content is returned.
func (f *File) Read(p []byte) (int, error) {
	n, err := f.section.Read(p)
	if changed := f.docs.check(f.doc); changed != nil {
		return 0, changed
	}
	return n, err
}

// Seek implements [io.Seeker].
func (f *File) Seek(offset int64, whence int) (int64, error) { return f.section.Seek(offset, whence) }

// Close ends the reading. It may be called again and never fails.
func (f *File) Close() error {
	f.once.Do(f.docs.release)
	return nil
}
