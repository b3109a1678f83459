package api_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
)

// commands starts a run of three commands.
func (s *site) commands() *batchv1.Job {
	s.t.Helper()
	var l launched
	id := s.environment("env:1")
	s.post(http.StatusCreated, "ada", "/projects/water/process", `{"commands":["a","b","c"],"environment":{"id":"`+id+`"}}`).into(&l)
	return s.job(l.ID, 0)
}

func path(job *batchv1.Job) string {
	return "/projects/water/process/" + job.Annotations[process.AnnotationProcess] + "/versions/" + job.Labels[process.LabelVersion]
}

// names are the containers of a Job, in order.
func names(job *batchv1.Job) (all []string) {
	for _, c := range job.Spec.Template.Spec.InitContainers {
		all = append(all, c.Name)
	}
	return append(all, job.Spec.Template.Spec.Containers[0].Name)
}

// archive ends a run in the archive, as the controller does.
func (s *site) archive(job *batchv1.Job, status process.Status) {
	s.t.Helper()
	record := process.RecordOf(job)
	data := fmt.Sprintf(`{"run":%s,"status":%s}`, mustJSON(record), mustJSON(status))
	key := archive.Run{Domain: record.Namespace, Project: record.Project, Process: record.Process, Version: record.Version}
	if _, _, err := s.store.PutOutcome(s.t.Context(), key, []byte(data)); err != nil {
		s.t.Fatal(err)
	}
	if err := s.client.BatchV1().Jobs(job.Namespace).Delete(s.t.Context(), job.Name, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// over is the status of a run whose commands ended as the codes say.
func over(job *batchv1.Job, codes ...int32) process.Status {
	status := process.Status{State: process.Done, ReturnCode: new(int32(0)), Attempts: 1}
	for i, name := range names(job) {
		one := process.CommandStatus{Stream: process.Stream{Pod: job.Name + "-abcde", Container: name}, State: process.CommandSkipped}
		if i < len(codes) {
			one.State, one.ExitCode = process.CommandDone, &codes[i]
			if codes[i] != 0 {
				one.State = process.CommandFailed
				status.State, status.ReturnCode = process.Failed, &codes[i]
				status.Failure = &process.Failure{Code: process.AppError, Message: "exit code", ExitCode: &codes[i], FirstSeen: time.Now().UTC()}
			}
		}
		status.Commands = append(status.Commands, one)
	}
	return status
}

func messages(a answer) (all []string) {
	var lines []struct {
		Message string
		Command int
	}
	a.into(&lines)
	for _, line := range lines {
		all = append(all, strconv.Itoa(line.Command)+" "+line.Message)
	}
	return all
}

// A page of a log is a part of what all commands have printed, one after the other; numbers never change.
func TestLogPages(t *testing.T) {
	s := newSite(t)
	job := s.commands()
	n := names(job)
	s.get(http.StatusOK, "ada", path(job)+"/logs")
	s.settle(job, corev1.PodRunning, ended(n[0], 0), running(n[1]))
	s.print(job, n[0], false, "a1", "a2")
	s.print(job, n[1], false, "b1")
	get := func(query string, want ...string) {
		t.Helper()
		w := s.get(http.StatusOK, "ada", path(job)+"/logs"+query)
		if diff := cmp.Diff(want, messages(w)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", query, diff)
		}
	}
	get("", "0 a1", "0 a2") // the second command's come when the first's are all there
	s.print(job, n[0], true, "a3")
	get("", "0 a1", "0 a2", "0 a3", "1 b1")
	get("?offset=2&limit=1", "0 a3")
	get("?offset=2", "0 a3", "1 b1")
	get("?offset=-1", "1 b1")
	get("?offset=-2&limit=1", "0 a3")
	get("?offset=-100&limit=2", "0 a1", "0 a2")
	get("?offset=4")
	get("?offset=999")
	get("?command=1", "1 b1")
	get("?command=0&offset=-1", "0 a3")
	w := s.get(http.StatusOK, "ada", path(job)+"/logs?limit=3")
	if w.Header().Get("X-Total-Count") != "4" || w.Header().Get("X-Next-Offset") != "3" {
		t.Errorf("%v", w.Header())
	}
	short := strings.TrimSuffix(path(job), "/versions/0") + "/logs"
	if got := messages(s.get(http.StatusOK, "ada", short+"?version=0&limit=1")); len(got) != 1 {
		t.Error(got)
	}
	for _, query := range []string{"?offset=x", "?limit=0", "?limit=10001", "?command=x", "?command=-1"} {
		s.refused(s.get(http.StatusBadRequest, "ada", path(job)+"/logs"+query), "BAD_REQUEST")
	}
	s.refused(s.get(http.StatusNotFound, "ada", path(job)+"/logs?command=3"), "NOT_FOUND")
	s.refused(s.get(http.StatusNotFound, "ada", short+"?version=1"), "NOT_FOUND")
}

// A result is flowServ's, by its own cases: what each command printed is one text, the first code that is not 0 is the
// run's, and only failures that are no command's own are exceptions.
func TestResults(t *testing.T) {
	type result struct {
		Returncode *int
		Stdout     []string
		Stderr     []string
		Exception  *string
		State      string
		Tasks      struct{ Completed, Failed int }
	}
	get := func(s *site, job *batchv1.Job) (r result) {
		s.t.Helper()
		s.get(http.StatusOK, "ada", path(job)+"/result").into(&r)
		return r
	}
	t.Run("all well", func(t *testing.T) {
		s := newSite(t)
		job := s.commands()
		if r := get(s, job); r.Returncode != nil || len(r.Stdout) != 0 || r.Exception != nil {
			t.Errorf("%+v", r)
		}
		n := names(job)
		s.print(job, n[0], true, "one", `two "quoted" ü`)
		s.print(job, n[1], true)
		s.print(job, n[2], true, "three")
		s.archive(job, over(job, 0, 0, 0))
		want := result{Returncode: new(0), Stdout: []string{"one\ntwo \"quoted\" ü\n", "three\n"}, Stderr: []string{}, State: "done"}
		want.Tasks.Completed = 3
		if diff := cmp.Diff(want, get(s, job)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	t.Run("the second fails", func(t *testing.T) {
		s := newSite(t)
		job := s.commands()
		s.print(job, names(job)[0], true)
		s.print(job, names(job)[1], true, "no such file")
		s.archive(job, over(job, 0, 3))
		want := result{Returncode: new(3), Stdout: []string{"no such file\n"}, Stderr: []string{}, State: "failed"}
		want.Tasks.Completed, want.Tasks.Failed = 1, 1
		if diff := cmp.Diff(want, get(s, job)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	t.Run("the image is missing", func(t *testing.T) {
		s := newSite(t)
		job := s.commands()
		s.print(job, names(job)[0], true, "first")
		status := over(job, 0)
		status.State, status.ReturnCode = process.Failed, nil
		status.Failure = &process.Failure{Code: process.ImagePull, Message: "the image cannot be pulled", Evidence: []string{"ErrImagePull: not found"}, FirstSeen: time.Now().UTC()}
		s.archive(job, status)
		want := result{
			Returncode: new(1), Stdout: []string{"first\n"}, Exception: new("IMAGE_PULL: the image cannot be pulled"),
			Stderr: []string{"IMAGE_PULL: the image cannot be pulled\nErrImagePull: not found"}, State: "failed",
		}
		want.Tasks.Completed = 1
		if diff := cmp.Diff(want, get(s, job)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	t.Run("a long log", func(t *testing.T) {
		s := newSite(t)
		job := s.commands()
		lines := make([]string, archive.MaxPage+5)
		for i := range lines {
			lines[i] = strconv.Itoa(i)
		}
		s.print(job, names(job)[0], true, lines...)
		s.archive(job, over(job, 0))
		if got := get(s, job).Stdout; len(got) != 1 || got[0] != strings.Join(lines, "\n")+"\n" {
			t.Errorf("%d texts", len(got))
		}
	})
}

// What a run reported as its outputs is in its version, when it is over.
func TestOutputs(t *testing.T) {
	s := newSite(t)
	run := s.run(s.environment("env:1"))
	job := s.job(run.ID, 0)
	s.print(job, "process", true)
	s.archive(job, over(job, 0))
	var v struct{ Outputs map[string]int }
	s.get(http.StatusOK, "ada", path(job)).into(&v)
	if v.Outputs["area"] != 42 {
		t.Errorf("%+v", v)
	}
}

// event is one server-sent event.
type event struct{ name, id, data string }

// listener reads a stream.
type listener struct {
	t     *testing.T
	lines *bufio.Scanner
	close func()
}

// listen follows the log of a run on a real connection.
func (s *site) listen(server *httptest.Server, target, last string) *listener {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+target, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer ada-")
	r.Header.Set("Accept", "text/event-stream")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	w, err := server.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if w.StatusCode != http.StatusOK || w.Header.Get("Content-Type") != "text/event-stream" || w.Header.Get("Content-Encoding") != "" {
		s.t.Fatalf("status %d, %v", w.StatusCode, w.Header)
	}
	lines := bufio.NewScanner(w.Body)
	lines.Buffer(nil, 1<<20)
	end := func() { cancel(); w.Body.Close() }
	s.t.Cleanup(end)
	return &listener{s.t, lines, end}
}

// next is the next event; comments are passed over. It is false at the end of the stream.
func (l *listener) next() (e event, ok bool) {
	for l.lines.Scan() {
		field, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch field {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data = value
		case "":
			if e.name != "" {
				return e, true
			}
		}
	}
	return e, false
}

// logs reads n lines of the log, and returns the last id.
func (l *listener) logs(n int) (texts []string, last string) {
	l.t.Helper()
	for len(texts) < n {
		e, ok := l.next()
		if !ok {
			l.t.Fatalf("the stream ended after %q: %v", texts, l.lines.Err())
		}
		if e.name == "log" {
			_, text, _ := strings.Cut(e.data, `"message":"`)
			text, _, _ = strings.Cut(text, `"`)
			texts, last = append(texts, text), e.id
		}
	}
	return texts, last
}

func (l *listener) want(texts ...string) (last string) {
	l.t.Helper()
	got, last := l.logs(len(texts))
	if diff := cmp.Diff(texts, got); diff != "" {
		l.t.Errorf("(-want +got)\n%s", diff)
	}
	return last
}

// A stream has all lines of all commands, each once, whenever the client comes back, and says when nothing follows.
func TestStreamIsResumedWithoutLossOrDoubles(t *testing.T) {
	s := newSite(t)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	job := s.commands()
	n, target := names(job), path(job)+"/logs"
	first := s.listen(server, target, "")
	if e, _ := first.next(); e.name != "state" || !strings.Contains(e.data, `"state":"queued"`) {
		t.Errorf("%+v", e)
	}
	s.settle(job, corev1.PodRunning, running(n[0]))
	s.print(job, n[0], false, "same", "same", "same")
	last := first.want("same", "same", "same")
	first.close()

	s.print(job, n[0], true, "same", "last of a")
	second := s.listen(server, target, last)
	second.want("same", "last of a")
	s.settle(job, corev1.PodRunning, ended(n[0], 0), running(n[1]))
	s.print(job, n[1], false, "b1")
	last = second.want("b1")
	second.close()

	third := s.listen(server, target, last)
	s.print(job, n[1], true)
	s.settle(job, corev1.PodRunning, ended(n[0], 0), ended(n[1], 0), running(n[2]))
	s.print(job, n[2], true, "c1")
	last = third.want("c1")
	s.archive(job, over(job, 0, 0, 5))
	var seen []string
	for e, ok := third.next(); ok; e, ok = third.next() {
		seen = append(seen, e.name)
	}
	if diff := cmp.Diff([]string{"state", "failure", "end"}, seen); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// Who comes after the end gets what is missing, and the end.
	fourth := s.listen(server, target, last)
	for _, want := range []string{"state", "failure", "end"} {
		if e, ok := fourth.next(); !ok || e.name != want {
			t.Errorf("%+v, want %s", e, want)
		}
	}
	s.listen(server, target, "nonsense:1").want("same", "same", "same", "same", "last of a", "b1", "c1")
	s.listen(server, target+"?offset=-2", "").want("b1", "c1")
	s.listen(server, target+"?command=1", "").want("b1")
}

// Two hundred clients may follow, the next is told to wait, and nobody's leaving harms the others.
func TestTwoHundredStreams(t *testing.T) {
	s := newSite(t)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	job := s.commands()
	n, target := names(job), path(job)+"/logs"
	s.settle(job, corev1.PodRunning, running(n[0]))
	s.print(job, n[0], false, "a")
	all := make([]*listener, 200)
	for i := range all {
		all[i] = s.listen(server, target, "")
	}
	for _, l := range all {
		l.want("a")
	}
	if n := s.inFlight(); n != 200 {
		t.Fatalf("%v streams: %s", n, s.logged)
	}
	s.refused(s.get(http.StatusTooManyRequests, "ada", target, "Accept", "text/event-stream"), "TOO_MANY_REQUESTS")
	for i := range 100 {
		all[2*i].close()
	}
	s.print(job, n[0], true, "b")
	for i := range 100 {
		all[2*i+1].want("b")
	}
	close(s.closing) // the service ends
	for i := range 100 {
		if e, ok := all[2*i+1].next(); ok {
			t.Fatalf("%+v after the end of the service", e)
		}
	}
}

// A stream without news is alive: a proxy would cut it off else.
func TestHeartbeat(t *testing.T) {
	s := newSite(t)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	job := s.commands()
	l := s.listen(server, path(job)+"/logs", "")
	comments := 0
	for comments < 3 && l.lines.Scan() {
		if strings.HasPrefix(l.lines.Text(), ":") {
			comments++
		}
	}
	l.close()
	if comments < 3 {
		t.Errorf("%d heartbeats, %v", comments, l.lines.Err())
	}
}
