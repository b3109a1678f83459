package sandbox

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// rule is one system call that the filter answers itself.
type rule struct {
	call  uintptr
	errno unix.Errno // what the caller is told; 0 pretends that it was done
	only  *match     // if set, only calls with such an argument
}

// match holds for a call whose argument number arg (from 0), masked, is value. Only its low 32 bits are looked at: all
// arguments here are ints to the kernel.
type match struct{ arg, mask, value uint32 }

// errNoCalls means an architecture whose system calls nobody has looked up.
var errNoCalls = errors.New("no list of system calls for " + runtime.GOARCH)

// The layout of struct seccomp_data on little-endian machines.
const (
	offsetCall = 0
	offsetArch = 4
	offsetArgs = 16 // eight bytes each, the low half first
)

// install puts the filter on the calling thread; it needs no_new_privs.
func install(rules []rule) error {
	if auditArch == 0 {
		return errNoCalls
	}
	raw, err := bpf.Assemble(program(auditArch, lastCall, rules))
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, ins := range raw {
		filter[i] = unix.SockFilter{Code: ins.Op, Jt: ins.Jt, Jf: ins.Jf, K: ins.K}
	}
	fprog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&fprog)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		return fmt.Errorf("set filter: %w", errno)
	}
	return nil
}

// program returns the filter. Calls of another architecture (32-bit programs) and calls newer than this list get
// ENOSYS, as on a kernel that does not have them: they could be new ways to do what the rules forbid.
func program(arch uint32, last uintptr, rules []rule) []bpf.Instruction {
	answer := func(e unix.Errno) bpf.Instruction {
		return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(e)}
	}
	load := func(offset uint32) bpf.Instruction { return bpf.LoadAbsolute{Off: offset, Size: 4} }
	out := []bpf.Instruction{
		load(offsetArch),
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: arch, SkipTrue: 1},
		answer(unix.ENOSYS),
		load(offsetCall),
		bpf.JumpIf{Cond: bpf.JumpLessOrEqual, Val: uint32(last), SkipTrue: 1},
		answer(unix.ENOSYS),
	}
	for _, r := range rules {
		if r.only == nil {
			out = append(out,
				bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(r.call), SkipTrue: 1},
				answer(r.errno))
			continue
		}
		out = append(out,
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(r.call), SkipTrue: 5},
			load(offsetArgs+8*r.only.arg),
			bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: r.only.mask},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: r.only.value, SkipTrue: 1},
			answer(r.errno),
			load(offsetCall))
	}
	return append(out, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
}
