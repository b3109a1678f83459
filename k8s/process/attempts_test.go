package process_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/process"
)

// logOf are the logs of a run in the order in which they are its log; of the last attempt also those to come.
func logOf(status process.Status) (all []process.Stream) {
	for _, attempt := range status.Earlier {
		for _, container := range attempt.Containers {
			all = append(all, process.Stream{Pod: attempt.Pod, Container: container})
		}
	}
	for _, command := range status.Commands {
		if command.State != process.CommandSkipped {
			all = append(all, command.Stream)
		}
	}
	return all
}

// notes puts an attempt into the record of the scene.
func (s *scene) notes(suffix string, second int, containers ...string) {
	s.facts.Record.Attempts = append(s.facts.Record.Attempts, process.Attempt{Pod: s.job.Name + "-" + suffix, CreatedAt: at(second), Containers: containers})
}

// knows says how a log is known to be, by seconds from and to of its container; none when its end was not seen.
func (s *scene) knows(suffix, container string, times ...int) {
	fact := process.StreamFact{Complete: true}
	if len(times) == 2 {
		fact.End = &process.End{ExitCode: 1, Reason: "Error", StartedAt: at(times[0]), FinishedAt: at(times[1])}
	}
	s.facts.Streams[process.Stream{Pod: s.job.Name + "-" + suffix, Container: container}] = fact
}

