package reload

import (
	"errors"
	"io/fs"
	"syscall"
)

// stamp is what a stat shows of a name: two equal stamps are taken for the same
// content. The time of the last status change is in it, because a copying
// program can put everything else back. Not being there is a stamp, too, and so
// is each way of not being readable.
type stamp struct {
	device, inode uint64
	mode          fs.FileMode
	size          int64
	mtime, ctime  syscall.Timespec
	failure       syscall.Errno
}

func stampOf(info fs.FileInfo) stamp {
	s := stamp{mode: info.Mode(), size: info.Size(), mtime: syscall.NsecToTimespec(info.ModTime().UnixNano())}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		s.device, s.inode, s.ctime = stat.Dev, stat.Ino, stat.Ctim
	}
	return s
}

// stampAt returns the stamp of the name path.
func stampAt(fsys files, path string) stamp {
	info, err := fsys.Stat(path)
	if err != nil {
		s := stamp{failure: syscall.EIO}
		errors.As(err, &s.failure)
		return s
	}
	return stampOf(info)
}

// sameContent reports whether an open file has not been written to. Its status
// does change, namely when its name is taken by another file.
func sameContent(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
