package condacmd_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"kernelindexer/condaenv/condacmd"
	"kernelindexer/condaenv/sandbox"
)

const goodList = `[{"base_url": null, "build_number": 0, "build_string": "0", "channel": "conda-forge",
  "dist_name": "stays-1.0-0", "name": "stays", "platform": "noarch", "version": "1.0"}]`

var goodPackages = []condacmd.Package{{Name: "stays", Version: "1.0", Build: "0", Channel: "conda-forge"}}

// printGood is the end of a script that succeeds. As conda, it prints no line break at the end.
const printGood = "printf '%s' '" + goodList + "'\n"

func TestListSucceeds(t *testing.T) {
	tests := []struct {
		name, script string
		warnings     []string
	}{
		{"plain", printGood, nil},
		{
			"with warnings, which are made printable",
			`printf 'WARNING conda.core:x(1): Ignoring\tthis\033[31m!\033[0m\r\n\n' >&2; printf '\303\251\377\007tail' >&2;` + printGood,
			[]string{"WARNING conda.core:x(1): Ignoring this!", "é\uFFFDtail"},
		},
		{"with children of its own", "(sleep 0.05; echo late >&2) & (true) & wait\n" + printGood, []string{"late"}},
		{"a child left behind is ended", "sleep 600 &\n" + printGood, nil},
		{"a child left behind that ignores it", "(trap '' TERM; sleep 600; sleep 600) &\n" + printGood, nil},
		{"reading stdin ends at once", "cat >&2\n" + printGood, nil},
		{"slow writing", "printf '[' ; sleep 0.1; printf ']' | sed 's/.*/" + `{"name":"stays","version":"1.0","build":"0","channel":"conda-forge"}]/'` + "\n", nil},
	}
	for _, mode := range modes {
		for _, test := range tests {
			t.Run(mode.String()+"/"+test.name, func(t *testing.T) {
				start := time.Now()
				got, err := standIn(t, mode, test.script).List(t.Context(), plant(t))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(goodPackages, got.Packages); diff != "" {
					t.Errorf("packages (-want +got)\n%s", diff)
				}
				if diff := cmp.Diff(test.warnings, got.Warnings); diff != "" {
					t.Errorf("warnings (-want +got)\n%s", diff)
				}
				if elapsed := time.Since(start); elapsed > 20*time.Second {
					t.Errorf("took %s", elapsed)
				}
				if got.Usage.CPU <= 0 || got.Usage.Elapsed <= 0 || got.Usage.Memory <= 0 {
					t.Errorf("usage %+v", got.Usage)
				}
			})
		}
	}
}