func TestAttemptsAreToldInOrder(t *testing.T) {
	type want struct {
		Log      []string // pod/container
		Last     int      // commands of the last attempt
		Attempts int
		First    int
	}
	tests := []struct {
		name string
		make func(*scene)
		want want
	}{
		{"none", func(*scene) {}, want{nil, 0, 0, 1}},
		{"one", func(s *scene) { s.pod("z").runs("cmd-00", 2) }, want{[]string{"z/cmd-00"}, 3, 1, 1}},
		{"all pods are there", func(s *scene) {
			s.pod("b").at(20).runs("cmd-00", 21)
			s.pod("c").at(0).ends("cmd-00", 0, "Completed", "", 2, 3).ends("cmd-01", 1, "Error", "", 3, 4).fails("", "")
			s.pod("a").at(10).ends("cmd-00", 1, "Error", "", 12, 13).fails("", "")
		}, want{[]string{"c/cmd-00", "c/cmd-01", "a/cmd-00", "b/cmd-00"}, 3, 3, 1}},
		{"the next one has not begun", func(s *scene) {
			s.pod("c").at(0).ends("cmd-00", 1, "Error", "", 2, 3).fails("", "")
			s.pod("a").at(10)
		}, want{[]string{"c/cmd-00"}, 3, 2, 1}},
		{"one never began", func(s *scene) {
			s.pod("c").at(0).fails("Preempting", "")
			s.pod("a").at(10).runs("cmd-00", 11)
		}, want{[]string{"a/cmd-00"}, 3, 2, 1}},
		{"a pod is gone and only its logs tell", func(s *scene) {
			s.knows("z", "cmd-00", 2, 3)
			s.knows("z", "cmd-01", 3, 5)
			s.pod("a").at(6).runs("cmd-00", 7)
		}, want{[]string{"z/cmd-00", "z/cmd-01", "a/cmd-00"}, 3, 2, 1}},
		{"of a pod that is gone one end was not seen", func(s *scene) {
			s.knows("z", "cmd-00", 2, 3)
			s.knows("z", "cmd-01")
			s.pod("a").at(6).runs("cmd-00", 7)
		}, want{[]string{"z/cmd-00", "z/cmd-01", "a/cmd-00"}, 3, 2, 1}},
		{"the clock of its node was ahead", func(s *scene) {
			s.notes("z", 1, "cmd-00")
			s.knows("z", "cmd-00", 62, 63)
			s.pod("a").at(6).runs("cmd-00", 7)
		}, want{[]string{"z/cmd-00", "a/cmd-00"}, 3, 2, 1}},
		{"only the record has it", func(s *scene) {
			s.notes("z", 1, "cmd-00", "cmd-01")
			s.pod("a").at(6).runs("cmd-00", 7)
		}, want{[]string{"z/cmd-00", "z/cmd-01", "a/cmd-00"}, 3, 2, 1}},
		{"made in the same second", func(s *scene) {
			s.notes("z", 1, "cmd-00")
			s.notes("a", 1, "cmd-00")
			s.pod("a").at(1).runs("cmd-00", 7)
			s.pod("z").at(1).ends("cmd-00", 1, "Error", "", 1, 1).fails("", "")
		}, want{[]string{"z/cmd-00", "a/cmd-00"}, 3, 2, 1}},
		{"between two pods", func(s *scene) { s.notes("z", 1, "cmd-00") }, want{[]string{"z/cmd-00"}, 0, 1, 1}},
		{"the newest is not cached yet", func(s *scene) {
			s.notes("z", 1, "cmd-00")
			s.notes("a", 10, "cmd-00")
			s.pod("z").at(1).ends("cmd-00", 1, "Error", "", 2, 3).fails("", "")
		}, want{[]string{"z/cmd-00", "a/cmd-00"}, 0, 2, 1}},
		{"the last one is gone, and the Job is over", func(s *scene) {
			s.notes("z", 1, "cmd-00")
			s.notes("a", 10, "cmd-00")
			s.knows("a", "cmd-00")
			s.failed("BackoffLimitExceeded")
		}, want{[]string{"z/cmd-00", "a/cmd-00"}, 1, 2, 1}},
		{"the Job is gone", func(s *scene) {
			s.notes("z", 1, "cmd-00", "cmd-01")
			s.knows("b", "cmd-00", 20, 21)
			s.knows("b", "cmd-01", 21, 22)
			s.knows("a", "cmd-00", 30, 31)
			s.job = nil
		}, want{[]string{"z/cmd-00", "z/cmd-01", "b/cmd-00", "b/cmd-01", "a/cmd-00"}, 1, 3, 1}},
		{"the Job is another one, and not settled yet", func(s *scene) {
			s.notes("z", 1, "cmd-00")
			s.knows("y", "cmd-00", 2, 2) // a log of a pod that never had a chance is none of this Job's
			s.job.UID, s.job.CreationTimestamp.Time = "uid-2", at(50)
			s.pod("a").at(51).runs("cmd-00", 52)
		}, want{[]string{"z/cmd-00", "a/cmd-00"}, 3, 2, 1}},
		{"the Job is being made anew", func(s *scene) {
			s.notes("z", 1, "cmd-00")
			s.facts.Replacement = &process.Replacement{Replaces: "uid-1", Job: s.job}
			s.job = nil
		}, want{[]string{"z/cmd-00"}, 0, 1, 1}},
		{"a pod of another run", func(s *scene) {
			s.pod("z").at(0).runs("cmd-00", 2).OwnerReferences = nil
			s.pod("a").at(10).runs("cmd-00", 11)
		}, want{[]string{"a/cmd-00"}, 3, 1, 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			s.of(listed())
			s.facts.Record.Commands = []string{"cmd-00", "cmd-01", "cmd-02"}
			prefix := len(s.job.Name) + 1
			test.make(s)
			status := process.Observe(s.observation()).Status
			got := want{Last: len(status.Commands), Attempts: status.Attempts, First: status.First()}
			for _, stream := range logOf(status) {
				if slices.ContainsFunc(status.Commands, func(one process.CommandStatus) bool {
					return one.Stream == stream && one.State == process.CommandWaiting
				}) {
					continue
				}
				got.Log = append(got.Log, stream.Pod[prefix:]+"/"+stream.Container)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// What a cluster takes away it may take away for ever: an outcome has a bound, says so, and numbers stay.
func TestAttemptsHaveABound(t *testing.T) {
	s := newScene(t)
	for i := range 80 {
		s.notes(fmt.Sprint("p", i), i, "process")
		s.facts.Streams[process.Stream{Pod: s.job.Name + fmt.Sprint("-p", i), Container: "process"}] = process.StreamFact{Complete: true}
	}
	s.pod("last").at(90).ends("process", 0, "Completed", "", 91, 92).Status.Phase = "Succeeded"
	s.notes("last", 90, "process")
	s.knows("last", "process", 91, 92)
	s.completed()
	verdict := process.Observe(s.observation())
	status := verdict.Status
	if len(status.Earlier) != 50 || status.Earlier[0].Pod != s.job.Name+"-p30" || status.First() != 31 || status.Attempts != 81 {
		t.Errorf("%d earlier attempts of %d, from %d", len(status.Earlier), status.Attempts, status.First())
	}
	if want := []string{"the logs of the first 30 attempts are left out"}; !slices.Equal(want, status.Warnings) {
		t.Errorf("warnings %q", status.Warnings)
	}
	if verdict.Next.Kind != process.ActArchive || len(verdict.Next.Outcome.Record.Attempts) != 0 {
		t.Errorf("%s, with all attempts once more", verdict.Next.Kind)
	}
}

// The status of a run that was archived before attempts were told has the last one only, by its number.
func TestFirstAttemptOfAnOldOutcome(t *testing.T) {
	old := process.Status{State: process.Failed, Attempts: 3, Commands: make([]process.CommandStatus, 1)}
	if none := (process.Status{}); old.First() != 3 || none.First() != 1 {
		t.Errorf("%d and %d", old.First(), none.First())
	}
}

// A log is begun when its attempt is noted. One that is noted and has no end gets one, though its pod is gone.
func TestLogsAreNotedBeforeTheyAreFollowed(t *testing.T) {
	s := newScene(t)
	s.of(listed())
	var got []string
	step := func() {
		next := process.Observe(s.observation()).Next
		text := string(next.Kind)
		if next.Kind == process.ActNote {
			s.facts.Record = next.Record
			for _, attempt := range next.Record.Attempts {
				text += fmt.Sprintf(" %s %v %v", attempt.Pod[len(s.job.Name)+1:], attempt.CreatedAt.Sub(at(0)), attempt.Containers)
			}
		}
		for _, stream := range next.Streams {
			s.facts.Streams[stream] = process.StreamFact{Following: true, Since: at(120)}
			text += " " + stream.Pod[len(s.job.Name)+1:] + "/" + stream.Container
		}
		got = append(got, text)
	}
	pod := s.pod("z").at(1)
	step()
	pod.runs("cmd-00", 2)
	step()
	step()
	step()
	pod.Status.InitContainerStatuses = nil
	pod.ends("cmd-00", 0, "Completed", "", 2, 3).runs("cmd-01", 3)
	step()
	step()
	s.pods = nil
	s.facts.Streams = map[process.Stream]process.StreamFact{} // a loop that has just begun
	s.knows("z", "cmd-00", 2, 3)
	step()
	s.pod("a").at(10).runs("cmd-00", 11)
	step()
	step()
	want := []string{
		"wait", "note z 1s [cmd-00]", "follow z/cmd-00", "wait", "note z 1s [cmd-00 cmd-01]", "follow z/cmd-01",
		"follow z/cmd-01", "note z 1s [cmd-00 cmd-01] a 10s [cmd-00]", "follow a/cmd-00",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The record of a run has a bound too. Beyond it logs are followed without a note.
func TestNotesHaveABound(t *testing.T) {
	s := newScene(t)
	for i := range 1000 {
		s.notes(fmt.Sprint("p", i), 0, "process")
		s.knows(fmt.Sprint("p", i), "process", 0, 0)
	}
	s.pod("last").at(90).runs("process", 91)
	if next := process.Observe(s.observation()).Next; next.Kind != process.ActFollow {
		t.Errorf("%s", next.Kind)
	}
	s.facts.Record.Attempts = s.facts.Record.Attempts[:900]
	s.pod("one more").at(91).runs("process", 92)
	next := process.Observe(s.observation()).Next
	if next.Kind != process.ActNote || len(next.Record.Attempts) != 1000 {
		t.Fatalf("%s", next.Kind)
	}
	s.facts.Record = next.Record
	began := time.Now()
	if next := process.Observe(s.observation()).Next; next.Kind != process.ActFollow || time.Since(began) > time.Second {
		t.Errorf("%s after %v", next.Kind, time.Since(began))
	}
}
