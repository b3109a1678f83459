package process

import (
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// This file sees that a run was asked to end, and whether that is how it ended.

// cancellation is what the annotation says: when, and who asked.
func (v *view) cancellation() (time.Time, string) {
	text, asked := v.job.Annotations[AnnotationCancel]
	if !asked {
		return time.Time{}, ""
	}
	when, who, _ := strings.Cut(text, " ")
	at, err := time.Parse(time.RFC3339, when)
	if err != nil {
		return v.created(), text // somebody asked by hand
	}
	return at, who
}

func (v *view) canceledAt() time.Time {
	at, _ := v.cancellation()
	return at
}

// Cancellation is the value of [AnnotationCancel].
func Cancellation(at time.Time, who string) string { return at.UTC().Format(time.RFC3339) + " " + who }

// findCanceled: somebody asked, and the work had not ended by then. While
// Kubernetes works on the Job that is so when nothing has started, or ever will;
// what has started is stopped first.
func findCanceled(v *view) (finding, bool) {
	at, who := v.cancellation()
	if at.IsZero() || v.complete() {
		return finding{}, false
	}
	pod := v.pod()
	if !v.finished() {
		idle := pod == nil && v.job.Status.Active+v.job.Status.Succeeded+v.job.Status.Failed == 0
		if !idle && (pod == nil || podOver(pod) || podStarted(pod)) {
			return finding{}, false
		}
	} else if pod != nil && pod.Status.Reason != reasonDeadline {
		// It failed by itself in a second before it was asked to.
		if v.failedBefore(pod, at) {
			return finding{}, false
		}
	}
	return finding{message: "canceled at the request of " + who, since: at}, true
}

// failedBefore says that a pod failed in a second before a time.
func (v *view) failedBefore(pod *corev1.Pod, at time.Time) bool {
	_, end := culprit(pod)
	return end != nil && end.FinishedAt.Time.Before(at.Truncate(time.Second))
}

// findCanceledBetween: somebody asked when one attempt had failed and another would have followed.
func findCanceledBetween(v *view) (finding, bool) {
	at, who := v.cancellation()
	pod := v.pod()
	if at.IsZero() || pod == nil || !v.failedBefore(pod, at) || !v.attemptsLeft() {
		return finding{}, false
	}
	return finding{message: "canceled between two attempts at the request of " + who, since: at}, true
}

// attemptsLeft says that another attempt would have followed the last one of a Job that has failed, for fewer had failed
// than were asked for. Those that the cluster took away do not count. A Job that failed for another reason than their
// number would have failed with any.
func (v *view) attemptsLeft() bool {
	asked, err := strconv.Atoi(v.job.Annotations[AnnotationRetries])
	if err != nil || v.failedFor() != batchv1.JobReasonBackoffLimitExceeded {
		return false
	}
	failed := 0
	for _, pod := range v.pods {
		if _, end := culprit(pod); (end != nil || podOver(pod)) && !disrupted(pod) {
			failed++
		}
	}
	return failed <= asked
}
