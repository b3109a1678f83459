package sandbox

import (
	"slices"

	"golang.org/x/sys/unix"
)

// rulesFor returns what the filter of a mode refuses. Calls that only older architectures have are in oldAttributes,
// oldTruncations, oldRemovals and oldRenames.
func rulesFor(mode Mode) []rule {
	rules := slices.Concat(
		refuse(unix.EPERM, attributes), refuse(unix.EPERM, oldAttributes),
		inodeFlags, truncations, oldTruncations,
		refuse(unix.ENOSYS, unseen), refuse(unix.EPERM, escapes))
	if mode == Landlock {
		return rules
	}
	// Removing a file "succeeds": Python tries out a temporary folder by making a file there and removing it, and
	// where that fails goes on to litter /tmp, /var/tmp and the working directory. conda looks no further either.
	return slices.Concat(rules,
		refuse(0, removals), refuse(0, oldRemovals),
		refuse(unix.EPERM, renames), refuse(unix.EPERM, oldRenames))
}

func refuse(errno unix.Errno, calls []uintptr) []rule {
	var rules []rule
	for _, call := range calls {
		rules = append(rules, rule{call: call, errno: errno})
	}
	return rules
}

// attributes are the calls that change a file's mode, owner, times or attributes, none of which Landlock sees. conda
// makes a record writable before it unlinks it (make_writable): the unlink fails, but the mode would stay changed.
var attributes = []uintptr{
	unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2,
	unix.SYS_FCHOWN, unix.SYS_FCHOWNAT,
	unix.SYS_UTIMENSAT,
	unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_SETXATTRAT,
	unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR, unix.SYS_REMOVEXATTRAT,
	unix.SYS_FILE_SETATTR,
}

// inodeFlags are the ioctls behind chattr(1) and its like, which the owner may do to a file open for reading only.
var inodeFlags = []rule{
	ioctl(unix.FS_IOC_SETFLAGS),
	ioctl(0x401c5820), // FS_IOC_FSSETXATTR
	ioctl(unix.FS_IOC_ENABLE_VERITY),
}

func ioctl(request uint32) rule {
	return rule{unix.SYS_IOCTL, unix.EPERM, &match{arg: 1, mask: 0xffffffff, value: request}}
}

// truncations are the ways to empty a file without having it open for writing; Landlock sees them from ABI 3 on.
var truncations = slices.Concat(
	refuse(unix.EPERM, []uintptr{unix.SYS_TRUNCATE}),
	emptying(unix.SYS_OPENAT, 2),
)

// emptying refuses an open whose flags (argument number arg) hold O_TRUNC without an access mode that writes. Mode 3
// is the odd one that neither reads nor writes.
func emptying(call uintptr, arg uint32) []rule {
	const mask = unix.O_TRUNC | unix.O_ACCMODE
	return []rule{
		{call, unix.EPERM, &match{arg, mask, unix.O_TRUNC | unix.O_RDONLY}},
		{call, unix.EPERM, &match{arg, mask, unix.O_TRUNC | 3}},
	}
}

// unseen are calls whose arguments a filter cannot see. Programs that know them do without where they are missing.
var unseen = []uintptr{unix.SYS_OPENAT2, unix.SYS_IO_URING_SETUP}

// escapes would take a process out of its process group, by which a hanging program's children are found and ended.
var escapes = []uintptr{unix.SYS_SETSID, unix.SYS_SETPGID}

var (
	removals = []uintptr{unix.SYS_UNLINKAT}
	renames  = []uintptr{unix.SYS_RENAMEAT2}
)
