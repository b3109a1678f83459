package sandbox

import (
	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// writes are the rights that Landlock takes away. Reading and executing are not among them, so that they work as
// always, through whatever mounts, and no rule needs to name the root directory. Moving a file to another directory is
// not named either: Landlock refuses that unless it is granted.
const writes landlock.AccessFSSet = ll.AccessFSWriteFile | ll.AccessFSTruncate |
	ll.AccessFSRemoveFile | ll.AccessFSRemoveDir |
	ll.AccessFSMakeReg | ll.AccessFSMakeDir | ll.AccessFSMakeSym |
	ll.AccessFSMakeFifo | ll.AccessFSMakeSock | ll.AccessFSMakeChar | ll.AccessFSMakeBlock

// devices may be written to: shell scripts and Python open them as a matter of course, and nothing is kept there.
var devices = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}

// forbidWrites takes the calling process's right to change any file or folder, but for what lies in the folder
// writable (none if empty). Before ABI 3 (Linux 6.2) Landlock does not see truncation; the seccomp filter does.
func forbidWrites(writable string) error {
	if _, err := ll.LandlockGetABIVersion(); err != nil {
		return err // or BestEffort would take "nothing" for the best that can be had
	}
	config, err := landlock.NewConfig(writes)
	if err != nil {
		return err
	}
	rules := []landlock.Rule{landlock.RWFiles(devices...).IgnoreIfMissing()}
	if writable != "" {
		rules = append(rules, landlock.RWDirs(writable))
	}
	return config.BestEffort().RestrictPaths(rules...)
}
