// Package guard keeps conda's records where no kernel can be told to keep conda from deleting them: it holds a copy of
// conda-meta while "conda list" runs and puts back what is gone or changed afterwards.
//
// It is the last resort, behind the two boxes of package sandbox, for it has three weaknesses that they have not:
//
//   - It needs to live. If this program is killed (SIGKILL, loss of power) between conda's deletion and [Records.Restore],
//     the records that conda took for stale stay deleted. No copy is written elsewhere beforehand: it would cost tens
//     of megabytes of writing per environment and run, for a case that needs an exotic machine and bad luck at once.
//   - It cannot tell who did something. What "conda list" never does (it creates nothing and replaces nothing, nor
//     does it touch the history; SPEC 1.3) is taken for the work of someone who installs packages at this moment; then
//     nothing is put back, because an old record among new ones breaks an environment. The first seconds of such an
//     installation, when records are only removed yet, look like conda list's work.
//   - A record that was written anew has another inode number, and no access control list or extended attribute that
//     it may have had. Bytes, mode, owner and times are as before (the owner only where the system lets us).
//
// What is missing and not put back, for whichever reason, is saved to a folder of its own and an error says where.
//
// The folder is accessed through an os.Root and by plain names, so a link in it is never written through. The package
// does not know what a record says.
package guard

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// inMemory is the size in bytes up to which a file is held as a copy. A bigger one, which no record is, is held open:
// that keeps its bytes if it is deleted, not if it is overwritten.
const inMemory = 8 << 20

// Records is the content of one conda-meta folder at one moment. It is not for concurrent use.
type Records struct {
	path    string // of the folder
	root    *os.Root
	dir     *os.File // the same folder, for calls that Root has not
	times   syscall.Stat_t
	entries map[string]entry
}

// entry is what the folder held under a name.
type entry struct {
	stat   syscall.Stat_t
	data   []byte   // of a regular file
	file   *os.File // instead, of a big one
	target string   // of a link
	held   bool     // the content is known, and can be put back
}

// Hold takes a copy of what the folder prefix/conda-meta holds; if that is a link, of the folder it leads to, for that
// is where conda would delete. A prefix without such a folder, or one that this user cannot read (so neither can conda), gives
// an empty Records. The caller must call [Records.Restore] and [Records.Close].
func Hold(prefix string) (*Records, error) {
	path := filepath.Join(prefix, "conda-meta")
	if info, err := os.Stat(path); err != nil || !info.IsDir() { // a FIFO would block when opened
		return &Records{}, unlessHarmless(err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return &Records{}, unlessHarmless(err)
	}
	r := &Records{path: path, root: root}
	if err := r.read(); err != nil {
		return nil, errors.Join(fmt.Errorf("copy %s before running conda: %w", path, err), r.Close())
	}
	return r, nil
}

// unlessHarmless drops the errors that keep conda from listing the folder as well.
func unlessHarmless(err error) error {
	for _, harmless := range []error{fs.ErrNotExist, fs.ErrPermission, syscall.ENOTDIR, syscall.ELOOP} {
		if errors.Is(err, harmless) {
			return nil
		}
	}
	return err
}

// Close releases what is held.
func (r *Records) Close() error {
	var errs []error
	for _, e := range r.entries {
		if e.file != nil {
			errs = append(errs, e.file.Close())
		}
	}
	if r.dir != nil {
		errs = append(errs, r.dir.Close())
	}
	if r.root != nil {
		errs = append(errs, r.root.Close())
	}
	*r = Records{}
	return errors.Join(errs...)
}

func (r *Records) read() error {
	var err error
	if r.dir, err = r.root.Open("."); err != nil {
		return unlessHarmless(err)
	}
	info, err := r.dir.Stat()
	if err != nil {
		return err
	}
	r.times = *info.Sys().(*syscall.Stat_t)
	stats, err := r.list()
	if err != nil {
		return unlessHarmless(err)
	}
	r.entries = make(map[string]entry, len(stats))
	for name, stat := range stats {
		e, err := r.hold(name, stat)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since it was listed, by someone else
		}
		if err != nil {
			return err
		}
		r.entries[name] = e
	}
	return nil
}

// list returns what the folder holds now.
func (r *Records) list() (map[string]syscall.Stat_t, error) {
	dir, err := r.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	stats := make(map[string]syscall.Stat_t, len(names))
	for _, name := range names {
		info, err := r.root.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		stats[name] = *info.Sys().(*syscall.Stat_t)
	}
	return stats, nil
}

// hold takes the content of one entry. Of folders and other odd things, which conda does not remove, and of files that
// this user cannot read, which conda gives up at before it removes anything, only the attributes are taken.
func (r *Records) hold(name string, stat syscall.Stat_t) (entry, error) {
	e := entry{stat: stat}
	switch stat.Mode & syscall.S_IFMT {
	case syscall.S_IFLNK:
		target, err := r.root.Readlink(name)
		if err != nil {
			return e, err
		}
		e.target, e.held = target, true
	case syscall.S_IFREG:
		file, err := r.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if errors.Is(err, fs.ErrPermission) {
			return e, nil
		}
		if err != nil {
			return e, err
		}
		if e.held = true; stat.Size > inMemory {
			e.file = file
			return e, nil
		}
		defer file.Close()
		e.data = make([]byte, stat.Size)
		n, err := io.ReadFull(file, e.data)
		if e.data = e.data[:n]; err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return e, err
		}
	}
	return e, nil
}

// removable tells whether it is of a kind that conda removes: a file or a link.
func (e entry) removable() bool {
	kind := e.stat.Mode & syscall.S_IFMT
	return kind == syscall.S_IFREG || kind == syscall.S_IFLNK
}

// content returns the bytes of a regular file that is held.
func (e entry) content() ([]byte, error) {
	if e.file == nil {
		return e.data, nil
	}
	return io.ReadAll(io.NewSectionReader(e.file, 0, e.stat.Size))
}
