package manifests_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kernelindexer/manifests"
)

// helperLock takes the lock, says so, and holds it until its input ends.
func helperLock() {
	lock, err := manifests.AcquireLock(os.Getenv("MANIFESTS_TEST_DIR"), testTime)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("locked")
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := lock.Unlock(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// startHolder starts another process that has the lock.
func startHolder(t *testing.T, dir string) (cmd *exec.Cmd, release func()) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MANIFESTS_TEST_HELPER=lock", "MANIFESTS_TEST_DIR="+dir, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the other process says %q", line)
	}
	return cmd, func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// The lock keeps other processes out and names its holder; it ends with Unlock,
// which leaves an empty file.
func TestLockNamesItsHolder(t *testing.T) {
	dir := t.TempDir()
	cmd, release := startHolder(t, dir)
	_, err := manifests.AcquireLock(dir, testTime)
	if !errors.Is(err, manifests.ErrLocked) {
		t.Fatalf("got %v", err)
	}
	host, hostErr := os.Hostname()
	if hostErr != nil {
		t.Fatal(hostErr)
	}
	want := manifests.Holder{PID: cmd.Process.Pid, Host: host, Start: "2026-01-31T04:05:06Z"}
	var locked *manifests.LockedError
	if !errors.As(err, &locked) || locked.Holder != want {
		t.Errorf("got %v, want holder %v", err, want)
	}
	text := fmt.Sprintf("%s is locked by process %d on %s since 2026-01-31T04:05:06Z", filepath.Join(dir, ".indexing.lock"), cmd.Process.Pid, host)
	if err.Error() != text {
		t.Errorf("got %q, want %q", err, text)
	}
	release()
	diff(t, "files", map[string]string{manifests.LockName: ""}, files(t, dir))
	lock, err := manifests.AcquireLock(dir, testTime)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := manifests.AcquireLock(dir, testTime); !errors.Is(err, manifests.ErrLocked) {
		t.Errorf("a second time in one process: %v", err)
	}
	for range 2 {
		if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
	}
}

// A killed holder leaves its name in the file but not the lock.
func TestLockEndsWithTheProcess(t *testing.T) {
	dir := t.TempDir()
	cmd, _ := startHolder(t, dir)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if content := files(t, dir)[manifests.LockName]; !strings.Contains(content, fmt.Sprint(cmd.Process.Pid)) {
		t.Errorf("the file says %q", content)
	}
	lock, err := manifests.AcquireLock(dir, testTime)
	if err != nil {
		t.Fatal(err)
	}
	if content := files(t, dir)[manifests.LockName]; !strings.Contains(content, fmt.Sprintf(`{"pid":%d,`, os.Getpid())) {
		t.Errorf("the file says %q", content)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
}

// What is at the name of the lock file and is no regular file is refused and
// left alone; a link is not followed.
func TestLockFileIsARegularFile(t *testing.T) {
	for name, create := range map[string]func(path, other string) error{
		"link":          func(path, other string) error { return os.Symlink(other, path) },
		"dangling link": func(path, other string) error { return os.Symlink(other+"x", path) },
		"fifo":          func(path, _ string) error { return syscall.Mkfifo(path, 0o600) },
		"directory":     func(path, _ string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, other := t.TempDir(), filepath.Join(t.TempDir(), "other")
			if err := os.WriteFile(other, []byte("content"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := create(filepath.Join(dir, manifests.LockName), other); err != nil {
				t.Fatal(err)
			}
			if _, err := manifests.AcquireLock(dir, testTime); err == nil || errors.Is(err, manifests.ErrLocked) {
				t.Errorf("got %v", err)
			}
			diff(t, "other file", map[string]string{"other": "content"}, files(t, filepath.Dir(other)))
		})
	}
}

// The lock needs an existing kernel root and gives no word on who has it when
// the file tells nothing.
func TestLockWithoutAHolder(t *testing.T) {
	dir := t.TempDir()
	if _, err := manifests.AcquireLock(filepath.Join(dir, "missing"), testTime); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing root: %v", err)
	}
	_, release := startHolder(t, dir)
	defer release()
	for _, content := range []string{"", "garbage", strings.Repeat("x", 1<<20)} {
		if err := os.WriteFile(filepath.Join(dir, manifests.LockName), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := manifests.AcquireLock(dir, testTime)
		if !errors.Is(err, manifests.ErrLocked) || !strings.Contains(err.Error(), "did not say") {
			t.Errorf("got %v", err)
		}
	}
}
