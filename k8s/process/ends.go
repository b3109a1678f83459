package process

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// This file sees how the last attempt of a finished Job ended.

// reasonOOM is the runtime's word for a process that was killed for its memory.
const reasonOOM = "OOMKilled"

// reasonDeadline is the word for a deadline, of the Job's and of the pod's.
const reasonDeadline = "DeadlineExceeded"

// rejections are the kubelet's reasons for a pod that it was assigned and does
// not take.
func rejection(reason string) bool {
	return strings.HasPrefix(reason, "OutOf") || slices.Contains([]string{
		"NodeAffinity", "UnexpectedAdmissionError", "NodeShutdown", "TopologyAffinityError", "PodAdmissionError", "Taint", "Tainted",
	}, reason)
}

func findRejected(v *view) (finding, bool) {
	pod := v.pod()
	if pod == nil || pod.Status.Phase != corev1.PodFailed || !rejection(pod.Status.Reason) || podStarted(pod) {
		return finding{}, false
	}
	return finding{
		message: pod.Status.Message, evidence: []string{reasoned(pod.Status.Reason, pod.Status.Message)}, since: pod.CreationTimestamp.Time,
	}, true
}

// findStartError: the runtime could not start a container, or its shell could
// not run (126) or find (127) the command; 128 is the runtime's own code.
func findStartError(v *view) (finding, bool) {
	pod := v.pod()
	if pod == nil {
		return finding{}, false
	}
	status, end := culprit(pod)
	if end == nil {
		return finding{}, false
	}
	refused := slices.Contains([]string{"StartError", "ContainerCannotRun"}, end.Reason)
	if !refused && (end.ExitCode < 126 || end.ExitCode > 128) {
		return finding{}, false
	}
	return v.endOf(pod, status, end), true
}

// findOOM: also in a container that ended well after a child of it was killed,
// and in a Job that is complete.
//
// Where that was a command before the last, the kubelet (1.36) neither goes on
// nor gives up: it takes the command for failed, and the pod, for its exit code,
// not. Nothing moves until the deadline, so such a run is over already.
func findOOM(v *view) (finding, bool) {
	pod := v.pod()
	if pod == nil || !v.finished() && (podOver(pod) || podRuns(pod)) {
		return finding{}, false
	}
	for _, status := range statuses(pod) {
		end := status.State.Terminated
		if end == nil || end.Reason != reasonOOM {
			continue
		}
		f := v.endOf(pod, status, end)
		f.message = "a process was killed because the container had used up its memory"
		if limit, ok := v.memory(status.Name); ok {
			f.message += ", " + limit
		}
		return f, true
	}
	return finding{}, false
}

// memory is the limit of a container.
func (v *view) memory(name string) (string, bool) {
	spec := v.job.Spec.Template.Spec
	for _, container := range slices.Concat(spec.InitContainers, spec.Containers) {
		if limit, ok := container.Resources.Limits[corev1.ResourceMemory]; ok && container.Name == name {
			return limit.String(), true
		}
	}
	return "", false
}

// findStorage: the pod used more of its node's disk than it had asked for. A
// node whose disk is full says similar words, and is a disruption.
func findStorage(v *view) (finding, bool) {
	pod := v.pod()
	if pod == nil || pod.Status.Reason != "Evicted" || disrupted(pod) {
		return finding{}, false
	}
	message := strings.ToLower(pod.Status.Message)
	if !strings.Contains(message, "ephemeral") && !strings.Contains(message, "emptydir") {
		return finding{}, false
	}
	return v.podEnd(pod, pod.Status.Message), true
}

func findDisrupted(v *view) (finding, bool) {
	pod := v.pod()
	if pod == nil || v.complete() {
		return finding{}, false
	}
	count := 0
	for _, one := range v.pods {
		if disrupted(one) {
			count++
		}
	}
	switch {
	case disrupted(pod):
		condition := podCondition(pod, corev1.DisruptionTarget)
		f := v.podEnd(pod, fmt.Sprintf("%s (%d of %d attempts were taken away)", condition.Message, count, len(v.pods)))
		f.sub = condition.Reason
		f.evidence = append(f.evidence, reasoned(condition.Reason, condition.Message))
		return f, true
	case slices.Contains([]string{"Evicted", "NodeLost", "Terminated", "Shutdown", "Preempting"}, pod.Status.Reason):
		f := v.podEnd(pod, pod.Status.Message)
		f.sub = pod.Status.Reason
		return f, true
	case v.failedFor() != reasonDeadline && v.deleted(pod):
		f := v.podEnd(pod, "the pod was deleted while it ran")
		f.sub = "PodDeleted"
		return f, true
	}
	return finding{}, false
}

// deleted says that the pod was deleted before it had ended by itself.
func (v *view) deleted(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp == nil || pod.Status.Reason == reasonDeadline {
		return false
	}
	_, end := culprit(pod)
	return end == nil || !end.FinishedAt.Time.Before(askedToGo(pod))
}

