package api_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
)

// begun is over with the times at which the commands began.
func begun(status process.Status) process.Status {
	for i := range status.Commands {
		if status.Commands[i].ExitCode != nil {
			status.Commands[i].StartedAt = new(time.Now().UTC().Truncate(time.Second))
		}
	}
	return status
}

// An empty log is of a run that printed nothing. One that is not kept any more is another thing, and is told.
func TestLogsThatHaveExpired(t *testing.T) {
	type result struct{ Stdout, Warnings []string }
	expire := func(s *site) {
		if _, err := s.store.Expire(t.Context(), time.Now().Add(time.Hour), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("of all commands", func(t *testing.T) {
		s := newSite(t)
		job := s.commands()
		s.print(job, names(job)[0], true, "one")
		s.print(job, names(job)[1], true)
		status := begun(over(job, 0, 3))
		status.Warnings = []string{"logs may be incomplete"}
		s.archive(job, status)
		var r result
		s.get(http.StatusOK, "ada", path(job)+"/result").into(&r)
		if diff := cmp.Diff(result{[]string{"one\n"}, []string{"logs may be incomplete"}}, r); diff != "" {
			t.Errorf("kept: -want +got:\n%s", diff)
		}
		if got := messages(s.get(http.StatusOK, "ada", path(job)+"/logs?command=1")); len(got) != 0 {
			t.Errorf("a command that printed nothing: %v", got)
		}
		expire(s)
		for _, query := range []string{"", "?command=0", "?command=1", "?offset=-5&limit=2", "?offset=99"} {
			s.refused(s.get(http.StatusGone, "ada", path(job)+"/logs"+query), "LOGS_EXPIRED")
			s.refused(s.get(http.StatusGone, "ada", path(job)+"/logs"+query, "Accept", "text/event-stream"), "LOGS_EXPIRED")
		}
		s.get(http.StatusOK, "ada", path(job)+"/result").into(&r)
		want := result{[]string{}, []string{
			"logs may be incomplete", "LOGS_EXPIRED: what command 0 printed is not kept any more", "LOGS_EXPIRED: what command 1 printed is not kept any more",
		}}
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("expired: -want +got:\n%s", diff)
		}
	})
	t.Run("of one command", func(t *testing.T) {
		s := newSite(t)
		job := s.commands()
		s.print(job, names(job)[1], true, "two") // of the first an expiry that was cut has left nothing
		s.archive(job, begun(over(job, 0, 0)))
		s.refused(s.get(http.StatusGone, "ada", path(job)+"/logs?command=0"), "LOGS_EXPIRED")
		if diff := cmp.Diff([]string{"1 two"}, messages(s.get(http.StatusOK, "ada", path(job)+"/logs"))); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		var r result
		s.get(http.StatusOK, "ada", path(job)+"/result").into(&r)
		if len(r.Stdout) != 1 || len(r.Warnings) != 1 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("not of a run that never began", func(t *testing.T) {
		s := newSite(t)
		job := s.commands()
		status := over(job, 128)
		status.Commands[0].StartedAt = new(time.Unix(0, 0).UTC()) // the container could not be started
		s.archive(job, status)
		expire(s)
		if got := messages(s.get(http.StatusOK, "ada", path(job)+"/logs")); len(got) != 0 {
			t.Errorf("%v", got)
		}
	})
	t.Run("not of a run that is under way", func(t *testing.T) {
		s := newSite(t)
		job := s.commands()
		s.settle(job, corev1.PodRunning, running(names(job)[0]))
		if got := messages(s.get(http.StatusOK, "ada", path(job)+"/logs")); len(got) != 0 {
			t.Errorf("%v", got)
		}
	})
}

// A page of long lines is as large as one of the archive, whatever its limit of lines, and the pages are the log.
func TestAPageOfALogHasABoundOfBytes(t *testing.T) {
	s := newSite(t)
	job := s.commands()
	const each = 100
	for command := range 2 {
		var lines []string
		for i := range each {
			lines = append(lines, strings.Repeat("x", 60_000)+fmt.Sprintf(" %d.%d", command, i))
		}
		s.print(job, names(job)[command], true, lines...)
	}
	s.archive(job, begun(over(job, 0, 0)))
	next, pages := 0, 0
	for next < 2*each {
		w := s.get(http.StatusOK, "ada", path(job)+"/logs?limit=10000&offset="+strconv.Itoa(next))
		if size := w.Body.Len(); size > archive.MaxPageBytes+archive.MaxPageBytes/8 {
			t.Errorf("a page of %d bytes", size)
		}
		for _, message := range messages(w) {
			if !strings.HasSuffix(message, fmt.Sprintf(" %d.%d", next/each, next%each)) {
				t.Fatalf("line %d ends with %q", next, message[len(message)-10:])
			}
			next++
		}
		if w.Header().Get("X-Next-Offset") != strconv.Itoa(next) || w.Header().Get("X-Total-Count") != strconv.Itoa(2*each) {
			t.Fatalf("after line %d: %v", next, w.Header())
		}
		pages++
	}
	if pages != 3 {
		t.Errorf("%d pages", pages)
	}
}
