package process

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// partialLogs warns of an archive that may lack lines.
const partialLogs = "logs may be incomplete"

// status is where the run stands, and when a trouble that it has becomes a
// failure; the zero time when it has none.
func (v *view) status() (Status, time.Time) {
	if v.facts.Outcome != nil {
		return v.facts.Outcome.Status, time.Time{}
	}
	if v.job == nil {
		return v.lost(), time.Time{}
	}
	status := v.progress()
	failure, blocked := v.classify()
	switch {
	case failure != nil:
		v.fail(&status, failure)
	case v.complete():
		status.State, status.Phase = Done, ""
		status.ReturnCode = new(int32(0))
		status.FinishedAt = v.finishedAt()
	case v.finished():
		v.fail(&status, v.unexplained())
	default:
		status.State, status.Phase = v.phase()
	}
	if status.State.Final() {
		v.warn(&status)
	}
	return status, blocked
}

// progress is what there is to tell whatever the state.
func (v *view) progress() Status {
	status := Status{CreatedAt: stamp(v.created())}
	for _, pod := range v.pods {
		if disrupted(pod) {
			status.Disrupted++
		}
		if first, _ := times(pod); status.StartedAt == nil && !first.IsZero() {
			status.StartedAt = stamp(first)
		}
	}
	why := ""
	if v.finished() {
		why = "PodGone"
	}
	v.tell(&status, why)
	return status
}

func (v *view) fail(status *Status, failure *Failure) {
	status.State, status.Phase, status.Failure = Failed, "", failure
	if failure.Code == CancelRequested {
		status.State = Canceled
	}
	status.ReturnCode = failure.ExitCode
	status.FinishedAt = v.finishedAt()
}

// finishedAt is when the run ended. One that is being given up ends now.
func (v *view) finishedAt() *time.Time {
	if v.finished() {
		return stamp(v.over())
	}
	return stamp(v.now.Truncate(time.Second))
}

// warn adds what the user should know of an ended run whatever its state.
func (v *view) warn(status *Status) {
	logs := v.logs()
	partial := len(v.pods) == 0 && status.State == Done
	for _, fact := range logs {
		partial = partial || !fact.Complete || fact.Partial
	}
	if partial {
		status.Warnings = append(status.Warnings, partialLogs)
	}
	status.Warnings = append(status.Warnings, status.leftOut()...)
}

// phase is the state and phase of a run that has neither ended nor failed.
func (v *view) phase() (State, Phase) {
	pod := v.pod()
	switch {
	case pod != nil && podOver(pod), v.job.DeletionTimestamp != nil,
		!v.canceledAt().IsZero() && pod != nil && podStarted(pod):
		return Running, PhaseFinishing
	case pod != nil && podStarted(pod):
		return Running, PhaseRunning
	case v.job.Spec.Suspend != nil && *v.job.Spec.Suspend, pod == nil:
		return Queued, PhaseQueued
	case scheduledAt(pod).IsZero():
		return Queued, PhaseScheduling
	}
	if _, why := waiting(pod); why != nil && pullReasons[why.Reason] {
		return Queued, PhasePulling
	}
	return Queued, PhaseStarting
}

// commands are those of one attempt, in order.
func (v *view) commands(pod *corev1.Pod) []CommandStatus {
	byName := map[string]corev1.ContainerStatus{}
	for _, status := range statuses(pod) {
		byName[status.Name] = status
	}
	over := podOver(pod) || v.finished()
	var commands []CommandStatus
	for _, name := range commandNames(v.job) {
		one := command(Stream{Pod: pod.Name, Container: name}, byName[name].State, over)
		if one.State == CommandSkipped && v.hasNoted(one.Stream) {
			one.State, one.Reason = CommandFailed, "ContainerStatusUnknown" // it had begun, and has a log
		}
		commands = append(commands, one)
	}
	return commands
}

