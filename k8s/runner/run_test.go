package runner_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/runner"
)

// TestMain lets the test binary be the program, which signals are sent to.
func TestMain(m *testing.M) {
	if os.Getenv("RUNNER_TEST_RUN") == "" {
		os.Exit(m.Run())
	}
	p := runner.Python{Interpreter: os.Getenv("RUNNER_TEST_PYTHON"), Stdout: os.Stdout, Stderr: os.Stderr}
	err := p.Run(runner.Result{})
	var exit *runner.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.Code)
	}
	os.Exit(0)
}

// python is the one in PATH: itself, not the script that some have in its place.
func python(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is missing (apt-get install python3)")
	}
	path, err := itself()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var itself = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("python3", "-c", "import sys; print(sys.executable, end='')").Output()
	return string(out), err
})

// pythons are the Pythons of this machine that are to work: the one in PATH, and those that pyenv keeps.
func pythons(t *testing.T) []string {
	t.Helper()
	found := []string{python(t)}
	if home, err := os.UserHomeDir(); err == nil {
		for _, pattern := range []string{"3.8.*", "3.1[0-9].*"} {
			kept, err := filepath.Glob(filepath.Join(home, ".pyenv/versions", pattern, "bin/python3"))
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, kept...)
		}
	}
	return found
}

// work is what the environment of a run says.
type work struct {
	process, parameters string
	more                []string
}

