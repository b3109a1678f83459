package rootfs

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// maxLinks is how many links a path may go through, as in the Linux kernel.
const maxLinks = 40

// Resolve returns name with every link in it resolved, as far as the path exists; what follows the first missing part is
// kept as written (Python's Path.resolve()). An absolute link target counts from the root of fsys. The errors are
// [ErrOutside], ELOOP, and what fsys.ReadLink fails with. On a file system without links name is only cleaned.
func Resolve(fsys fs.FS, name string) (string, error) {
	links, ok := fsys.(fs.ReadLinkFS)
	if !ok {
		return check("resolve", name)
	}
	done, rest := ".", strings.Split(name, "/")
	for followed := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if done == "." {
				return "", ErrOutside
			}
			done = path.Dir(done)
			continue
		}
		next := path.Join(done, part)
		info, err := links.Lstat(next)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			if err != nil && !isMissing(err) {
				return "", err
			}
			done = next
			continue
		}
		if followed++; followed > maxLinks {
			return "", syscall.ELOOP
		}
		target, err := links.ReadLink(next)
		if err != nil {
			return "", err
		}
		if path.IsAbs(target) {
			done = "."
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return done, nil
}

// isMissing reports whether a part of the path is not there or no directory: the rest of it cannot be links.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
