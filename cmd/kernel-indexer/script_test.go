package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"kernelindexer/cli/clitest"
	"kernelindexer/condaenv/sandbox"
	"kernelindexer/manifests"
)

func TestMain(m *testing.M) {
	os.Exit(sandbox.Main(func(self sandbox.Self) int {
		if os.Getenv(runEnv) != "" {
			return runProgram(self)
		}
		testscript.Main(m, map[string]func(){
			"kernel-indexer": func() { os.Exit(runProgram(self)) },
			"conda":          func() { os.Exit(standIn(os.Args[1:])) },
			"mkkernel":       func() { os.Exit(report(mkkernel(os.Args[1:]))) },
			"asnobody":       func() { os.Exit(asNobody(os.Args[1:])) },
			"holdlock":       func() { os.Exit(report(holdLock(os.Args[1]))) },
		})
		return 0 // testscript.Main has ended the process
	}))
}

func report(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestScripts runs the command as its users do: one script a rule, see testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=0") // or each process sleeps a second at its end
			// The output directory and the temporary directories of the scripts must be reachable for every user.
			bin, _, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
			return errors.Join(os.Chmod(env.WorkDir, 0o777), openParents(env.WorkDir), os.Chmod(filepath.Dir(bin), 0o755))
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":    clitest.Exits,
			"snapshot": snapshot,
			"tmpfs":    tmpfs,
			"rawname":  rawName,
			"gone":     gone,
			"appears":  appears,
			"running":  running,
			"sigterm":  sigterm,
		},
	})
}

// openParents lets every user pass through the directories above dir that this test run made.
func openParents(dir string) error {
	for dir = filepath.Dir(dir); strings.Contains(filepath.Base(dir), "go-test-script"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// snapshot keeps what a tree looks like, or compares with it: snapshot NAME DIR [ignored file name …].
func snapshot(ts *testscript.TestScript, neg bool, args []string) {
	ignored := map[string]bool{manifests.LockName: true} // every run writes and empties it
	for _, name := range args[2:] {
		ignored[name] = true
	}
	var lines []string
	ts.Check(filepath.WalkDir(ts.MkAbs(args[1]), func(path string, d os.DirEntry, err error) error {
		if err != nil || ignored[d.Name()] {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		content := ""
		if d.Type().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(data)
		}
		modified := st.Mtim.Nano()
		if d.IsDir() {
			modified = 0 // a directory changes with the files in it, which are compared one by one
		}
		lines = append(lines, fmt.Sprintf("%q %o %d %d %d %q", path, st.Mode, st.Uid, st.Ino, modified, content))
		return nil
	}))
	now, file := strings.Join(lines, "\n"), ts.MkAbs(args[0]+".snapshot")
	before, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		ts.Check(os.WriteFile(file, []byte(now), 0o600))
		return
	}
	ts.Check(err)
	if (string(before) == now) == neg {
		ts.Fatalf("tree %s: changed %v, want %v\nbefore:\n%.3000s\nafter:\n%.3000s", args[1], !neg, neg, before, now)
	}
}

// tmpfs mounts a file system of a given size, which takes root: tmpfs DIR 256k.
func tmpfs(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+args[1]))
	ts.Defer(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			ts.Logf("unmount %s: %v", dir, err)
		}
	})
}

// rawName renames a file to a name given as a Go string, which a script cannot spell: rawname DIR old "new\xff".
func rawName(ts *testscript.TestScript, _ bool, args []string) {
	name, err := strconv.Unquote(args[2])
	ts.Check(err)
	dir := ts.MkAbs(args[0])
	ts.Check(os.Rename(filepath.Join(dir, args[1]), filepath.Join(dir, name)))
}

// gone waits until no process has a word in its command line.
func gone(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(20 * time.Second)
	for {
		left := processes(args[0])
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("still running: %q", left)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// appears waits for a file.
func appears(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(20 * time.Second)
	for {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s does not appear", args[0])
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// running waits for a process that has a word in its command line.
func running(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(20 * time.Second); len(processes(args[0])) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("no process with %s", args[0])
		}
	}
}

// sigterm sends SIGTERM to the process that holds the lock of a kernel root.
func sigterm(ts *testscript.TestScript, _ bool, args []string) {
	data, err := os.ReadFile(filepath.Join(ts.MkAbs(args[0]), manifests.LockName))
	ts.Check(err)
	var holder manifests.Holder
	ts.Check(json.Unmarshal(data, &holder))
	ts.Check(syscall.Kill(holder.PID, syscall.SIGTERM))
}

// processes returns the command lines that hold a word.
func processes(word string) (found []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err == nil && strings.Contains(string(data), word) && f != fmt.Sprintf("/proc/%d/cmdline", os.Getpid()) {
			found = append(found, strings.ReplaceAll(string(data), "\x00", " "))
		}
	}
	return found
}

// asNobody runs a command as uid 65534, whom modes keep out.
func asNobody(args []string) int {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return report(err)
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return report(err)
}

// holdLock takes the lock of a kernel root and keeps it until the process is ended.
func holdLock(root string) error {
	return holdLockAt(root)
}
