//go:build !amd64 && !arm64

package sandbox

// An architecture that nobody has looked at has no filter, and so no box: see install.
const (
	auditArch uint32  = 0
	lastCall  uintptr = 0
)

var (
	oldAttributes  []uintptr
	oldTruncations []rule
	oldRemovals    []uintptr
	oldRenames     []uintptr
)
