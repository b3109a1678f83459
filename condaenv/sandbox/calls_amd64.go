package sandbox

import "golang.org/x/sys/unix"

const (
	auditArch uint32 = unix.AUDIT_ARCH_X86_64
	// lastCall is the highest system call that was considered for rules.go. The numbers of the x32 ABI lie above it.
	lastCall uintptr = unix.SYS_RSEQ_SLICE_YIELD
)

// The calls that this architecture has from before the …at family.
var (
	oldAttributes = []uintptr{
		unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_FUTIMESAT,
	}
	oldTruncations = emptying(unix.SYS_OPEN, 1)
	oldRemovals    = []uintptr{unix.SYS_UNLINK, unix.SYS_RMDIR}
	oldRenames     = []uintptr{unix.SYS_RENAME, unix.SYS_RENAMEAT}
)
