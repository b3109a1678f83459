package process_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"kernelindexer/k8s/process"
)

var update = flag.Bool("update", false, "write the golden files")

const image = "registry.example/env@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// typed is a request for a process type, as the seed has it.
func typed() process.Spec {
	return process.Spec{
		Namespace: "physics", Project: "project-xyz-789", Process: "abc-123", Version: 0, Name: "Spectrum of line 7",
		Type: "fft", Parameters: `{"input_data":"http://example/a.csv"}`,
		Environment: process.Environment{
			ID: "env-q4x", Revision: 3, Kind: process.KindImage, Image: image, Arch: "amd64",
			User: process.User{UID: 10001, GID: 10001, Home: "/home/app"},
		},
		BackendURL: "http://backend:8000", Account: "runner", CreatedBy: "ada",
		Storage: process.Storage{
			Base: "s3://nagelfluh-project-xyz", Endpoint: "http://minio:9000", Secret: process.StorageSecret("project-xyz-789"),
		},
	}
}

// listed is a request for a list of commands.
func listed() process.Spec {
	s := typed()
	s.Type, s.Parameters, s.Storage = "", "", process.Storage{}
	s.Commands = []process.Command{
		{Args: []string{"python", "prepare.py", "--cost", "$5"}},
		{Args: []string{"/bin/sh", "-c", "echo $$ $(HOME)"}, Exec: true},
		{Args: []string{"python", "report.py"}},
	}
	s.Directories = []string{"data", "results"}
	s.Env = map[string]string{"LANG": "C.UTF-8", "COST": "$(PATH)"}
	return s
}

func requests() map[string]process.Spec {
	root := typed()
	root.Environment.User = process.User{Home: "/root"}
	kernel := listed()
	kernel.Directories, kernel.Env = nil, nil
	kernel.Environment.Kind = process.KindKernel
	kernel.Environment.Kernel = process.Kernel{
		Prefix: "/sw/Kernels/Python/scipy/1.0", Claim: "kernels", SubPath: "Python/scipy/1.0",
	}
	retries := typed()
	retries.Retries, retries.Deadline, retries.StartWithin = 2, 90*time.Second, time.Minute
	retries.Resources = process.Resources{CPU: "250m", Memory: "64Mi", Ephemeral: "1Gi"}
	queued := typed()
	queued.Queue, queued.PullSecrets, queued.Process = "batch", []string{"registry"}, "Größe/7"
	return map[string]process.Spec{
		"process-type": typed(), "commands": listed(), "kernel": kernel, "root-image": root, "retries": retries, "queue": queued,
	}
}

func TestJobOfEachKindOfRequest(t *testing.T) {
	for name, spec := range requests() {
		t.Run(name, func(t *testing.T) {
			job, err := process.Job(spec)
			if err != nil {
				t.Fatal(err)
			}
			got, err := yaml.Marshal(job)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", "job", name+".yaml")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestEveryPodIsRestricted(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	check := func(job *batchv1.Job) string {
		pod := job.Spec.Template
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec))
		return result.ForbiddenDetail()
	}
	for name, spec := range requests() {
		job, err := process.Job(spec)
		if err != nil {
			t.Fatal(err)
		}
		if why := check(job); why != "" {
			t.Errorf("%s: %s", name, why)
		}
		// The check is one that can fail.
		job.Spec.Template.Spec.SecurityContext.RunAsNonRoot = nil
		if check(job) == "" {
			t.Errorf("%s: passes without runAsNonRoot", name)
		}
	}
}

// expand does to a value what the kubelet does with an empty set of variables:
// two dollars are one, $(NAME) of an unknown name stays.
func expand(text string) string { return strings.ReplaceAll(text, "$$", "$") }