// askedToGo is when the deletion of a pod was asked for, the zero time when it
// was not. Its deletion time is when the grace that it was given is over.
func askedToGo(pod *corev1.Pod) time.Time {
	if pod.DeletionTimestamp == nil {
		return time.Time{}
	}
	at := pod.DeletionTimestamp.UTC()
	if pod.DeletionGracePeriodSeconds != nil {
		at = at.Add(-time.Duration(*pod.DeletionGracePeriodSeconds) * time.Second)
	}
	return at
}

// findDeadline: the pod's deadline, or the Job's that is behind it. A pod that
// was canceled has been given a deadline too, and says the same.
func findDeadline(v *view) (finding, bool) {
	pod := v.pod()
	onPod := pod != nil && pod.Status.Reason == reasonDeadline
	if !onPod && v.failedFor() != reasonDeadline {
		return finding{}, false
	}
	if at := v.canceledAt(); !at.IsZero() && at.Before(v.due()) {
		return finding{}, false
	}
	if onPod {
		return v.podEnd(pod, "the run took longer than its deadline"+limited(v.job.Spec.Template.Spec.ActiveDeadlineSeconds)), true
	}
	return finding{
		message:  "all attempts together took longer than the Job may" + limited(v.job.Spec.ActiveDeadlineSeconds),
		evidence: []string{v.jobSays()}, since: v.over(),
	}, true
}

func limited(limit *int64) string {
	if limit == nil {
		return ""
	}
	return fmt.Sprintf(" of %v", time.Duration(*limit)*time.Second)
}

// due is when the deadline that ended the run was up: the last attempt's own,
// or the Job's.
func (v *view) due() time.Time {
	if pod, limit := v.pod(), v.job.Spec.Template.Spec.ActiveDeadlineSeconds; pod != nil && limit != nil && v.failedFor() != reasonDeadline {
		begun, _ := times(pod)
		if pod.Status.StartTime != nil {
			begun = pod.Status.StartTime.Time
		}
		if !begun.IsZero() {
			return begun.Add(time.Duration(*limit) * time.Second)
		}
	}
	begun, limit := v.created(), v.job.Spec.ActiveDeadlineSeconds
	if v.job.Status.StartTime != nil {
		begun = v.job.Status.StartTime.Time
	}
	if limit == nil {
		return v.over()
	}
	return begun.Add(time.Duration(*limit) * time.Second)
}

// killed is the code of a process that was ended by SIGKILL.
const killed = 128 + 9

// findAppError: what ran said that it failed.
func findAppError(v *view) (finding, bool) {
	pod := v.pod()
	if pod == nil {
		return finding{}, false
	}
	status, end := culprit(pod)
	if end == nil {
		return finding{}, false
	}
	f := v.endOf(pod, status, end)
	if end.Message == "" {
		f.message = fmt.Sprintf("exit code %d", end.ExitCode)
		if end.ExitCode > 128 && end.ExitCode <= 192 {
			f.message = fmt.Sprintf("killed by signal %d", end.ExitCode-128)
		}
	}
	if end.ExitCode == killed {
		// A runtime may miss that the kernel did it (containerd 1.6 now and then does).
		f.sub = "SIGKILL"
		f.evidence = append(f.evidence, "Kubernetes did not ask for its end: most often it is the kernel, for want of memory")
	}
	return f, true
}

// endOf is the finding of a container that ended.
func (v *view) endOf(pod *corev1.Pod, status corev1.ContainerStatus, end *corev1.ContainerStateTerminated) finding {
	return finding{
		message: end.Message, tail: true, stream: &Stream{Pod: pod.Name, Container: status.Name}, exitCode: new(end.ExitCode),
		evidence: []string{fmt.Sprintf("%s: %s, exit code %d", status.Name, end.Reason, end.ExitCode), v.jobSays()},
		since:    end.FinishedAt.Time,
	}
}

// podEnd is the finding of a pod that ended as a whole.
func (v *view) podEnd(pod *corev1.Pod, message string) finding {
	f := finding{message: message, evidence: []string{reasoned(pod.Status.Reason, pod.Status.Message), v.jobSays()}, since: v.over()}
	if status, end := culprit(pod); end != nil {
		f.stream, f.exitCode = &Stream{Pod: pod.Name, Container: status.Name}, new(end.ExitCode)
	}
	return f
}

// reasoned joins Kubernetes' word for something and its sentence, either of which may be missing.
func reasoned(reason, message string) string {
	if reason == "" || message == "" {
		return reason + message
	}
	return reason + ": " + message
}

// jobSays is the Job's own word for its failure.
func (v *view) jobSays() string {
	if reason := v.failedFor(); reason != "" {
		return "Job: " + reason
	}
	return ""
}
