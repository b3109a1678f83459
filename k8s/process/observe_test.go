package process_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"kernelindexer/k8s/process"
)

func TestWhatARunIsDoing(t *testing.T) {
	tests := []struct {
		name string
		make func(*scene)
		want process.Phase
	}{
		{"no pod yet", func(*scene) {}, process.PhaseQueued},
		{"suspended", func(s *scene) { s.job.Spec.Suspend = new(true) }, process.PhaseQueued},
		{"no node yet", func(s *scene) { s.pod("a").unscheduled("no") }, process.PhaseScheduling},
		{"image is being pulled", func(s *scene) { s.pod("a").scheduled(1).waits("process", "ContainerCreating", "") }, process.PhaseStarting},
		{"image cannot be pulled", func(s *scene) { s.pod("a").scheduled(1).waits("process", "ErrImagePull", "") }, process.PhasePulling},
		{"runs", func(s *scene) { s.pod("a").scheduled(1).runs("process", 2) }, process.PhaseRunning},
		{"between two commands", func(s *scene) {
			s.of(listed())
			s.pod("a").scheduled(1).ends("cmd-00", 0, "Completed", "", 2, 3).waits("cmd-01", "PodInitializing", "")
		}, process.PhaseRunning},
		{"pod is over, the Job is not", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 0, "Completed", "", 2, 3).Status.Phase = corev1.PodSucceeded
		}, process.PhaseFinishing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			test.make(s)
			if got := process.Observe(s.observation()).Status.Phase; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestCommandsAreToldInOrder(t *testing.T) {
	s := newScene(t)
	s.of(listed())
	s.pod("a").scheduled(1).ends("cmd-00", 0, "Completed", "", 3, 4).ends("cmd-01", 9, "Error", "", 5, 6).waits("cmd-02", "PodInitializing", "").fails("", "")
	s.failed("BackoffLimitExceeded")
	var got []process.CommandStatus
	for _, command := range process.Observe(s.observation()).Status.Commands {
		got = append(got, process.CommandStatus{Stream: command.Stream, State: command.State, ExitCode: command.ExitCode})
	}
	stream := func(name string) process.Stream { return process.Stream{Pod: s.job.Name + "-a", Container: name} }
	want := []process.CommandStatus{
		{Stream: stream("cmd-00"), State: process.CommandDone, ExitCode: new(int32(0))},
		{Stream: stream("cmd-01"), State: process.CommandFailed, ExitCode: new(int32(9))},
		{Stream: stream("cmd-02"), State: process.CommandSkipped},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOrderOfActions(t *testing.T) {
	s := newScene(t)
	s.facts.Record = nil
	s.pod("a").scheduled(1).ends("process", 0, "Completed", "", 2, 3).Status.Phase = corev1.PodSucceeded
	s.completed()
	stream := process.Stream{Pod: s.job.Name + "-a", Container: "process"}
	var got []process.ActionKind
	step := func() process.Action {
		next := process.Observe(s.observation()).Next
		got = append(got, next.Kind)
		return next
	}
	s.facts.Record = step().Record
	s.facts.Record = step().Record
	if next := step(); !cmp.Equal(next.Streams, []process.Stream{stream}) {
		t.Errorf("follows %v", next.Streams)
	}
	s.facts.Streams[stream] = process.StreamFact{Following: true}
	step()
	s.facts.Streams[stream] = process.StreamFact{Complete: true}
	s.facts.Outcome = step().Outcome
	s.job.Spec.TTLSecondsAfterFinished = new(int32(step().TTL / time.Second))
	step()
	s.facts.Record = nil
	step()
	s.job = nil
	step()
	want := []process.ActionKind{
		process.ActBegin, process.ActNote, process.ActFollow, process.ActWait, process.ActArchive, process.ActArmTTL, process.ActClose,
		process.ActNone, process.ActNone,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	outcome := s.facts.Outcome
	if outcome.Status.State != process.Done || outcome.Record.Process != "abc-123" || outcome.Record.Parameters != typed().Parameters {
		t.Errorf("the outcome is %+v", outcome)
	}
}

func TestArchivedOutcomeIsNeverChanged(t *testing.T) {
	s := newScene(t)
	s.facts.Outcome = &process.Outcome{Status: process.Status{State: process.Failed, Failure: &process.Failure{Code: process.ImagePull}}}
	s.pod("a").scheduled(1).runs("process", 3) // it started after all
	verdict := process.Observe(s.observation())
	if diff := cmp.Diff(s.facts.Outcome.Status, verdict.Status, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if verdict.Next.Kind != process.ActDelete || verdict.Next.UID != s.job.UID {
		t.Errorf("the next action is %+v", verdict.Next)
	}
}

func TestLogsThatDoNotComeAreNotWaitedForForEver(t *testing.T) {
	s := newScene(t)
	s.pod("a").scheduled(1).ends("process", 0, "Completed", "", 2, 3).Status.Phase = corev1.PodSucceeded
	s.completed()
	s.facts.Streams[process.Stream{Pod: s.job.Name + "-a", Container: "process"}] = process.StreamFact{Following: true}
	s.now(100)
	if got := process.Observe(s.observation()).Next.Kind; got != process.ActWait {
		t.Errorf("at first: %s", got)
	}
	s.now(3 + 600 + 100)
	verdict := process.Observe(s.observation())
	if verdict.Next.Kind != process.ActArchive || len(verdict.Next.Outcome.Status.Warnings) != 1 {
		t.Errorf("in the end: %+v", verdict.Next)
	}
	// Nobody was there to copy them until now.
	s.facts.Streams[process.Stream{Pod: s.job.Name + "-a", Container: "process"}] = process.StreamFact{Following: true, Since: at(700)}
	if got := process.Observe(s.observation()).Next.Kind; got != process.ActWait {
		t.Errorf("begun late: %s", got)
	}
}

func TestLogThatIsBrokenIsGivenUpAfterTheRunOnly(t *testing.T) {
	s := newScene(t)
	pod := s.pod("a").scheduled(1).runs("process", 2)
	broken := process.StreamFact{Broken: at(3)}
	s.facts.Record.Attempts = []process.Attempt{{Pod: s.job.Name + "-a", CreatedAt: at(0), Containers: []string{"process"}}}
	s.facts.Streams[process.Stream{Pod: s.job.Name + "-a", Container: "process"}] = broken
	s.now(1000)
	if got := process.Observe(s.observation()).Next.Kind; got != process.ActFollow {
		t.Errorf("while the run goes on: %s", got)
	}
	pod.Status.ContainerStatuses = nil
	pod.ends("process", 0, "Completed", "", 2, 50).Status.Phase = corev1.PodSucceeded
	s.completed()
	s.now(602)
	if got := process.Observe(s.observation()).Next.Kind; got != process.ActFollow {
		t.Errorf("for some time: %s", got)
	}
	s.now(603)
	verdict := process.Observe(s.observation())
	if verdict.Next.Kind != process.ActArchive || len(verdict.Status.Warnings) != 1 || verdict.Status.State != process.Done {
		t.Errorf("in the end: %+v, %+v", verdict.Next, verdict.Status)
	}
}

func TestSecretsAreHiddenBeforeTheCut(t *testing.T) {
	const secret = "hunter2-hunter2"
	s := newScene(t)
	// Where the message is cut to its end, the secret lies across the cut.
	s.pod("a").scheduled(1).fails("Evicted", "container printed "+secret).
		ends("process", 1, "Error", secret+strings.Repeat("x", 2040), 2, 3)
	s.failed("BackoffLimitExceeded")
	o := s.observation()
	o.Mask = func(text string) string { return strings.ReplaceAll(text, secret, "***") }
	failure := process.Observe(o).Status.Failure
	text, err := json.Marshal(failure)
	if err != nil || strings.Contains(string(text), "hunter") || !strings.Contains(string(text), "***") {
		t.Errorf("%v: %s", err, text)
	}
	end := process.EndOf(s.pods[0].Pod, "process", func(text string) string { return strings.ReplaceAll(text, secret, "***") })
	if !strings.HasPrefix(end.Message, "***x") {
		t.Errorf("the end is kept as %.40q", end.Message)
	}
}

func TestReplacementIsTheSameJob(t *testing.T) {
	s := newScene(t)
	asked, err := process.Job(typed())
	if err != nil {
		t.Fatal(err)
	}
	s.job.Spec.Selector = &metav1Selector
	s.job.Spec.Template.Labels[batchv1.ControllerUidLabel] = "uid-1"
	s.job.Spec.Template.Labels["controller-uid"] = "uid-1"
	s.job.ResourceVersion = "7"
	s.pod("a").scheduled(1).fails("OutOfmemory", "no")
	s.failed("BackoffLimitExceeded")
	s.facts.Replacement = process.Observe(s.observation()).Next.Replacement
	if next := process.Observe(s.observation()).Next; next.Kind != process.ActDelete || next.UID != "uid-1" {
		t.Errorf("then %+v", next)
	}
	s.job = nil
	next := process.Observe(s.observation()).Next
	asked.Annotations[process.AnnotationReplaced] = "uid-1"
	if diff := cmp.Diff(asked, next.Job); next.Kind != process.ActCreate || diff != "" {
		t.Errorf("then %s, -want +got:\n%s", next.Kind, diff)
	}
	s.job = next.Job.DeepCopy()
	s.job.UID = "uid-2"
	if next := process.Observe(s.observation()).Next; next.Kind != process.ActSettle || next.Record.UID != "uid-2" {
		t.Errorf("then %+v", next)
	}
}

// TestAttemptThatWasTakenAwayIsCountedWhenItsPodIsGone: an evicted pod is deleted, and only its log still tells of it.
func TestAttemptThatWasTakenAwayIsCountedWhenItsPodIsGone(t *testing.T) {
	s := newScene(t)
	s.facts.Streams[process.Stream{Pod: s.job.Name + "-first", Container: "process"}] = process.StreamFact{
		Complete: true, End: &process.End{ExitCode: 143, Reason: "Error", StartedAt: at(2), FinishedAt: at(5), Disrupted: "EvictionByEvictionAPI"},
	}
	s.pod("second").at(6).scheduled(7).ends("process", 0, "Completed", "", 8, 9)
	s.completed()
	status := process.Observe(s.observation()).Status
	if status.State != process.Done || status.Attempts != 2 || status.Disrupted != 1 {
		t.Errorf("%s, %d attempts, %d taken away; want done, 2, 1", status.State, status.Attempts, status.Disrupted)
	}
}

// TestRunEndsTheSameWhetherItsPodIsThereOrGone: what the archive keeps of how a container ended says of the pod what the
// causes are told by.
func TestRunEndsTheSameWhetherItsPodIsThereOrGone(t *testing.T) {
	for _, tt := range []struct {
		code process.Code
		pod  func(*scenePod)
	}{
		{process.AppError, func(p *scenePod) { p.ends("process", 3, "Error", "why", 3, 9).fails("", "") }},
		{process.Disrupted, func(p *scenePod) {
			p.ends("process", 143, "Error", "asked to end", 3, 99).fails("", "").deleted(70, 30)
		}},
		{process.AppError, func(p *scenePod) { p.ends("process", 3, "Error", "why", 3, 9).fails("", "").deleted(70, 30) }},
		{process.DeadlineExceeded, func(p *scenePod) {
			p.ends("process", 143, "Error", "", 3, 63).fails("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
		}},
		{process.StorageLimit, func(p *scenePod) {
			p.ends("process", 137, "Error", "", 3, 9).fails("Evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.")
		}},
		{process.OOMKilled, func(p *scenePod) { p.ends("process", 137, "OOMKilled", "", 3, 9).fails("", "") }},
	} {
		s := newScene(t)
		pod := s.pod("a").scheduled(1)
		tt.pod(pod)
		s.failed("BackoffLimitExceeded")
		s.archiveLogs()
		there := process.Observe(s.observation()).Status
		end := process.EndOf(pod.Pod, "process", func(text string) string { return text })
		s.facts.Streams[process.Stream{Pod: pod.Name, Container: "process"}] = process.StreamFact{Complete: true, End: end}
		s.pods = nil
		gone := process.Observe(s.observation()).Status
		if there.Failure == nil || gone.Failure == nil || there.Failure.Code != tt.code || gone.Failure.Code != tt.code {
			t.Errorf("want %s; with the pod %+v, without %+v", tt.code, there.Failure, gone.Failure)
		}
	}
}
