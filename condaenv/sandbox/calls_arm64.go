package sandbox

import "golang.org/x/sys/unix"

const (
	auditArch uint32 = unix.AUDIT_ARCH_AARCH64
	// lastCall is the highest system call that was considered for rules.go.
	lastCall uintptr = unix.SYS_RSEQ_SLICE_YIELD
)

// Of the calls from before the …at family this architecture has only renameat.
var (
	oldAttributes  []uintptr
	oldTruncations []rule
	oldRemovals    []uintptr
	oldRenames     = []uintptr{unix.SYS_RENAMEAT}
)