func command(stream Stream, state corev1.ContainerState, over bool) CommandStatus {
	command := CommandStatus{Stream: stream, State: CommandWaiting}
	switch end := state.Terminated; {
	case end != nil:
		command.State = CommandDone
		if end.ExitCode != 0 || end.Reason == reasonOOM {
			command.State = CommandFailed
		}
		command.ExitCode, command.Reason = new(end.ExitCode), end.Reason
		command.StartedAt, command.FinishedAt = stampOf(end.StartedAt), stampOf(end.FinishedAt)
	case state.Running != nil:
		command.State, command.StartedAt = CommandRunning, stampOf(state.Running.StartedAt)
	case over:
		command.State = CommandSkipped
	case state.Waiting != nil:
		command.Reason = state.Waiting.Reason
	}
	return command
}

// lost is the status of a run without a Job: unknown when nobody recorded it,
// about to be made anew, or lost.
func (v *view) lost() Status {
	record := v.facts.Record
	if record == nil {
		return Status{}
	}
	status := Status{State: Queued, Phase: PhaseQueued, CreatedAt: stamp(record.CreatedAt), ReturnCode: nil}
	if v.facts.Replacement != nil {
		v.tell(&status, "")
		return status
	}
	status.State, status.Phase = Failed, ""
	status.FinishedAt = stamp(v.now.Truncate(time.Second))
	status.Failure = classOf(Lost).failure(finding{
		message: "the Job " + record.Namespace + "/" + record.Job + " was deleted before the end of the run was recorded",
		since:   v.now,
	}, v.mask)
	for _, fact := range v.facts.Streams {
		if end := fact.End; end != nil && !end.StartedAt.IsZero() && (status.StartedAt == nil || end.StartedAt.Before(*status.StartedAt)) {
			status.StartedAt = stamp(end.StartedAt)
		}
	}
	v.tell(&status, "JobGone")
	status.Warnings = append([]string{partialLogs}, status.leftOut()...)
	return status
}

// remembered are the commands of an attempt whose pod is not there, by what is
// known of their logs.
func (v *view) remembered(attempt Attempt, why string) []CommandStatus {
	var commands []CommandStatus
	for _, container := range attempt.Containers {
		stream := Stream{Pod: attempt.Pod, Container: container}
		one := CommandStatus{Stream: stream, State: CommandFailed, Reason: why}
		if end := v.facts.Streams[stream].End; end != nil {
			one = command(stream, corev1.ContainerState{Terminated: terminated(end)}, true)
		}
		commands = append(commands, one)
	}
	return commands
}

// terminated is an end as Kubernetes would say it.
func terminated(end *End) *corev1.ContainerStateTerminated {
	return &corev1.ContainerStateTerminated{
		ExitCode: end.ExitCode, Reason: end.Reason, Message: end.Message,
		StartedAt: metav1.NewTime(end.StartedAt), FinishedAt: metav1.NewTime(end.FinishedAt),
	}
}

// unexplained is the failure of a Job whose pods say nothing of it.
func (v *view) unexplained() *Failure {
	condition := v.condition(batchv1.JobFailed)
	f := finding{
		message:  "the Job failed, and its pods were gone before it could be seen why",
		evidence: []string{reasoned(condition.Reason, condition.Message)},
		since:    condition.LastTransitionTime.Time,
	}
	if pod := v.pod(); pod != nil {
		f.message = "the Job failed, and its pod does not say why"
		f.evidence = append(f.evidence, reasoned(pod.Status.Reason, pod.Status.Message))
	}
	return classOf(Lost).failure(f, v.mask)
}

func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC())
}

func stampOf(t metav1.Time) *time.Time { return stamp(t.Time) }

// firstSeen is when an event happened first, in whichever of its fields says so.
func firstSeen(event *corev1.Event) time.Time {
	for _, at := range []time.Time{event.FirstTimestamp.Time, event.EventTime.Time, event.CreationTimestamp.Time} {
		if !at.IsZero() {
			return at
		}
	}
	return event.LastTimestamp.Time
}

// lastSeen is when an event happened last.
func lastSeen(event *corev1.Event) time.Time {
	last := firstSeen(event)
	if event.Series != nil && event.Series.LastObservedTime.After(last) {
		last = event.Series.LastObservedTime.Time
	}
	if event.LastTimestamp.After(last) {
		last = event.LastTimestamp.Time
	}
	return last
}