func TestListFails(t *testing.T) {
	print := func(json string) string { return "printf '%s' '" + strings.ReplaceAll(json, "'", `'\''`) + "'\n" }
	tests := []struct {
		name, script string
		is           error
		want         string // how the message goes on after "conda list: "; a regular expression
	}{
		{
			"one of conda's errors", print(`{"caused_by": "None", "error": "EnvironmentLocationNotFound: Not a conda environment: /x",
				"exception_name": "EnvironmentLocationNotFound", "exception_type": "<class>", "location": "/x",
				"message": "Not a conda environment: /x"}`) + "echo; exit 1", nil,
			`EnvironmentLocationNotFound: Not a conda environment: /x \(exit status 1\)$`,
		},
		{
			"a crash", "echo Traceback >&2;" + print(`{"command": "conda list", "conda_info": {"a": NaN}, "error": "KeyError('name')",
				"exception_name": "KeyError", "exception_type": "<class>", "traceback": "T\n"}`) + "exit 1", nil,
			`KeyError\('name'\) \(exit status 1\); stderr ends: Traceback$`,
		},
		{
			"a message with line breaks", print(`{"exception_name": "CondaError", "message": "two\n\n  lines\u001b[0m\u0007"}`) + "exit 1", nil,
			`CondaError: two lines \(exit status 1\)$`,
		},
		{"an error object though exit 0", print(`{"exception_name": "E", "message": "m"}`), nil, `E: m \(exit status 0\)$`},
		{"an object about nothing", print(`{"success": true}`), condacmd.ErrAnswer, `printed no list of packages: a JSON object that reports no error \(exit status 0\)`},
		{"no JSON at all, a traceback", "echo 'Traceback' >&2; echo '  InvalidSpec: bad' >&2; exit 1", condacmd.ErrFailed, `failed and printed nothing \(exit status 1\); stderr ends: Traceback InvalidSpec: bad$`},
		{"a usage error", "echo 'conda: error: unrecognized' >&2; exit 2", condacmd.ErrFailed, `failed and printed nothing \(exit status 2\); stderr ends: conda: error: unrecognized$`},
		{"nothing", "exit 0", condacmd.ErrAnswer, `printed nothing \(exit status 0\)$`},
		{"only a line break", "echo", condacmd.ErrAnswer, `printed nothing`},
		{"a good list, then exit 1", printGood + "echo oops >&2; exit 1", condacmd.ErrFailed, `printed a list of packages, but failed \(exit status 1\); stderr ends: oops$`},
		{"a good list, then a signal", printGood + "kill -SEGV $$", condacmd.ErrFailed, `printed a list of packages, but failed \(signal: segmentation fault`},
		{"a signal", "kill -KILL $$", condacmd.ErrFailed, `was ended by a signal \(signal: killed\)$`},
		{"garbage", "echo Collecting package metadata", condacmd.ErrAnswer, `printed no list of packages: byte 0: expecting a value`},
		{"garbage and exit 3", "echo Collecting; exit 3", condacmd.ErrFailed, `printed no list of packages: byte 0: expecting a value \(exit status 3\)`},
		{"half a list", print(`[{"name": "a", "version": "1"}, {"na`), condacmd.ErrAnswer, `printed no list of packages: package 2: byte 36: unexpected end`},
		{"talk before the list", "echo Hello;" + printGood, condacmd.ErrAnswer, `printed no list of packages`},
		{"talk after the list", printGood + "echo Bye", condacmd.ErrAnswer, `printed no list of packages: .*extra data`},
		{"a package without version", print(`[{"name": "a"}]`), condacmd.ErrAnswer, `printed no list of packages: package 1: it has no "version"`},
		{"much on stderr", "seq -f 'line %g' 3000 >&2; exit 1", condacmd.ErrFailed, `failed and printed nothing \(exit status 1\); stderr ends: ….* line 3000$`},
		{"500 MB on stdout", "exec head -c 500000000 /dev/zero", condacmd.ErrTooLong, `printed more than 64 MiB`},
		{"endless stdout, ignoring signals", "trap '' PIPE TERM; yes; yes; sleep 600", condacmd.ErrTooLong, `printed more than 64 MiB`},
	}
	for _, mode := range modes {
		for _, test := range tests {
			if errors.Is(test.is, condacmd.ErrTooLong) && mode == sandbox.Seccomp {
				continue // it takes long, and two modes will do
			}
			t.Run(mode.String()+"/"+test.name, func(t *testing.T) {
				got, err := standIn(t, mode, test.script).List(t.Context(), plant(t))
				var failed *condacmd.Error
				if !errors.As(err, &failed) || got.Packages != nil {
					t.Fatalf("got %v, %v, want an *Error", got.Packages, err)
				}
				var report *condacmd.Report
				if test.is == nil != errors.As(err, &report) || test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("got %#v, want %v", failed.Reason, test.is)
				}
				if !regexp.MustCompile(`^conda list: (?:` + test.want + `)`).MatchString(err.Error()) {
					t.Errorf("got  %q\nwant %q", err, test.want)
				}
				if len(err.Error()) > 4000 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) {
					t.Errorf("not fit for a log: %q", err)
				}
			})
		}
	}
}