func TestTextIsHandedOverByteForByte(t *testing.T) {
	texts := map[string]string{
		"dollars": `{"a":"$$ $(HOME) $(X) $x ${Y} $$(Z) $"}`,
		"quotes":  "{\"a\":\"\\\"'`\\\\\"}",
		"lines":   "{\n\t\"a\": \"b\\nc\"\r\n}\n",
		"unicode": `{"é":"日本語 🙂   \ud800"}`,
		"large":   `{"a":"` + strings.Repeat("x", process.MaxParameters-8) + `"}`,
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			spec := typed()
			spec.Parameters = text
			job, err := process.Job(spec)
			if err != nil {
				t.Fatal(err)
			}
			job = throughAPI(t, job)
			if got := job.Spec.Template.Annotations[process.AnnotationParameters]; got != text {
				t.Errorf("parameters: got %q, want %q", got, text)
			}
			container := job.Spec.Template.Spec.Containers[0]
			for _, v := range container.Env {
				if v.Name == "PARAMETERS_JSON" && (v.Value != "" || v.ValueFrom.FieldRef.FieldPath != "metadata.annotations['kernel-jobs/parameters']") {
					t.Errorf("PARAMETERS_JSON is %v", v)
				}
			}
			list := listed()
			list.Commands = []process.Command{{Args: []string{"echo", text[:min(len(text), 1000)]}}}
			list.Env = map[string]string{"TEXT": text[:min(len(text), 1000)]}
			if job, err = process.Job(list); err != nil {
				t.Fatal(err)
			}
			job = throughAPI(t, job)
			container = job.Spec.Template.Spec.Containers[0]
			if got := expand(container.Args[1]); got != list.Commands[0].Args[1] {
				t.Errorf("argument: got %q, want %q", got, list.Commands[0].Args[1])
			}
			for _, v := range container.Env {
				if v.Name == "TEXT" && expand(v.Value) != list.Env["TEXT"] {
					t.Errorf("variable: got %q, want %q", expand(v.Value), list.Env["TEXT"])
				}
			}
		})
	}
}

// throughAPI takes a Job through its form on the wire.
func throughAPI(t *testing.T, job *batchv1.Job) *batchv1.Job {
	t.Helper()
	wire, err := job.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	read := &batchv1.Job{}
	if err := read.Unmarshal(wire); err != nil {
		t.Fatal(err)
	}
	return read
}

func TestWhatNoJobCanBeMadeOf(t *testing.T) {
	tests := map[string]struct {
		field string
		spoil func(*process.Spec)
	}{
		"97 KiB of parameters": {"Parameters", func(s *process.Spec) {
			s.Parameters = `{"a":"` + strings.Repeat("x", process.MaxParameters-7) + `"}`
		}},
		"parameters not UTF-8": {"Parameters", func(s *process.Spec) { s.Parameters = "{\"a\":\"\xff\"}" }},
		"parameters no object": {"Parameters", func(s *process.Spec) { s.Parameters = "[1]" }},
		"parameters no JSON":   {"Parameters", func(s *process.Spec) { s.Parameters = "{" }},
		"neither":              {"Type", func(s *process.Spec) { s.Type, s.Parameters = "", "" }},
		"both":                 {"Type", func(s *process.Spec) { s.Commands = []process.Command{{Args: []string{"a"}}} }},
		"a tag":                {"Environment.Image", func(s *process.Spec) { s.Environment.Image = "env:1.0" }},
		"no such kind":         {"Environment.Kind", func(s *process.Spec) { s.Environment.Kind = "vm" }},
		"kernel over /etc": {"Environment.Kernel.Prefix", func(s *process.Spec) {
			s.Environment.Kind, s.Environment.Kernel = process.KindKernel, process.Kernel{Prefix: "/etc/kernels/a", Claim: "k"}
		}},
		"kernel that leaves its volume": {"Environment.Kernel.SubPath", func(s *process.Spec) {
			s.Environment.Kind = process.KindKernel
			s.Environment.Kernel = process.Kernel{Prefix: "/sw/a", Claim: "k", SubPath: "a/../../b"}
		}},
		"33 commands": {"Commands", func(s *process.Spec) {
			s.Type, s.Parameters = "", ""
			for range process.MaxCommands + 1 {
				s.Commands = append(s.Commands, process.Command{Args: []string{"a"}})
			}
		}},
		"an empty command": {"Commands[0]", func(s *process.Spec) {
			s.Type, s.Parameters, s.Commands = "", "", []process.Command{{}}
		}},
		"a NUL": {"Commands[0]", func(s *process.Spec) {
			s.Type, s.Parameters, s.Commands = "", "", []process.Command{{Args: []string{"a\x00"}}}
		}},
		"a directory of the system": {"Directories[0]", func(s *process.Spec) {
			*s = listed()
			s.Directories = []string{"etc"}
		}},
		"97 KiB in a variable": {"Env[X]", func(s *process.Spec) { s.Env = map[string]string{"X": strings.Repeat("x", 97<<10)} }},
		"a reserved variable":  {"Env[PROCESS_ID]", func(s *process.Spec) { s.Env = map[string]string{"PROCESS_ID": "x"} }},
		"no memory":            {"Resources.Memory", func(s *process.Spec) { s.Resources.Memory = "-1" }},
		"eight days":           {"Deadline", func(s *process.Spec) { s.Deadline = 8 * 24 * time.Hour }},
		"no id":                {"Process", func(s *process.Spec) { s.Process = "" }},
		"a name of two lines":  {"Name", func(s *process.Spec) { s.Name = "a\nb" }},
		"a namespace":          {"Namespace", func(s *process.Spec) { s.Namespace = "A" }},
		"a negative version":   {"Version", func(s *process.Spec) { s.Version = -1 }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			spec := typed()
			test.spoil(&spec)
			_, err := process.Job(spec)
			var field *process.FieldError
			if !errors.As(err, &field) || field.Field != test.field {
				t.Errorf("got %v, want an error of %s", err, test.field)
			}
			if strings.HasPrefix(name, "97") || strings.HasPrefix(name, "33") {
				if !errors.Is(err, process.ErrTooLarge) {
					t.Errorf("got %v, want ErrTooLarge", err)
				}
			}
		})
	}
}

