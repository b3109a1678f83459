package rootfs

import (
	"bytes"
	"encoding/binary"
	"io/fs"

	"golang.org/x/sys/unix"
)

// The layout of struct linux_dirent64, see getdents64(2): inode, offset, length of the record, type of file, name.
const (
	direntLength = 16
	direntType   = 18
	direntName   = 19
)

// appendEntries lists the open directory fd from where it stands. The package os makes an object of every entry, which
// for a directory of hundreds of records costs as much as the system calls.
func appendEntries(entries []Entry, fd int) ([]Entry, error) {
	var buf [32 << 10]byte
	for {
		n, err := retry(func() (int, error) { return unix.ReadDirent(fd, buf[:]) })
		if err != nil || n <= 0 {
			return entries, err
		}
		for rest := buf[:n]; len(rest) > direntName; {
			record := rest[:min(max(int(binary.NativeEndian.Uint16(rest[direntLength:])), direntName), len(rest))]
			rest = rest[len(record):]
			name := record[direntName:]
			if end := bytes.IndexByte(name, 0); end >= 0 {
				name = name[:end]
			}
			if s := string(name); s != "." && s != ".." {
				entries = append(entries, Entry{Name: s, Type: entryType(record[direntType])})
			}
		}
	}
}

// entryType translates a DT_ constant.
func entryType(t byte) fs.FileMode {
	switch t {
	case unix.DT_REG:
		return 0
	case unix.DT_DIR:
		return fs.ModeDir
	case unix.DT_LNK:
		return fs.ModeSymlink
	case unix.DT_FIFO:
		return fs.ModeNamedPipe
	case unix.DT_SOCK:
		return fs.ModeSocket
	case unix.DT_CHR:
		return fs.ModeDevice | fs.ModeCharDevice
	case unix.DT_BLK:
		return fs.ModeDevice
	}
	return fs.ModeIrregular
}
