package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/api"
	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/record"
	"kernelindexer/k8s/runs"
)

// retried is a run of three commands that is tried more than once.
type retried struct {
	*site
	job   *batchv1.Job
	begun time.Time
	noted []process.Attempt
}

func (s *site) retried() *retried {
	s.t.Helper()
	return &retried{site: s, job: s.commands(), begun: time.Now().UTC().Truncate(time.Second)}
}

// podOf is the pod of an attempt, from 1; names are in no order.
func (r *retried) podOf(attempt int) string { return fmt.Sprintf("%s-%c", r.job.Name, 'z'-attempt) }

func (r *retried) log() string { return path(r.job) + "/logs" }

// attempt shows the pod of an attempt, whose commands are as is said, and notes it as the loop does.
func (r *retried) attempt(attempt int, phase corev1.PodPhase, statuses ...corev1.ContainerStatus) {
	r.t.Helper()
	created := r.begun.Add(time.Duration(10*attempt) * time.Second)
	for len(r.noted) < attempt {
		r.noted = append(r.noted, process.Attempt{Pod: r.podOf(attempt), CreatedAt: created})
	}
	r.noted[attempt-1].Containers = nil
	for _, status := range statuses {
		r.noted[attempt-1].Containers = append(r.noted[attempt-1].Containers, status.Name)
	}
	known := process.RecordOf(r.job)
	known.Attempts = r.noted
	name := archive.Opened{Domain: known.Namespace, Job: known.Job}
	if err := (record.Archive{Store: r.store}).PutOpen(r.t.Context(), name, record.Open{Record: known}); err != nil {
		r.t.Fatal(err)
	}
	r.settlePod(r.job, r.podOf(attempt), metav1.NewTime(created), phase, statuses...)
}

