package rootfs

import (
	"encoding/binary"
	"io/fs"
	"strings"

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
	buf := make([]byte, 32<<10)
	for {
		n, err := retry(func() (int, error) { return unix.ReadDirent(fd, buf) })
		if err != nil || n <= 0 {
			return entries, err
		}
		block := string(buf[:n]) // one string that all names are parts of
		for rest := block; len(rest) > direntName; {
			length := int(binary.NativeEndian.Uint16([]byte(rest[direntLength:direntType])))
			record := rest[:min(max(length, direntName), len(rest))]
			rest = rest[len(record):]
			name, _, _ := strings.Cut(record[direntName:], "\x00")
			if name != "." && name != ".." {
				entries = append(entries, Entry{Name: name, Type: entryType(record[direntType])})
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
