//go:build e2e

package jobs

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/process"
)

// TestCommandsRunInOrderAndStopAtTheFirstFailure: each command in a container of its own, with a log and a status of its
// own; what they write into a shared directory those after them see.
func TestCommandsRunInOrderAndStopAtTheFirstFailure(t *testing.T) {
	t.Parallel()
	s := newSite(t, "commands", siteOptions{})
	all := s.commands(t, "all", []string{"write", "/data/a", "written before"}, []string{"read", "/data/a"}, []string{"print", "last"})
	all.Directories = []string{"data"}
	failing := s.commands(t, "failing", []string{"print", "first"}, []string{"exit", "7"}, []string{"print", "never"})
	s.launch(t, all)
	s.launch(t, failing)

	status := s.want(t, all, process.Done, "")
	var logs [][]string
	for i := range status.Commands {
		logs = append(logs, s.logOf(t, all, status, i))
	}
	if diff := cmp.Diff([][]string{nil, {"/data/a: written before"}, {"last"}}, logs); diff != "" {
		t.Errorf("logs (-want +got):\n%s", diff)
	}
	if status.ReturnCode == nil || *status.ReturnCode != 0 || len(status.Warnings) != 0 {
		t.Errorf("want returncode 0 and no warning: %s", asJSON(status))
	}

	status = s.want(t, failing, process.Failed, process.AppError)
	var states []process.CommandState
	for _, command := range status.Commands {
		states = append(states, command.State)
	}
	if diff := cmp.Diff([]process.CommandState{process.CommandDone, process.CommandFailed, process.CommandSkipped}, states); diff != "" {
		t.Errorf("states of the commands (-want +got):\n%s", diff)
	}
	if status.ReturnCode == nil || *status.ReturnCode != 7 || status.Failure.Message != "this is why: exit 7" {
		t.Errorf("want returncode 7 and the last line of the command that failed: %s", asJSON(status))
	}
	if diff := cmp.Diff([]string{"this is why: exit 7"}, s.logOf(t, failing, status, 1)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// TestRetriesAreAttemptsOfTheWorkItself: as many as were asked for, and the log of each stays.
func TestRetriesAreAttemptsOfTheWorkItself(t *testing.T) {
	t.Parallel()
	s := newSite(t, "retries", siteOptions{})
	spec := s.commands(t, "retried", []string{"exit", "3"})
	spec.Retries = 1
	s.launch(t, spec)
	status := s.want(t, spec, process.Failed, process.AppError)
	if status.Attempts != 2 || len(status.Earlier) != 1 || len(status.Commands) != 1 || status.Earlier[0].Pod == status.Commands[0].Pod {
		t.Errorf("want 2 attempts, and that the first one is told: %s", asJSON(status))
	}
	streams, err := s.store.Streams(t.Context(), s.name(spec))
	if err != nil || len(streams) != 2 {
		t.Fatalf("%d logs (%v), want one for each attempt", len(streams), err)
	}
	for _, stream := range streams {
		got := s.log(t, spec, process.Stream{Pod: stream.Pod, Container: stream.Container})
		if diff := cmp.Diff([]string{"this is why: exit 3"}, got); diff != "" {
			t.Errorf("log of %s (-want +got):\n%s", stream.Pod, diff)
		}
	}
}

// TestDeadlineEndsTheRunAndKeepsItsLog: the deadline is the pod's, so that its log outlives it. T1.
func TestDeadlineEndsTheRunAndKeepsItsLog(t *testing.T) {
	t.Parallel()
	s := newSite(t, "deadline", siteOptions{})
	spec := s.commands(t, "late", []string{"sleep", "600"})
	spec.Deadline = 5 * time.Second
	s.launch(t, spec)
	status := s.want(t, spec, process.Failed, process.DeadlineExceeded)
	if diff := cmp.Diff([]string{"asleep", "asked to end"}, s.logOf(t, spec, status, 0)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if status.Attempts != 1 {
		t.Errorf("%d attempts, want 1", status.Attempts)
	}
}

// told is what the command echo was given.
type told struct {
	Args       []string
	Env        map[string]string
	Parameters []byte
	UID, GID   int
	Groups     []int
	Dir        string
}

// echoed decodes the log of echo.
func echoed(t *testing.T, lines []string) (got told) {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(strings.Join(lines, ""))
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil {
		t.Fatalf("%v in %q", err, lines)
	}
	return got
}

// hostile are texts that a shell, the kubelet, YAML or JSON would read something into.
var hostile = []string{
	"$$", "$(HOME)", "$$(HOME)", "$$$(HOME)", "${HOME}", "$HOME", "$(", "a$", "$", "`id`", "\\", "\\n", "'", `"`, `'"'`, "a b\tc", "a\nb\r\n", "",
	"-n", "--", "*", "~", "# no comment", "{}", "ünïcödé \u2028 \U0001F4A9", "a=b", "%s%n",
}

// TestParametersAndArgumentsArriveByteForByte: dollars, which the kubelet expands, quotes, newlines, and as much as a
// request may hold. T17; the variables are those of N12.
func TestParametersAndArgumentsArriveByteForByte(t *testing.T) {
	t.Parallel()
	s := newSite(t, "exact", siteOptions{})

	args := s.commands(t, "arguments", append([]string{"echo"}, hostile...))
	args.Env = map[string]string{}
	for i, text := range hostile {
		args.Env["TEXT_"+strconv.Itoa(i)] = text
	}
	s.launch(t, args)
	long := s.commands(t, "long-arguments", []string{"echo", strings.Repeat("$(HOME)'\"\n", 9000)})
	s.launch(t, long)

	typed := s.commands(t, "parameters")
	typed.Version, typed.Type = 3, "echo"
	typed.BackendURL, typed.Storage = "http://backend:8080", process.Storage{Base: "s3://bucket/$(HOME)", Endpoint: "http://minio:9000"}
	quoted, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	typed.Parameters = " { \"hostile\" :\n" + string(quoted) + ", \"bare\": \"$(HOME) $$ ${x} ünï\", \"pad\": \""
	typed.Parameters += strings.Repeat("$", process.MaxParameters-len(typed.Parameters)-2) + "\"}"
	if len(typed.Parameters) != process.MaxParameters {
		t.Fatalf("%d bytes of parameters", len(typed.Parameters))
	}
	s.launch(t, typed)

	got := echoed(t, s.logOf(t, args, s.want(t, args, process.Done, ""), 0))
	if diff := cmp.Diff(hostile, got.Args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	for name, want := range args.Env {
		if got.Env[name] != want {
			t.Errorf("%s is %q, want %q", name, got.Env[name], want)
		}
	}
	got = echoed(t, s.logOf(t, long, s.want(t, long, process.Done, ""), 0))
	if !slices.Equal(got.Args, long.Commands[0].Args[1:]) {
		t.Errorf("a long argument of %d bytes arrived as %d", len(long.Commands[0].Args[1]), len(strings.Join(got.Args, "")))
	}
	got = echoed(t, s.logOf(t, typed, s.want(t, typed, process.Done, ""), 0))
	if got.Env["PARAMETERS_JSON"] != typed.Parameters || string(got.Parameters) != typed.Parameters {
		t.Errorf("%d bytes of parameters arrived as %d in the variable and %d in the file",
			len(typed.Parameters), len(got.Env["PARAMETERS_JSON"]), len(got.Parameters))
	}
	want := map[string]string{
		"PROCESS_TYPE": "echo", "PROCESS_ID": "parameters", "VERSION": "3", "PROJECT_ID": "project",
		"BACKEND_URL": "http://backend:8080", "STORAGE_BASE": "s3://bucket/$(HOME)", "STORAGE_ENDPOINT": "http://minio:9000",
	}
	maps.DeleteFunc(got.Env, func(name, _ string) bool { _, ok := want[name]; return !ok })
	if diff := cmp.Diff(want, got.Env); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}