// evict takes the pod of an attempt away.
func (r *retried) evict(attempt int) {
	r.t.Helper()
	if err := r.client.CoreV1().Pods(r.job.Namespace).Delete(r.t.Context(), r.podOf(attempt), metav1.DeleteOptions{}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *retried) prints(attempt, command int, finish bool, lines ...string) {
	r.t.Helper()
	r.printIn(r.job, r.podOf(attempt), names(r.job)[command], finish, lines...)
}

// end archives the run, as the loop does: the last attempt's commands ended as the codes say.
func (r *retried) end(codes ...int32) {
	r.t.Helper()
	status := begun(over(r.job, codes...))
	last := len(r.noted)
	for i := range status.Commands {
		status.Commands[i].Pod = r.podOf(last)
	}
	status.Attempts, status.Earlier = last, r.noted[:last-1]
	r.archive(r.job, status)
}

// told is a line as "attempt.command message".
func told(attempt, command int, message string) string {
	return fmt.Sprintf("%d.%d %s", attempt, command, message)
}

func toldIn(a answer) (all []string) {
	var lines []struct {
		Message, Container string
		Attempt, Command   int
	}
	a.into(&lines)
	for _, line := range lines {
		all = append(all, told(line.Attempt, line.Command, line.Message))
		if line.Container != process.CommandName(line.Command) {
			a.t.Errorf("command %d in %s", line.Command, line.Container)
		}
	}
	return all
}

// A client that pages has every line once, though the attempt changes meanwhile and its pod is taken away: the log of a run
// is that of all attempts, and lines never change their numbers.
func TestPagesOfARunThatIsTriedAgain(t *testing.T) {
	r := newSite(t).retried()
	n := names(r.job)
	var got []string
	next := "0"
	page := func() {
		t.Helper()
		for {
			w := r.get(http.StatusOK, "ada", r.log()+"?limit=2&offset="+next)
			lines := toldIn(w)
			if from, _ := strconv.Atoi(next); w.Header().Get("X-Next-Offset") != strconv.Itoa(from+len(lines)) {
				t.Errorf("from %d there are %d lines, and then %v", from, len(lines), w.Header())
			}
			next = w.Header().Get("X-Next-Offset")
			if got = append(got, lines...); len(lines) == 0 {
				return
			}
		}
	}
	get := func(query string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, toldIn(r.get(http.StatusOK, "ada", r.log()+query))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", query, diff)
		}
	}
	page()
	r.attempt(1, corev1.PodRunning, ended(n[0], 0), running(n[1]))
	r.prints(1, 0, true, "one")
	r.prints(1, 1, false, "two", "three")
	page()
	r.attempt(1, corev1.PodFailed, ended(n[0], 0), ended(n[1], 3))
	page()
	r.evict(1) // and there is no pod now
	page()
	get("?attempt=2")
	r.attempt(2, corev1.PodRunning, running(n[0]))
	r.prints(2, 0, false, "again")
	page()
	get("?attempt=2", "2.0 again")
	get("?offset=-1", "1.1 three") // the first attempt's log is not complete yet
	r.prints(1, 1, true, "four")
	page()
	r.attempt(2, corev1.PodFailed, ended(n[0], 1))
	r.prints(2, 0, true)
	r.attempt(3, corev1.PodRunning, ended(n[0], 0), ended(n[1], 0), running(n[2]))
	r.prints(3, 0, true, "third")
	r.prints(3, 1, true)
	r.prints(3, 2, false, "well")
	page()
	r.evict(2)
	r.prints(3, 2, true, "done")
	page()
	want := []string{"1.0 one", "1.1 two", "1.1 three", "1.1 four", "2.0 again", "3.0 third", "3.2 well", "3.2 done"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	filters := func() {
		t.Helper()
		get("?limit=100", want...)
		get("?attempt=1", want[:4]...)
		get("?attempt=3", want[5:]...)
		get("?attempt=3&offset=-1", "3.2 done")
		get("?command=0", "1.0 one", "2.0 again", "3.0 third")
		get("?command=1&attempt=1&offset=2", "1.1 four")
		get("?command=2&attempt=1")
		r.refused(r.get(http.StatusBadRequest, "ada", r.log()+"?attempt=0"), "BAD_REQUEST")
		r.refused(r.get(http.StatusBadRequest, "ada", r.log()+"?attempt=x"), "BAD_REQUEST")
		r.refused(r.get(http.StatusNotFound, "ada", r.log()+"?attempt=1&command=3"), "NOT_FOUND")
	}
	filters()
	get("?attempt=4") // there may be a fourth
	r.end(0, 0, 0)
	filters()
	r.refused(r.get(http.StatusNotFound, "ada", r.log()+"?attempt=4"), "NOT_FOUND")
	short := strings.TrimSuffix(path(r.job), "/versions/0") + "/logs"
	if diff := cmp.Diff(want, toldIn(r.get(http.StatusOK, "ada", short))); diff != "" {
		t.Errorf("of the process (-want +got)\n%s", diff)
	}
	var result struct{ Stdout []string }
	r.get(http.StatusOK, "ada", path(r.job)+"/result").into(&result)
	if diff := cmp.Diff([]string{"third\n", "well\ndone\n"}, result.Stdout); diff != "" {
		t.Errorf("the result is not that of the last attempt (-want +got)\n%s", diff)
	}
}

// told reads n lines of a stream, and the id of the last one.
func (l *listener) told(n int) (all []string, last string) {
	l.t.Helper()
	for len(all) < n {
		e, ok := l.next()
		if !ok {
			l.t.Fatalf("the stream ended after %q: %v", all, l.lines.Err())
		}
		if e.name != "log" {
			continue
		}
		var line struct {
			Message          string
			Attempt, Command int
		}
		if err := json.Unmarshal([]byte(e.data), &line); err != nil {
			l.t.Fatal(err)
		}
		all, last = append(all, told(line.Attempt, line.Command, line.Message)), e.id
	}
	return all, last
}

func (l *listener) wants(lines ...string) (last string) {
	l.t.Helper()
	got, last := l.told(len(lines))
	if diff := cmp.Diff(lines, got); diff != "" {
		l.t.Errorf("(-want +got)\n%s", diff)
	}
	return last
}

// rest are the names of the events to the end of a stream.
func (l *listener) rest() (all []string) {
	for e, ok := l.next(); ok; e, ok = l.next() {
		all = append(all, e.name)
	}
	return all
}

// A stream goes from one attempt to the next, behind the last line of the former, and whoever lost it goes on in whichever
// attempt that was.
func TestStreamOfARunThatIsTriedAgain(t *testing.T) {
	r := newSite(t).retried()
	server := httptest.NewServer(r.handler)
	defer server.Close()
	n := names(r.job)
	all := r.listen(server, r.log(), "")
	second := r.listen(server, r.log()+"?attempt=2", "")
	r.attempt(1, corev1.PodRunning, running(n[0]))
	r.prints(1, 0, false, "one", "same")
	inFirst := all.wants("1.0 one", "1.0 same")
	lost := r.listen(server, r.log(), inFirst)

	r.attempt(1, corev1.PodFailed, ended(n[0], 1))
	r.evict(1)
	r.attempt(2, corev1.PodRunning, running(n[0]))
	r.prints(2, 0, false, "one", "same") // before the first attempt's last line is there
	inSecond := second.wants("2.0 one", "2.0 same")
	r.prints(1, 0, true, "same")
	all.wants("1.0 same", "2.0 one", "2.0 same")
	lost.wants("1.0 same", "2.0 one", "2.0 same")
	lost.close()

	r.attempt(2, corev1.PodFailed, ended(n[0], 1))
	r.prints(2, 0, true, "same")
	r.attempt(3, corev1.PodRunning, ended(n[0], 0), running(n[1]))
	r.prints(3, 0, true, "three")
	all.wants("2.0 same", "3.0 three")
	r.evict(2)
	r.listen(server, r.log(), inFirst).wants("1.0 same", "2.0 one", "2.0 same", "2.0 same", "3.0 three")
	r.listen(server, r.log(), inSecond).wants("2.0 same", "3.0 three")
	r.listen(server, r.log()+"?offset=5", "").wants("2.0 same", "3.0 three")
	r.listen(server, r.log()+"?offset=3", "").wants("2.0 one", "2.0 same")
	r.prints(3, 1, true, "end")
	all.wants("3.1 end")
	second.wants("2.0 same")

	r.end(0, 4)
	for name, l := range map[string]*listener{"all": all, "second": second} {
		rest := l.rest()
		if len(rest) == 0 || rest[len(rest)-1] != "end" || strings.Contains(strings.Join(rest, " "), "log") {
			t.Errorf("%s: then %v", name, rest)
		}
	}
	want := []string{"1.0 one", "1.0 same", "1.0 same", "2.0 one", "2.0 same", "2.0 same", "3.0 three", "3.1 end"}
	after := r.listen(server, r.log(), "")
	after.wants(want...)
	if rest := after.rest(); len(rest) != 1 || rest[0] != "end" {
		t.Errorf("then %v", rest)
	}
	r.listen(server, r.log(), inFirst).wants(want[2:]...)
	r.listen(server, r.log()+"?command=0", inSecond).wants("2.0 same", "3.0 three")
}

// late is a replica that sees the cluster as it was, after it was asked once.
type late struct {
	api.Runs
	asked atomic.Int64
	until atomic.Bool // it sees it as it is
	was   runs.Run
}

func (l *late) Version(ctx context.Context, domain, project, id string, version int) (runs.Run, error) {
	if l.asked.Add(1) > 1 && !l.until.Load() {
		return l.was, nil
	}
	return l.Runs.Version(ctx, domain, project, id, version)
}

// Who goes on in an attempt that is not seen yet gets nothing twice.
func TestStreamWaitsForAnAttemptThatIsNotSeenYet(t *testing.T) {
	l := &late{}
	s := newSite(t, func(o *api.Options) { l.Runs, o.Runs = o.Runs, l })
	r := s.retried()
	server := httptest.NewServer(s.handler)
	defer server.Close()
	n := names(r.job)
	r.attempt(1, corev1.PodFailed, ended(n[0], 1))
	r.prints(1, 0, true, "first")
	var err error
	if l.was, err = l.Runs.Version(t.Context(), "water", "water", r.job.Annotations[process.AnnotationProcess], 0); err != nil {
		t.Fatal(err)
	}
	r.attempt(2, corev1.PodRunning, running(n[0]))
	r.prints(2, 0, false, "a", "b")
	want := []string{"2.0 b"}
	for i, way := range []struct{ query, last string }{{"", r.podOf(2) + "/" + n[0] + ":1"}, {"?offset=2", ""}} {
		l.asked.Store(0)
		l.until.Store(false)
		stream := s.listen(server, r.log()+way.query, way.last)
		for l.asked.Load() < 10 {
			time.Sleep(time.Millisecond)
		}
		l.until.Store(true)
		r.prints(2, 0, false, strconv.Itoa(i))
		want = append(want, told(2, 0, strconv.Itoa(i)))
		stream.wants(want...)
		stream.close()
	}
}

// Of more attempts than are told the numbers stay, and it is said that their logs are not there.
func TestAttemptsThatAreLeftOut(t *testing.T) {
	s := newSite(t)
	r := s.retried()
	n := names(r.job)
	for attempt := range 3 {
		r.attempt(attempt+1, corev1.PodFailed, ended(n[0], 1))
		r.prints(attempt+1, 0, true, "line")
	}
	status := begun(over(r.job, 1))
	for i := range status.Commands {
		status.Commands[i].Pod = r.podOf(3)
	}
	status.Attempts, status.Earlier = 9, r.noted[1:2]
	s.archive(r.job, status)
	if diff := cmp.Diff([]string{"8.0 line", "9.0 line"}, toldIn(s.get(http.StatusOK, "ada", r.log()))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, accept := range []string{"application/json", "text/event-stream"} {
		s.refused(s.get(http.StatusGone, "ada", r.log()+"?attempt=7", "Accept", accept), "LOGS_EXPIRED")
		s.refused(s.get(http.StatusNotFound, "ada", r.log()+"?attempt=10", "Accept", accept), "NOT_FOUND")
	}
}

// The logs of attempts expire as others do.
func TestLogsOfAttemptsExpire(t *testing.T) {
	s := newSite(t)
	r := s.retried()
	n := names(r.job)
	r.attempt(1, corev1.PodFailed, ended(n[0], 1)) // of which nothing is left
	r.attempt(2, corev1.PodFailed, ended(n[0], 1))
	r.prints(2, 0, true, "line")
	r.end(1)
	s.refused(s.get(http.StatusGone, "ada", r.log()+"?attempt=1"), "LOGS_EXPIRED")
	if diff := cmp.Diff([]string{"2.0 line"}, toldIn(s.get(http.StatusOK, "ada", r.log()))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := s.store.Expire(t.Context(), time.Now().Add(time.Hour), time.Time{}); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"", "?attempt=2", "?command=0"} {
		s.refused(s.get(http.StatusGone, "ada", r.log()+query), "LOGS_EXPIRED")
	}
}
