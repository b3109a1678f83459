package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"kernelindexer/condaenv/sandbox/sandboxtest"
)

// TestOnlyTheFolderIsWritable puts the writable folder inside of the protected tree, as a TMPDIR in a kernel would.
func TestOnlyTheFolderIsWritable(t *testing.T) {
	sandboxtest.EachUser(t, func(t *testing.T) {
		root, record := plant(t)
		temp := filepath.Join(root, "tmp")
		if err := os.Mkdir(temp, 0o700); err != nil {
			t.Fatal(err)
		}
		before := sandboxtest.Look(t, root)
		const script = `cd "$1" &&
			echo a > a && mv a b && mkdir d && echo c > d/c && rm d/c && rmdir d && echo x >> b &&
			echo gone > /dev/null || exit 10
			for target in "$2" "$3/new" "$3/conda-meta/new.json"; do
				if (echo x >> "$target") 2> /dev/null; then exit 11; fi
			done
			if ln "$2" l 2> /dev/null || mkdir "$3/d" 2> /dev/null || mv b "$3/b" 2> /dev/null; then exit 12; fi`
		cmd := self.Box(Landlock).Command(t.Context(), temp, "/bin/sh", "-c", script, "sh", temp, record, root)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		if err := os.Remove(filepath.Join(temp, "b")); err != nil {
			t.Errorf("what the program wrote to its folder: %v", err)
		}
		after := sandboxtest.Look(t, root)
		delete(before, "tmp") // its own times changed
		delete(after, "tmp")
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("the tree changed (-before +after):\n%s", diff)
		}
	})
}

// TestTransparent proves that a boxed program gets its arguments, environment, folder and streams, and its exit code
// is handed on.
func TestTransparent(t *testing.T) {
	dir := t.TempDir()
	for _, mode := range []Mode{None, Seccomp, Landlock} {
		cmd := self.Box(mode).Command(t.Context(), "", "/bin/sh", "-c", `printf '%s|' "$0" "$@" "$V" "$PWD"; cat; exit 7`,
			"a b", "", "\xff\n", "$HOME")
		cmd.Env = []string{"V=w", "PATH=" + os.Getenv("PATH"), "PWD=" + dir}
		cmd.Dir = dir
		cmd.Stdin = strings.NewReader("in")
		out, err := cmd.Output()
		if want := "a b||\xff\n|$HOME|w|" + dir + "|in"; string(out) != want {
			t.Errorf("%s: %q, want %q", mode, out, want)
		}
		if cmd.ProcessState.ExitCode() != 7 {
			t.Errorf("%s: %v, want exit code 7", mode, err)
		}
		if err := self.Box(mode).Failure(cmd.ProcessState, ""); err != nil {
			t.Errorf("%s: Failure: %v", mode, err)
		}
	}
}

func TestFailure(t *testing.T) {
	noExec := filepath.Join(t.TempDir(), "conda")
	if err := os.WriteFile(noExec, []byte("\x7fELF nothing"), 0o755); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		cmd  *exec.Cmd
		want string // in the error; empty: not the box's fault
	}{
		{"no such program", self.Box(Landlock).Command(t.Context(), "", "/no/such/conda"), "exec /no/such/conda: no such file"},
		{"not a program", self.Box(Seccomp).Command(t.Context(), "", noExec), "exec format error"},
		{"no such folder", self.Box(Landlock).Command(t.Context(), "/no/such/folder", "/bin/true"), "/no/such/folder"},
		{"the program's own 125", self.Box(Landlock).Command(t.Context(), "", "/bin/sh", "-c", "exit 125"), ""},
		{"the program's own words", self.Box(Landlock).Command(t.Context(), "", "/bin/sh", "-c", "echo kernel-indexer-sandbox: x >&2"), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stderr strings.Builder
			test.cmd.Stderr = &stderr
			_ = test.cmd.Run()
			err := Box{Landlock}.Failure(test.cmd.ProcessState, stderr.String())
			if test.want == "" {
				if err != nil {
					t.Errorf("got %v, want nil", err)
				}
				return
			}
			if !errors.Is(err, ErrSetUp) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want ErrSetUp with %q", err, test.want)
			}
		})
	}
}

// TestProbeFallsBack takes system calls away, as old kernels and container runtimes do, and looks what is left.
func TestProbeFallsBack(t *testing.T) {
	for without, want := range map[string]Mode{"nothing": Landlock, "landlock": Seccomp, "restrict": Seccomp, "seccomp": None} {
		t.Run(without, func(t *testing.T) {
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = append(os.Environ(), "SANDBOX_TEST_WITHOUT="+without)
			out, err := cmd.CombinedOutput()
			if err != nil || string(out) != want.String() {
				t.Errorf("got %s, %v, want %s", out, err, want)
			}
		})
	}
}

func probeWithout(what string) int {
	runtime.LockOSThread()
	rules := map[string][]rule{
		"landlock": refuse(unix.ENOSYS, []uintptr{unix.SYS_LANDLOCK_CREATE_RULESET}),
		"restrict": refuse(unix.EPERM, []uintptr{unix.SYS_LANDLOCK_RESTRICT_SELF}),
		"seccomp":  refuse(unix.EPERM, []uintptr{unix.SYS_SECCOMP}),
	}[what]
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		fmt.Print(err)
		return 1
	}
	if err := install(rules); err != nil {
		fmt.Print(err)
		return 1
	}
	fmt.Print(self.Probe(context.Background()).Mode())
	return 0
}

// TestOnlyHookedProgramsStartThemselves: a program whose main is not Main would run itself over and over.
func TestOnlyHookedProgramsStartThemselves(t *testing.T) {
	var unhooked Self
	if got := unhooked.Probe(t.Context()).Mode(); got != None {
		t.Errorf("Probe: %s, want none", got)
	}
	if got := unhooked.Box(Landlock).Command(t.Context(), "", "/bin/true").Args; len(got) != 1 {
		t.Errorf("Command: %q, want the program itself", got)
	}
}

func TestBadAgreement(t *testing.T) {
	for _, args := range [][]string{{}, {"landlock+seccomp"}, {"none", "", "/bin/true"}, {"x", "", ""}} {
		var stderr strings.Builder
		if code := enter(args, &stderr); code != exitSetUp || !strings.HasPrefix(stderr.String(), complaint) {
			t.Errorf("%q: %d, %q", args, code, stderr.String())
		}
	}
}