func (w work) env(packages string) []string {
	path, err := filepath.Abs(filepath.Join("testdata", packages))
	if err != nil {
		panic(err)
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH=" + path, "PYTHONIOENCODING=utf-8"}
	if w.process != "" {
		env = append(env, "PROCESS_TYPE="+w.process, "PROCESS_ID=p-1", "VERSION=0", "PROJECT_ID=water", "STORAGE_BASE=s3://bucket")
	}
	if w.parameters != "" {
		env = append(env, "PARAMETERS_JSON="+w.parameters)
	}
	return append(env, w.more...)
}

// outcome is what a run left behind.
type outcome struct {
	code        int
	out, errOut string
	message     string // of the error
	result      string // the file
}

func run(t *testing.T, interpreter string, w work) outcome {
	t.Helper()
	var out, errOut bytes.Buffer
	file := filepath.Join(t.TempDir(), "result")
	p := runner.Python{Interpreter: interpreter, Env: w.env("packages"), Stdout: &out, Stderr: &errOut}
	err := p.Run(runner.Result{File: file, Limit: runner.MaxMessage})
	got := outcome{out: out.String(), errOut: errOut.String()}
	var exit *runner.ExitError
	if errors.As(err, &exit) {
		got.code = exit.Code
		if exit.Err != nil {
			got.message = err.Error()
		}
	} else if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err == nil {
		got.result = string(text)
	}
	return got
}

// TestRunCallsTheProcessType is with every Python here: name, parameters, output, outputs.
func TestRunCallsTheProcessType(t *testing.T) {
	for _, path := range pythons(t) {
		t.Run(path, func(t *testing.T) {
			got := run(t, path, work{process: "area", parameters: `{"width": 6, "height": 7}`})
			want := outcome{out: "printed when imported\narea 42\n", result: `{"outputs":{"area":42}}`}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestStorageContext is what run gets beside its parameters, byte for byte.
func TestStorageContext(t *testing.T) {
	parameters := "{\"b\":\"$(HOME) $$ 'x' \\\"y\\\" \\n ü 漢 😀\",\"a\":[1,2.5,null]}"
	var same map[string]any
	if err := json.Unmarshal([]byte(parameters), &same); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "parameters.json")
	if err := os.WriteFile(file, []byte(`{"from":"file"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := []string{"AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret"}
	tests := map[string]struct {
		work
		kwargs, parameters map[string]any
	}{
		"bare":       {work{process: "context", parameters: parameters}, map[string]any{}, same},
		"empty keys": {work{process: "context", parameters: "{}", more: []string{"AWS_ACCESS_KEY_ID="}}, map[string]any{}, map[string]any{}},
		"S3 elsewhere": {
			work{process: "context", parameters: "{}", more: append(secret, "STORAGE_ENDPOINT=http://minio:9000")},
			map[string]any{"key": "key", "secret": "secret", "client_kwargs": map[string]any{"endpoint_url": "http://minio:9000"}},
			map[string]any{},
		},
		"as the backend says": {
			work{process: "context", parameters: "{}", more: append(secret, `STORAGE_KWARGS_JSON={"anon":true}`)},
			map[string]any{"anon": true},
			map[string]any{},
		},
		"parameters in a file": {
			work{process: "context", more: []string{"PARAMETERS_FILE=" + file}}, map[string]any{}, map[string]any{"from": "file"},
		},
		"the variable before the file": {
			work{process: "context", parameters: "{}", more: []string{"PARAMETERS_FILE=" + file}}, map[string]any{}, map[string]any{},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := run(t, python(t), test.work)
			var value []any
			_, line, _ := strings.Cut(got.out, "\n")
			if err := json.Unmarshal([]byte(line), &value); err != nil || got.code != 0 {
				t.Fatalf("%v: %+v", err, got)
			}
			want := []any{map[string]any{
				"process_id": "p-1", "project_id": "water", "storage_base": "s3://bucket", "storage_kwargs": test.kwargs,
			}, test.parameters}
			if diff := cmp.Diff(want, value); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestFailuresEndWithOne is the seed's: one line with ERROR, a traceback where it helps, exit code 1.
func TestFailuresEndWithOne(t *testing.T) {
	tests := map[string]struct {
		work
		code  int
		want  []string
		trace bool
	}{
		"unknown type":         {work{process: "ellipse", parameters: "{}"}, 1, []string{"ERROR: Unknown process type: ellipse\n", "area, chatty, context"}, false},
		"type by part of name": {work{process: "are", parameters: "{}"}, 1, []string{"Unknown process type: are\n"}, false},
		"no type":              {work{parameters: "{}"}, 1, []string{"ERROR: the variable PROCESS_TYPE is not set\n"}, false},
		"no parameters":        {work{process: "area"}, 1, []string{"ERROR: the variable PARAMETERS_JSON is not set\n"}, false},
		"no JSON":              {work{process: "area", parameters: "{"}, 1, []string{"ERROR: the parameters are not JSON: "}, false},
		"no object":            {work{process: "area", parameters: "[1]"}, 1, []string{"ERROR: the parameters are no JSON object\n"}, false},
		"parameter missing":    {work{process: "area", parameters: "{}"}, 1, []string{"missing 1 required positional argument: 'width'"}, true},
		"storage_context":      {work{process: "context", parameters: `{"storage_context":1}`}, 1, []string{"multiple values for"}, true},
		"raises":               {work{process: "raises", parameters: "{}"}, 1, []string{"ERROR: width must be ä number\n", "ValueError: width must be ä number"}, true},
		"own code":             {work{process: "stop", parameters: `{"code":3}`}, 3, nil, false},
		"own message":          {work{process: "stop", parameters: `{"code":"no water"}`}, 1, []string{"no water\n"}, false},
		"exits with 0":         {work{process: "stop", parameters: `{"code":0}`}, 0, nil, false},
		"file missing":         {work{process: "area", more: []string{"PARAMETERS_FILE=/nowhere/p.json"}}, 1, []string{"No such file"}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := run(t, python(t), test.work)
			if got.code != test.code || got.result != "" {
				t.Errorf("exit code %d, result %q, want %d and none", got.code, got.result, test.code)
			}
			for _, want := range test.want {
				if !strings.Contains(got.errOut, want) {
					t.Errorf("stderr has no %q: %s", want, got.errOut)
				}
			}
			if strings.Contains(got.errOut, "Traceback") != test.trace {
				t.Errorf("stderr: %s", got.errOut)
			}
		})
	}
}

// TestOldPythonsAreRefused is that they say so, instead of a traceback about importlib.
func TestOldPythonsAreRefused(t *testing.T) {
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	old, err := filepath.Glob(filepath.Join(home, ".pyenv/versions/[23].[67]*/bin/python"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range old {
		got := run(t, path, work{process: "area", parameters: "{}"})
		if got.code != 1 || !strings.Contains(got.errOut, "Python 3.8 or newer is needed") {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

// TestNoPython is exit code 127, and 126 for what cannot be executed, as a shell does.
func TestNoPython(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(plain, []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := run(t, "/nowhere/python", work{}); got.code != 127 || !strings.Contains(got.message, "python cannot be started") {
		t.Errorf("%+v", got)
	}
	if got := run(t, plain, work{}); got.code != 126 {
		t.Errorf("%+v", got)
	}
	t.Setenv("PATH", t.TempDir())
	if got := run(t, "", work{}); got.code != 127 || !strings.Contains(got.message, "neither python nor python3") {
		t.Errorf("%+v", got)
	}
}

// TestOutputsAreReportedWholeOrNot is that a list of outputs that is too long, or none of JSON, is said on stderr, and
// that the run succeeds still.
func TestOutputsAreReportedWholeOrNot(t *testing.T) {
	fits := run(t, python(t), work{process: "chatty", parameters: `{"n":1000}`})
	if fits.code != 0 || len(fits.result) < 4000 || len(fits.result) > runner.MaxMessage {
		t.Errorf("%+v", fits)
	}
	for name, parameters := range map[string]string{"long": `{"n":2000}`, "NaN": `{"n":1,"value":NaN}`} {
		got := run(t, python(t), work{process: "chatty", parameters: parameters})
		if got.code != 0 || got.result != "" || !strings.Contains(got.errOut, "WARNING: the outputs could not be reported: ") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestSignalsOfPython is 128 and their number, with a line that says so.
func TestSignalsOfPython(t *testing.T) {
	got := run(t, python(t), work{process: "killed", parameters: "{}"})
	if got.code != 137 || got.message != "python was ended by signal 9 (killed)" {
		t.Errorf("%+v", got)
	}
}

// lines collects output, and tells when it has a text.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		l.mu.Lock()
		found := strings.Contains(l.text.String(), text)
		l.mu.Unlock()
		if found {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never printed %q: %s", text, l.text.String())
		}
	}
}

// TestSigtermIsPassedOn is what a container's first process must do: the process type ends as it likes, or is ended.
// What it prints comes at once.
func TestSigtermIsPassedOn(t *testing.T) {
	for parameters, want := range map[string]int{`{"polite":true}`: 5, `{"polite":false}`: 128 + 15} {
		t.Run(parameters, func(t *testing.T) {
			var out lines
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = append(work{process: "slow", parameters: parameters}.env("packages"), "RUNNER_TEST_RUN=1", "RUNNER_TEST_PYTHON="+python(t), "GORACE=atexit_sleep_ms=0")
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			out.await(t, "ready\n") // though Python sleeps now, and nothing is flushed
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // it fails; how, the code says
			if code := cmd.ProcessState.ExitCode(); code != want {
				t.Errorf("exit code %d, want %d: %s", code, want, out.text.String())
			}
			if want == 5 && !strings.Contains(out.text.String(), "got SIGTERM") {
				t.Errorf("printed %s", out.text.String())
			}
		})
	}
}