func TestSameRequestMakesTheSameJob(t *testing.T) {
	one, err := process.Job(listed())
	if err != nil {
		t.Fatal(err)
	}
	two, err := process.Job(listed())
	if diff := cmp.Diff(one, two); diff != "" || err != nil {
		t.Errorf("%v, two Jobs:\n%s", err, diff)
	}
}

func TestJobNamesAreLabelsAndNeverShared(t *testing.T) {
	ids := []string{
		"abc-123", "ABC-123", "abc_123", "abc-123 ", "größe", "日本語", "-", "a--b", strings.Repeat("a", 60), strings.Repeat("a", 61), "a.b", "a/b",
	}
	names := map[string]string{}
	for range 2 { // the second time, the ids that the first time made
		for _, id := range ids {
			name := process.JobName(id, 12)
			if len(name) > 52 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
				t.Errorf("%q: %q is no name", id, name)
			}
			if other, taken := names[name]; taken && other != id {
				t.Errorf("%q and %q are both %q", id, other, name)
			}
			names[name] = id
		}
		for name := range names {
			ids = append(ids, strings.TrimSuffix(strings.TrimPrefix(name, "process-"), "-v12"))
		}
	}
	if got := process.JobName("abc-123", 0); got != "process-abc-123-v0" {
		t.Errorf("the name of the seed: got %q", got)
	}
}

func TestNoSecretIsInTheJob(t *testing.T) {
	job, err := process.Job(typed())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range job.Spec.Template.Spec.Containers[0].Env {
		if strings.HasPrefix(v.Name, "AWS_") && (v.Value != "" || v.ValueFrom.SecretKeyRef.Name != "project-xyz-789-storage") {
			t.Errorf("%s is %v", v.Name, v)
		}
	}
	if text, _ := job.Marshal(); bytes.Contains(text, []byte(corev1.ServiceAccountTokenKey)) {
		t.Error("a token is mounted")
	}
}

func TestSplitCommandAsShlex(t *testing.T) {
	tests := []struct {
		in   string
		want []string
		err  error
	}{
		{in: `a "b c" d`, want: []string{"a", "b c", "d"}},
		{in: `a\ b`, want: []string{"a b"}},
		{in: `""`, want: []string{""}},
		{in: `''x`, want: []string{"x"}},
		{in: `"a\$b\"c\\d\n"`, want: []string{`a\$b"c\d\n`}},
		{in: `a#b #c`, want: []string{"a#b", "#c"}},
		{in: `"`, err: process.ErrQuote},
		{in: `'\'`, want: []string{`\`}},
		{in: `"\`, err: process.ErrEscape},
		{in: `a\`, err: process.ErrEscape},
		{in: "a\\\nb", want: []string{"a\nb"}},
		{in: "\"a\\\nb\"", want: []string{"a\\\nb"}},
		{in: `x'y'"z"`, want: []string{"xyz"}},
		{in: `é "ü"`, want: []string{"é", "ü"}},
		{in: "a\vb\fc", want: []string{"a\vb\fc"}},
		{in: " \t\r\n"},
		{in: `echo $HOME | wc > x *`, want: []string{"echo", "$HOME", "|", "wc", ">", "x", "*"}},
	}
	for _, test := range tests {
		got, err := process.SplitCommand(test.in)
		if !errors.Is(err, test.err) || cmp.Diff(test.want, got) != "" {
			t.Errorf("%q: got %q, %v; want %q, %v", test.in, got, err, test.want, test.err)
		}
	}
}

func FuzzSplitCommand(f *testing.F) {
	for _, seed := range []string{`a "b c"`, `'`, `\`, `"\""`, "a\n\\\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, command string) {
		words, err := process.SplitCommand(command)
		if err != nil {
			return
		}
		// Quoted again, the words are the same.
		var quoted []string
		for _, word := range words {
			quoted = append(quoted, "'"+strings.ReplaceAll(word, "'", `'\''`)+"'")
		}
		again, err := process.SplitCommand(strings.Join(quoted, " "))
		if err != nil || cmp.Diff(words, again) != "" {
			t.Errorf("%q: %q, then %q, %v", command, words, again, err)
		}
	})
}
