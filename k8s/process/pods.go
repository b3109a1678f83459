package process

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// statuses are those of the containers of the run in a pod, in the order in
// which they run. Debugging containers are none of them.
func statuses(pod *corev1.Pod) []corev1.ContainerStatus {
	return slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
}

// Over says that no container of the pod runs or will; false for nil.
func Over(pod *corev1.Pod) bool { return pod != nil && podOver(pod) }

func podOver(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// started says that a container runs, or ran.
func started(status corev1.ContainerStatus) bool {
	return status.State.Running != nil || status.State.Terminated != nil && !status.State.Terminated.StartedAt.IsZero()
}

// podRuns says that a container of the pod runs.
func podRuns(pod *corev1.Pod) bool {
	return slices.ContainsFunc(statuses(pod), func(status corev1.ContainerStatus) bool { return status.State.Running != nil })
}

// podStarted says that a container of the pod runs, or ran.
func podStarted(pod *corev1.Pod) bool { return slices.ContainsFunc(statuses(pod), started) }

// times are when the first container of a pod started and the last one ended.
func times(pod *corev1.Pod) (first, last time.Time) {
	for _, status := range statuses(pod) {
		var begun time.Time
		switch state := status.State; {
		case state.Running != nil:
			begun = state.Running.StartedAt.Time
		case state.Terminated != nil:
			begun = state.Terminated.StartedAt.Time
			if end := state.Terminated.FinishedAt.Time; end.After(last) {
				last = end
			}
		}
		if !begun.IsZero() && (first.IsZero() || begun.Before(first)) {
			first = begun
		}
	}
	return first, last
}

// podCondition returns the condition of a type, nil when there is none.
func podCondition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i, condition := range pod.Status.Conditions {
		if condition.Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

// disrupted says that the cluster took the pod away: preemption, eviction, a
// node that is drained or lost.
func disrupted(pod *corev1.Pod) bool {
	condition := podCondition(pod, corev1.DisruptionTarget)
	return condition != nil && condition.Status == corev1.ConditionTrue
}

// scheduledAt is when the pod got a node, or the zero time.
func scheduledAt(pod *corev1.Pod) time.Time {
	if condition := podCondition(pod, corev1.PodScheduled); condition != nil && condition.Status == corev1.ConditionTrue {
		return condition.LastTransitionTime.Time
	}
	if pod.Status.StartTime != nil {
		return pod.Status.StartTime.Time
	}
	return time.Time{}
}

// waiting is a container that cannot start, and why; nil when none waits.
func waiting(pod *corev1.Pod) (corev1.ContainerStatus, *corev1.ContainerStateWaiting) {
	for _, status := range statuses(pod) {
		if status.State.Waiting != nil && status.State.Waiting.Reason != "PodInitializing" {
			return status, status.State.Waiting
		}
	}
	return corev1.ContainerStatus{}, nil
}

// culprit is the container that failed first: with an exit code, or killed for
// its memory whatever its code.
func culprit(pod *corev1.Pod) (corev1.ContainerStatus, *corev1.ContainerStateTerminated) {
	for _, status := range statuses(pod) {
		if end := status.State.Terminated; end != nil && (end.ExitCode != 0 || end.Reason == reasonOOM) {
			return status, end
		}
	}
	return corev1.ContainerStatus{}, nil
}

// unfollowed are the logs that exist, are neither complete nor being copied, and
// are not given up.
func (v *view) unfollowed(final bool) []Stream {
	var streams []Stream
	for stream, fact := range v.logs() {
		if !fact.Complete && !fact.Following && (!final || !v.givenUp(fact)) {
			streams = append(streams, stream)
		}
	}
	slices.SortFunc(streams, byContainer)
	return streams
}

// givenUp says that a log of a run that is over has been broken for so long that
// the run does not wait for it any more.
func (v *view) givenUp(fact StreamFact) bool {
	return !fact.Broken.IsZero() && !v.now.Before(fact.Broken.Add(v.limits.Logs))
}

// collected says that every log is complete, or given up.
func (v *view) collected() bool {
	for _, fact := range v.logs() {
		if !fact.Complete && !v.givenUp(fact) {
			return false
		}
	}
	return true
}

// logs are all logs that should be in the archive, and how far they are.
func (v *view) logs() map[Stream]StreamFact {
	logs := map[Stream]StreamFact{}
	for _, attempt := range v.noted() {
		for _, container := range attempt.Containers {
			// Its pod may be gone, and the log without an end: then it is given one.
			stream := Stream{Pod: attempt.Pod, Container: container}
			logs[stream] = v.facts.Streams[stream]
		}
	}
	for _, pod := range v.pods {
		for _, status := range statuses(pod) {
			if status.State.Running != nil || status.State.Terminated != nil {
				stream := Stream{Pod: pod.Name, Container: status.Name}
				logs[stream] = v.facts.Streams[stream]
			}
		}
	}
	return logs
}

// following says that some log is being copied.
func (v *view) following() bool {
	for _, fact := range v.facts.Streams {
		if fact.Following {
			return true
		}
	}
	return false
}

// EndOf is how a container of a pod ended; nil while it has not, or when the pod
// is nil. What it said last is what mask leaves of it.
func EndOf(pod *corev1.Pod, container string, mask func(string) string) *End {
	if pod == nil {
		return nil
	}
	for _, status := range statuses(pod) {
		if end := status.State.Terminated; status.Name == container && end != nil {
			known := &End{
				ExitCode: end.ExitCode, Reason: end.Reason, Message: clean(mask(end.Message), maxMessage),
				StartedAt: end.StartedAt.UTC(), FinishedAt: end.FinishedAt.UTC(),
				PodReason: pod.Status.Reason, PodMessage: clean(pod.Status.Message, maxPiece),
			}
			if asked := askedToGo(pod); !asked.IsZero() {
				known.DeletedAt = &asked
			}
			if disrupted(pod) {
				known.Disrupted = cmp.Or(podCondition(pod, corev1.DisruptionTarget).Reason, "unknown")
			}
			return known
		}
	}
	return nil
}
