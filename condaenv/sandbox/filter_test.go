package sandbox

import (
	"encoding/binary"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// ask runs the filter of a mode in Go's BPF machine, which reads big-endian words where the kernel reads its own, and
// returns what the kernel would do.
func ask(t *testing.T, mode Mode, arch uint32, call uintptr, args ...uint32) uint32 {
	t.Helper()
	vm, err := bpf.NewVM(program(auditArch, lastCall, rulesFor(mode)))
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 64)
	binary.BigEndian.PutUint32(data[offsetCall:], uint32(call))
	binary.BigEndian.PutUint32(data[offsetArch:], arch)
	for i, arg := range args {
		binary.BigEndian.PutUint32(data[offsetArgs+8*i:], arg)
	}
	verdict, err := vm.Run(data)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(verdict)
}

func TestFilterVerdicts(t *testing.T) {
	const (
		allow   = uint32(unix.SECCOMP_RET_ALLOW)
		eperm   = uint32(unix.SECCOMP_RET_ERRNO) | uint32(unix.EPERM)
		enosys  = uint32(unix.SECCOMP_RET_ERRNO) | uint32(unix.ENOSYS)
		pretend = uint32(unix.SECCOMP_RET_ERRNO)
	)
	tests := []struct {
		name              string
		arch              uint32
		call              uintptr
		args              []uint32
		landlock, seccomp uint32
	}{
		{"reading", auditArch, unix.SYS_READ, nil, allow, allow},
		{"fchmodat", auditArch, unix.SYS_FCHMODAT, nil, eperm, eperm},
		{"fchmodat2", auditArch, unix.SYS_FCHMODAT2, nil, eperm, eperm},
		{"file_setattr", auditArch, unix.SYS_FILE_SETATTR, nil, eperm, eperm},
		{"fchown", auditArch, unix.SYS_FCHOWN, nil, eperm, eperm},
		{"removexattrat", auditArch, unix.SYS_REMOVEXATTRAT, nil, eperm, eperm},
		{"utimensat", auditArch, unix.SYS_UTIMENSAT, nil, eperm, eperm},
		{"truncate", auditArch, unix.SYS_TRUNCATE, nil, eperm, eperm},
		{"open for reading", auditArch, unix.SYS_OPENAT, []uint32{0, 0, unix.O_RDONLY | unix.O_CLOEXEC}, allow, allow},
		{"open to empty, reading", auditArch, unix.SYS_OPENAT, []uint32{0, 0, unix.O_TRUNC | unix.O_CLOEXEC}, eperm, eperm},
		{"open to empty, mode 3", auditArch, unix.SYS_OPENAT, []uint32{0, 0, unix.O_TRUNC | 3}, eperm, eperm},
		{"open to empty, writing", auditArch, unix.SYS_OPENAT, []uint32{0, 0, unix.O_TRUNC | unix.O_WRONLY}, allow, allow},
		{"the call after an open", auditArch, unix.SYS_CLOSE, []uint32{0, 0, unix.O_TRUNC}, allow, allow},
		{"ioctl of a terminal", auditArch, unix.SYS_IOCTL, []uint32{0, unix.TCGETS}, allow, allow},
		{"ioctl of chattr", auditArch, unix.SYS_IOCTL, []uint32{0, unix.FS_IOC_SETFLAGS}, eperm, eperm},
		{"openat2", auditArch, unix.SYS_OPENAT2, nil, enosys, enosys},
		{"io_uring_setup", auditArch, unix.SYS_IO_URING_SETUP, nil, enosys, enosys},
		{"setsid", auditArch, unix.SYS_SETSID, nil, eperm, eperm},
		{"unlinkat: Landlock's work", auditArch, unix.SYS_UNLINKAT, nil, allow, pretend},
		{"renameat2: Landlock's work", auditArch, unix.SYS_RENAMEAT2, nil, allow, eperm},
		{"the last call that was looked at", auditArch, lastCall, nil, allow, allow},
		{"a call of the future", auditArch, lastCall + 1, nil, enosys, enosys},
		{"the x32 numbers", auditArch, 0x40000000 | unix.SYS_FCHMOD, nil, enosys, enosys},
		{"another architecture", unix.AUDIT_ARCH_I386, unix.SYS_READ, nil, enosys, enosys},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := ask(t, Landlock, test.arch, test.call, test.args...); got != test.landlock {
				t.Errorf("%s: %#x, want %#x", Landlock, got, test.landlock)
			}
			if got := ask(t, Seccomp, test.arch, test.call, test.args...); got != test.seccomp {
				t.Errorf("%s: %#x, want %#x", Seccomp, got, test.seccomp)
			}
		})
	}
}
