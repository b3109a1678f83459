//go:build e2e

package jobs

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"kernelindexer/k8s/process"
)

// smallLogs makes the kubelet rotate logs soon and keep little: what runs print in minutes is then as much as in months.
const smallLogs = "containerLogMaxSize: 1Mi\ncontainerLogMaxFiles: 2\ncontainerLogMonitorInterval: 3s\n"

// TestRotatedLogIsArchivedWholeAndOnce: the kubelet rotates a log several times while it is followed. Every second line is
// the same, and many are of the same moment: none is lost or doubled. T16.
func TestRotatedLogIsArchivedWholeAndOnce(t *testing.T) {
	t.Parallel()
	const count, rate, width = 6000, 300, 1000 // 6 MB in 20 s
	s := newSite(t, "rotation", siteOptions{})
	spec := s.commands(t, "spew", []string{"spew", fmt.Sprint(count), fmt.Sprint(rate), fmt.Sprint(width)})
	s.launch(t, spec)
	status := s.want(t, spec, process.Done, "")
	got := s.logOf(t, spec, status, 0)
	if len(got) != 2*count {
		t.Errorf("%d lines, want %d", len(got), 2*count)
	}
	pad := strings.Repeat("x", width)
	for i, line := range got {
		want := "same"
		if i%2 == 0 {
			want = fmt.Sprint(i/2, " ", pad)
		}
		if line != want {
			t.Fatalf("line %d begins with %.20q, want %.20q", i, line, want)
		}
	}
	if len(status.Warnings) != 0 {
		t.Errorf("warnings %v", status.Warnings)
	}
}

// TestWhatTheKubeletDroppedIsAGapInTheArchive: nobody follows while more is printed than the kubelet keeps. What it still
// has is archived once, in order, and a note says where lines are missing. T16.
func TestWhatTheKubeletDroppedIsAGapInTheArchive(t *testing.T) {
	t.Parallel()
	const count, rate, width = 12000, 300, 1000 // 12 MB in 40 s
	s := newSite(t, "gap", siteOptions{idle: true})
	stop := s.start(t)
	spec := s.commands(t, "spew", []string{"spew", fmt.Sprint(count), fmt.Sprint(rate), fmt.Sprint(width)})
	s.launch(t, spec)
	s.logging(t, spec, "same")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "end of the pod", func() (bool, string) {
		for _, pod := range s.pods(t, spec) {
			return pod.Status.Phase == corev1.PodSucceeded, string(pod.Status.Phase)
		}
		return false, "no pod"
	})
	time.Sleep(5 * time.Second) // the kubelet rotates a last time
	stop = s.start(t)
	status := s.want(t, spec, process.Done, "")
	if err := stop(); err != nil {
		t.Error(err)
	}
	last, gaps, lines := -1, 0, s.logOf(t, spec, status, 0)
	for i, line := range lines {
		var n int
		switch line {
		case "[gap]":
			gaps++
		case "same":
		default:
			if _, err := fmt.Sscan(line, &n); err != nil {
				t.Fatalf("line %d is %.40q", i, line)
			}
			if n != last+1 && (gaps == 0 || n <= last) {
				t.Fatalf("line %d is number %d after %d, with %d gaps", i, n, last, gaps)
			}
			last = n
		}
	}
	if gaps != 1 || last != count-1 || len(lines) >= 2*count {
		t.Errorf("%d gaps, %d lines, the last number is %d; want one gap, less than all, and the end", gaps, len(lines), last)
	}
	t.Logf("%d of %d lines were still there", len(lines), 2*count)
}

// TestNoiseInALogIsKeptAsText: a line of 200 KiB, of which the archive keeps 64 and counts the rest, bytes that are no text,
// a carriage return before a line feed, which containerd takes off,
// empty lines, and an end without a line feed. T16.
func TestNoiseInALogIsKeptAsText(t *testing.T) {
	t.Parallel()
	b := newBackend(t, "noise")
	path := b.launch(t, work(b.register(t, archives["tool"]), "noise"))
	b.ended(t, path, "done")
	var got []struct {
		Message   string
		Truncated int64
	}
	b.want(t, http.StatusOK, http.MethodGet, path+"/logs", nil).into(t, &got)
	const long, kept = 200 << 10, 64 << 10
	if len(got) != 5 {
		t.Fatalf("%d lines, want 5", len(got))
	}
	if got[0].Message != strings.Repeat("x", kept) || got[0].Truncated != long-kept {
		t.Errorf("the long line: %d bytes, and %d that were cut", len(got[0].Message), got[0].Truncated)
	}
	var rest []string
	for _, line := range got[1:] {
		rest = append(rest, line.Message)
	}
	if diff := cmp.Diff([]string{"\ufffd\x00\x1b[31m", "", "", "no line feed"}, rest); diff != "" {
		t.Errorf("other lines (-want +got):\n%s", diff)
	}
}
