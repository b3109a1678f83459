package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"kernelindexer/condaenv/sandbox/sandboxtest"
)

// self is set once, before any test runs.
var self Self

func TestMain(m *testing.M) {
	os.Exit(Main(func(s Self) int {
		self = s
		switch {
		case os.Getenv("SANDBOX_TEST_VANDAL") != "":
			return vandal(os.Getenv("SANDBOX_TEST_VANDAL"))
		case os.Getenv("SANDBOX_TEST_WITHOUT") != "":
			return probeWithout(os.Getenv("SANDBOX_TEST_WITHOUT"))
		}
		os.Setenv("GORACE", "atexit_sleep_ms=0") // or each process started here sleeps a second at its end
		return m.Run()
	}))
}

// boxes are the modes to test. A machine that lacks one fails the test: a skip would hide that nothing was proven.
var boxes = []Mode{Landlock, Seccomp}

// plant makes a tree with a record in it and returns its path and the record's.
func plant(t *testing.T) (root, record string) {
	t.Helper()
	root = t.TempDir()
	record = filepath.Join(root, "conda-meta", "gone-1.0-0.json")
	if err := os.Mkdir(filepath.Dir(record), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(record, []byte(`{"name": "gone"}`), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("gone-1.0-0.json", record+".link"); err != nil {
		t.Fatal(err)
	}
	return root, record
}

// TestNothingCanBeDestroyed lets a vandal try every call it can think of, as root and as the owner.
func TestNothingCanBeDestroyed(t *testing.T) {
	sandboxtest.EachUser(t, func(t *testing.T) {
		for _, mode := range boxes {
			t.Run(mode.String(), func(t *testing.T) {
				root, record := plant(t)
				before := sandboxtest.Look(t, root)
				cmd := self.Box(mode).Command(t.Context(), "", "/proc/self/exe")
				cmd.Env = append(os.Environ(), "SANDBOX_TEST_VANDAL="+record)
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Errorf("vandal: %v\n%s", err, out)
				}
				if diff := cmp.Diff(before, sandboxtest.Look(t, root)); diff != "" {
					t.Errorf("the tree changed (-before +after):\n%s\n%s", diff, out)
				}
			})
		}
	})
}

// TestVandalWorks shows that the vandal would have done harm: without a box each of its deeds must succeed.
func TestVandalWorks(t *testing.T) {
	_, record := plant(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "SANDBOX_TEST_VANDAL="+record)
	out, err := cmd.CombinedOutput()
	if err == nil || strings.Contains(string(out), "refused") {
		t.Errorf("free of any box: %v, want only successes:\n%s", err, out)
	}
}

// vandal does its deeds to a record and fails if one is said to have succeeded that should not.
func vandal(record string) int {
	code := 0
	for _, deed := range deeds(record) {
		err := deed.do()
		switch {
		case errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOTTY), errors.Is(err, unix.ENOSYS):
			fmt.Printf("%s: not possible here: %v\n", deed.name, err)
			continue
		case err != nil:
			fmt.Printf("%s: refused: %v\n", deed.name, err)
			continue
		}
		fmt.Printf("%s: done\n", deed.name)
		if !deed.pretended {
			code = 1
		}
	}
	return code
}

type deed struct {
	name      string
	pretended bool // may look like a success though nothing happens
	do        func() error
}

// deeds leave the record in place, so that the next can be tried, until the last.
func deeds(record string) []deed {
	reading := func(do func(fd int) error) func() error {
		return func() error {
			fd, err := unix.Open(record, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err != nil {
				return fmt.Errorf("open: %w", err)
			}
			defer unix.Close(fd)
			return do(fd)
		}
	}
	uid, gid := os.Getuid(), os.Getgid()
	now := []unix.Timespec{{Sec: 1}, {Sec: 1}}
	past := []unix.Timeval{{Sec: 1}, {Sec: 1}}
	return []deed{
		{"chmod", false, func() error { return unix.Chmod(record, 0o600) }},
		{"fchmod", false, reading(func(fd int) error { return unix.Fchmod(fd, 0o640) })},
		{"fchmodat", false, func() error { return unix.Fchmodat(unix.AT_FDCWD, record, 0o644, 0) }},
		{"fchmodat2", false, func() error { return fchmodat2(record, 0o666) }},
		{"chown", false, func() error { return unix.Chown(record, uid, gid) }},
		{"lchown", false, func() error { return unix.Lchown(record+".link", uid, gid) }},
		{"fchown", false, reading(func(fd int) error { return unix.Fchown(fd, uid, gid) })},
		{"utimensat", false, func() error { return unix.UtimesNanoAt(unix.AT_FDCWD, record, now, 0) }},
		{"utimes", false, func() error { return unix.Utimes(record, past) }},
		{"times of the folder", false, func() error { return os.Chtimes(filepath.Dir(record), deedTime, deedTime) }},
		{"setxattr", false, func() error { return unix.Setxattr(record, "user.a", []byte("b"), 0) }},
		{"fremovexattr", false, reading(func(fd int) error { return unix.Fremovexattr(fd, "user.a") })},
		{"chattr", false, reading(func(fd int) error { return unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, 0x40) })},
		{"open to empty it", false, func() error {
			fd, err := unix.Open(record, unix.O_RDONLY|unix.O_TRUNC, 0)
			unix.Close(fd)
			return err
		}},
		{"truncate", false, func() error { return unix.Truncate(record, 3) }},
		{"openat2", false, func() error {
			fd, err := unix.Openat2(unix.AT_FDCWD, record, &unix.OpenHow{Flags: unix.O_WRONLY | unix.O_TRUNC})
			unix.Close(fd)
			return err
		}},
		{"rename", false, func() error {
			return errors.Join(os.Rename(record, record+".conda_trash"), os.Rename(record+".conda_trash", record))
		}},
		{"rename the folder", false, func() error {
			folder := filepath.Dir(record)
			return errors.Join(os.Rename(folder, folder+"2"), os.Rename(folder+"2", folder))
		}},
		{"exchange", false, func() error {
			swap := func() error {
				return unix.Renameat2(unix.AT_FDCWD, record, unix.AT_FDCWD, record+".link", unix.RENAME_EXCHANGE)
			}
			return errors.Join(swap(), swap())
		}},
		{"leave the process group", false, leaveGroup},
		{"a shell's child", false, func() error {
			return exec.Command("/bin/sh", "-c", `sh -c 'chmod 600 "$0"' "$0" && sh -c 'mv "$0" "$0.x" && mv "$0.x" "$0"' "$0"`, record).Run()
		}},
		{"unlink", true, func() error { return unix.Unlink(record + ".link") }},
		{"remove the folder", true, func() error { return os.RemoveAll(filepath.Dir(record)) }},
	}
}
