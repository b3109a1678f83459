package rootfs

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// MaxFileSize is the largest file that is read whole, in bytes. It guards against sparse files that claim terabytes.
const MaxFileSize = 512 << 20

// Dir is an open directory. Beside fs.ReadDirFile it has two quick ways for readers of many small files, which stay in
// this very directory whatever happens to its name meanwhile.
type Dir struct {
	*os.File
}

// Entry is a name in a directory and the type of file it is, as the directory itself has it: for a name that the
// file system does not tell the type of, fs.ModeIrregular.
type Entry struct {
	Name string
	Type fs.FileMode
}

// Entries lists the directory in the order of the file system, without a stat of each entry.
func (d *Dir) Entries() ([]Entry, error) {
	fd, err := retry(func() (int, error) {
		return unix.Openat(int(d.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: d.Name(), Err: err}
	}
	defer func() { _ = unix.Close(fd) }() // opened for reading: nothing to lose
	entries, err := appendEntries(nil, fd)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: d.Name(), Err: err}
	}
	return entries, nil
}

// ReadFile reads the regular file called name, a single part, into buf's capacity or a larger buffer. It follows no
// link: the error is then unix.ELOOP. A file of another kind is fs.ErrInvalid.
func (d *Dir) ReadFile(name string, buf []byte) ([]byte, error) {
	if name == "" || strings.ContainsAny(name, "/\x00") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	fd, err := retry(func() (int, error) {
		return unix.Openat(int(d.Fd()), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	defer func() { _ = unix.Close(fd) }() // opened for reading: nothing to lose
	return readAll(rawFile(fd), name, buf)
}

// rawFile is a descriptor outside of Go's poller, which regular files do not need.
type rawFile int

func (f rawFile) Read(b []byte) (int, error) {
	n, err := retry(func() (int, error) { return unix.Read(int(f), b) })
	if n == 0 && err == nil {
		err = io.EOF
	}
	return max(n, 0), err
}

func retry(do func() (int, error)) (int, error) {
	for {
		n, err := do()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// readRegular reads the rest of an open file if it is a regular one.
func readRegular(file *os.File, buf []byte) ([]byte, error) {
	return readAll(rawFile(int(file.Fd())), file.Name(), buf)
}

// readAll reads f to its end. The size is only a hint: the file may grow or shrink meanwhile.
func readAll(f rawFile, name string, buf []byte) ([]byte, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(int(f), &stat); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		return nil, &fs.PathError{Op: "read", Path: name, Err: unix.EISDIR}
	default:
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	if stat.Size > MaxFileSize {
		return nil, &fs.PathError{Op: "read", Path: name, Err: unix.EFBIG}
	}
	const slack = 16 // room to see the end of the file, and for a caller's padding
	buf = slices.Grow(buf[:0], int(stat.Size)+slack)
	for {
		n, err := f.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: name, Err: err}
		}
		if cap(buf)-len(buf) < slack {
			buf = slices.Grow(buf, cap(buf))
		}
	}
}

func sortEntries(entries []fs.DirEntry) {
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
}

// Stamp is what a stat shows of a file without opening it: two equal stamps of one name are one content, short of
// somebody turning back the clock.
type Stamp struct {
	Mode, Inode  uint64
	Size         int64
	MTime, CTime int64 // nanoseconds since 1970
}

// Lstat returns the stamp of the entry called name, a single part, itself where it is a link.
func (d *Dir) Lstat(name string) (Stamp, error) {
	if name == "" || strings.ContainsAny(name, "/\x00") {
		return Stamp{}, &fs.PathError{Op: "lstat", Path: name, Err: fs.ErrInvalid}
	}
	var stat unix.Stat_t
	if err := unix.Fstatat(int(d.Fd()), name, &stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Stamp{}, &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	return Stamp{
		Mode: uint64(stat.Mode), Inode: stat.Ino, Size: stat.Size,
		MTime: stat.Mtim.Nano(), CTime: stat.Ctim.Nano(),
	}, nil
}

// Stamp returns the stamp of a file, as [Dir.Lstat] does.
func (f *FS) Stamp(name string) (Stamp, error) {
	info, err := f.Lstat(name)
	if err != nil {
		return Stamp{}, err
	}
	return StampOf(info), nil
}

// StampOf returns the stamp of a file that somebody has made a stat of.
func StampOf(info fs.FileInfo) Stamp {
	stamp := Stamp{Mode: uint64(info.Mode()), Size: info.Size(), MTime: info.ModTime().UnixNano()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		stamp.Mode, stamp.Inode, stamp.CTime = uint64(stat.Mode), stat.Ino, stat.Ctim.Nano()
	}
	return stamp
}

// Append appends the stamp to a buffer that is to be digested.
func (s Stamp) Append(b []byte) []byte {
	for _, v := range []uint64{s.Mode, s.Inode, uint64(s.Size), uint64(s.MTime), uint64(s.CTime)} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}