// hanging is a conda that hangs, as do its child and grandchild, which hold its output open and will not be told. It
// says their process ids.
const hanging = `trap '' TERM
	sh -c 'trap "" TERM; sh -c "trap \"\" TERM; echo grandchild \$\$ >&2; sleep 600; sleep 600" & echo child $$ >&2; sleep 600; sleep 600' &
	echo conda $$ >&2
	while :; do sleep 600; done`

func TestTimeLimit(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			lister, prefix := standIn(t, mode, hanging), plant(t)
			lister.Timeout = time.Second
			t.Parallel()
			start := time.Now()
			got, err := lister.List(t.Context(), prefix)
			if elapsed := time.Since(start); elapsed > 15*time.Second {
				t.Errorf("took %s", elapsed)
			}
			if !errors.Is(err, condacmd.ErrTimeout) || !strings.HasPrefix(err.Error(), "conda list: did not answer within 1s (signal: killed); stderr ends: ") {
				t.Errorf("got %v, want ErrTimeout", err)
			}
			expectGone(t, got.Warnings, 3)
		})
	}
}

func TestCancellation(t *testing.T) {
	reason := errors.New("another kernel failed")
	for _, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			lister, good, prefix := standIn(t, mode, hanging), standIn(t, mode, printGood), plant(t)
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(reason) })
			got, err := lister.List(ctx, prefix)
			if !errors.Is(err, reason) {
				t.Errorf("got %v, want %v", err, reason)
			}
			expectGone(t, got.Warnings, 3)
			if _, err := good.List(ctx, prefix); !errors.Is(err, reason) {
				t.Errorf("when cancelled before: %v, want %v", err, reason)
			}
		})
	}
}

// TestPoliteFirst: conda gets the chance to clean up.
func TestPoliteFirst(t *testing.T) {
	lister := standIn(t, sandbox.Landlock, `trap 'echo cleaned up >&2; exit 1' TERM; while :; do :; done`)
	lister.Timeout = 500 * time.Millisecond
	_, err := lister.List(t.Context(), plant(t))
	if !errors.Is(err, condacmd.ErrTimeout) || !strings.HasSuffix(err.Error(), "; stderr ends: cleaned up") {
		t.Errorf("got %v", err)
	}
}

// expectGone checks that the processes that announced themselves have ended (or wait for init to take note).
func expectGone(t *testing.T, announcements []string, want int) {
	t.Helper()
	if len(announcements) != want {
		t.Fatalf("processes: %q, want %d", announcements, want)
	}
	for _, line := range announcements {
		pid, err := strconv.Atoi(strings.Fields(line)[1])
		if err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(5 * time.Second)
		for alive(pid) {
			if time.Now().After(deadline) {
				t.Errorf("%s is alive", line)
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z") && unix.Kill(pid, 0) == nil
}

// TestEnvironment lets the stand-in print what it was given.
func TestEnvironment(t *testing.T) {
	lister := standIn(t, sandbox.Landlock, `env | sort >&2; pwd >&2; echo "$@" >&2; : > "$TMPDIR/x" || exit 1;`+printGood)
	lister.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/home/u", "KEPT=1", "LC_ALL=de_DE", "CONDA_CHANNEL_ALIAS=x", "CONDARC=/x",
		"PYTHONPATH=/x", "MAMBA_NO_LOW_SPEED_LIMIT=1", "MAMBA_ROOT_PREFIX=/m", "TMPDIR=/nowhere", "_CE_CONDA=conda", "ENV=/x", "ENVIRONMENT=e",
	}
	lister.Dir = t.TempDir()
	prefix := plant(t)
	got, err := lister.List(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(got.Warnings, "\n") + "\n"
	temp := regexp.MustCompile(`TMPDIR=(.*)\n`).FindStringSubmatch(said)
	if temp == nil {
		t.Fatalf("no TMPDIR:\n%s", said)
	}
	if _, err := os.Stat(temp[1]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary folder remains: %v", err)
	}
	want := strings.Join([]string{
		"CONDA_OFFLINE=1", "CONDA_OVERRIDE_CUDA=", "CONDA_REPORT_ERRORS=false", "ENVIRONMENT=e", "HOME=/home/u", "KEPT=1", "LANG=C.UTF-8",
		"MAMBA_ROOT_PREFIX=/m", "NO_COLOR=1", "PATH=" + os.Getenv("PATH"), "PWD=" + lister.Dir, "PYTHONDONTWRITEBYTECODE=1",
		"PYTHONHASHSEED=0", "PYTHONNOUSERSITE=1", "TERM=dumb", "TMPDIR=" + temp[1],
		lister.Dir, "list --json --prefix " + prefix, "",
	}, "\n")
	if diff := cmp.Diff(want, strings.ReplaceAll(said, "_=/usr/bin/env\n", "")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestWithoutTemporaryFolder: a container with a read-only root has none to offer.
func TestWithoutTemporaryFolder(t *testing.T) {
	lister := standIn(t, sandbox.Landlock, `[ -z "$TMPDIR" ] || exit 1;`+printGood)
	prefix := plant(t)
	t.Setenv("TMPDIR", "/no/such/folder")
	if _, err := lister.List(t.Context(), prefix); err != nil {
		t.Error(err)
	}
}

// TestCannotStart: each mode says so in its own way, but always says what.
func TestCannotStart(t *testing.T) {
	notScript := filepath.Join(t.TempDir(), "conda")
	if err := os.WriteFile(notScript, []byte("#!/no/such/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, mode := range modes {
		for _, exe := range []string{"/no/such/conda", notScript} {
			lister := condacmd.Lister{Exe: exe, Box: self.Box(mode)}
			_, err := lister.List(t.Context(), plant(t))
			if !errors.Is(err, condacmd.ErrStart) && !errors.Is(err, sandbox.ErrSetUp) ||
				!strings.Contains(err.Error(), exe) || !strings.Contains(err.Error(), "no such file") {
				t.Errorf("%s: %s: got %v", mode, exe, err)
			}
		}
		lister := standIn(t, mode, printGood)
		lister.Dir = "/no/such/dir"
		if _, err := lister.List(t.Context(), plant(t)); !errors.Is(err, condacmd.ErrStart) || !strings.Contains(err.Error(), "/no/such/dir") {
			t.Errorf("%s: no working directory: got %v", mode, err)
		}
	}
}

// TestMamba: mamba 2 must be kept from running the environment's own python, and the difference be told.
func TestMamba(t *testing.T) {
	for name, want := range map[string]string{"conda": "", "mamba": " --no-pip", "micromamba": " --no-pip"} {
		lister := standIn(t, sandbox.Landlock, `echo "$@" >&2;`+printGood)
		exe := filepath.Join(filepath.Dir(lister.Exe), name)
		if err := os.Rename(lister.Exe, exe); err != nil {
			t.Fatal(err)
		}
		lister.Exe = exe
		prefix := plant(t)
		got, err := lister.List(t.Context(), prefix)
		if diff := cmp.Diff([]string{"list --json --prefix " + prefix + want}, got.Warnings); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
		if (lister.Caveat() == "") != (want == "") {
			t.Errorf("%s: caveat %q", name, lister.Caveat())
		}
	}
}

func TestConcurrentCallsAndLog(t *testing.T) {
	lister := standIn(t, sandbox.Landlock, `printf '[{"name":"%s","version":"1"}]' "${4##*/}"`)
	var mu sync.Mutex
	var logged []string
	lister.Log = func(message string) {
		mu.Lock()
		defer mu.Unlock()
		logged = append(logged, message)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			name := "kernel" + strconv.Itoa(i)
			got, err := lister.List(t.Context(), "/no/such/"+name)
			if diff := cmp.Diff([]condacmd.Package{{Name: name, Version: "1"}}, got.Packages); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
	wg.Wait()
	text := strings.Join(logged, "\n")
	if len(logged) != 16 || strings.Count(text, "conda starts") != 8 || strings.Count(text, "(landlock+seccomp)") != 8 ||
		strings.Count(text, "conda ended: exit status 0 after") != 8 {
		t.Errorf("log:\n%s", text)
	}
}
