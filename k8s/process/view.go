package process

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// view is an observation with what does not belong to the run left out.
type view struct {
	job    *batchv1.Job
	pods   []*corev1.Pod // of the Job, oldest first; those that are gone are rebuilt from facts
	events []*corev1.Event
	facts  Facts
	now    time.Time
	limits Limits
	mask   func(string) string
	ranks  map[string]int // of the attempts that are noted, by pod
}

// look makes a view of an observation.
func look(o Observation) *view {
	v := &view{job: o.Job, facts: o.Facts, now: o.Now, limits: o.Limits, mask: o.Mask}
	if v.mask == nil {
		v.mask = func(text string) string { return text }
	}
	v.ranks = map[string]int{}
	for i, one := range v.noted() {
		v.ranks[one.Pod] = i
	}
	if v.job == nil {
		return v
	}
	uids := map[string]bool{string(v.job.UID): true}
	seen := map[string]bool{}
	for _, pod := range o.Pods {
		if pod != nil && ownedBy(pod, v.job) && !seen[pod.Name] {
			v.pods = append(v.pods, pod)
			uids[string(pod.UID)] = true
			seen[pod.Name] = true
		}
	}
	v.pods = append(v.pods, v.gone(seen)...)
	slices.SortStableFunc(v.pods, func(a, b *corev1.Pod) int {
		return cmp.Or(
			a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(v.rank(a.Name), v.rank(b.Name)), cmp.Compare(a.Name, b.Name),
		)
	})
	for _, event := range o.Events {
		if event != nil && uids[string(event.InvolvedObject.UID)] {
			v.events = append(v.events, event)
		}
	}
	slices.SortStableFunc(v.events, func(a, b *corev1.Event) int { return firstSeen(a).Compare(firstSeen(b)) })
	return v
}

// ownedBy says that the Job controls the pod. A Job that was made anew has the
// name of its predecessor, whose pods may still be there.
func ownedBy(pod *corev1.Pod, job *batchv1.Job) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.UID == job.UID
}

// gone rebuilds the pods that were collected as garbage from how their
// containers are known to have ended.
func (v *view) gone(seen map[string]bool) []*corev1.Pod {
	created := map[string]time.Time{}
	for _, one := range v.noted() {
		created[one.Pod] = one.CreatedAt
	}
	byName := map[string]*corev1.Pod{}
	for _, stream := range slices.SortedFunc(maps.Keys(v.facts.Streams), byContainer) {
		end := v.facts.Streams[stream].End
		if end == nil || seen[stream.Pod] {
			continue
		}
		at, noted := created[stream.Pod]
		if !noted {
			at = end.StartedAt // by the clock of a node, but there is no better one
		}
		if !noted && !strings.HasPrefix(stream.Pod, v.job.Name+"-") || at.Before(v.job.CreationTimestamp.Time) {
			continue // of the Job before this one, at best
		}
		pod := byName[stream.Pod]
		if pod == nil {
			pod = &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
				Name: stream.Pod, Namespace: v.job.Namespace, CreationTimestamp: metav1.NewTime(at),
			}}
			pod.Status.Phase = corev1.PodFailed
			byName[stream.Pod] = pod
		}
		pod.Status.Reason, pod.Status.Message = end.PodReason, end.PodMessage
		if end.DeletedAt != nil {
			pod.DeletionTimestamp = new(metav1.NewTime(*end.DeletedAt))
		}
		if end.Disrupted != "" && !disrupted(pod) {
			pod.Status.Conditions = []corev1.PodCondition{{
				Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: end.Disrupted, Message: "the cluster took the pod away",
			}}
		}
		status := corev1.ContainerStatus{Name: stream.Container}
		status.State.Terminated = terminated(end)
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, status)
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b *corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
}

func byContainer(a, b Stream) int {
	return cmp.Or(cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Container, b.Container))
}

// RecordOf is what the archive keeps of a Job from the start.
func RecordOf(job *batchv1.Job) *Record {
	notes := job.Annotations
	record := &Record{
		Namespace: job.Namespace, Job: job.Name, UID: job.UID,
		Project: notes[AnnotationProject], Process: notes[AnnotationProcess], Name: notes[AnnotationName],
		Type: notes[AnnotationType], Parameters: job.Spec.Template.Annotations[AnnotationParameters],
		Environment: notes[AnnotationEnvironment], CreatedBy: notes[AnnotationCreatedBy],
		CreatedAt: job.CreationTimestamp.UTC(),
		Request:   notes[AnnotationRequest], Commands: commandNames(job),
	}
	// Labels and annotations are ours; where somebody wrote nonsense into them,
	// the record has zeros.
	record.Version, _ = strconv.Atoi(job.Labels[LabelVersion])
	record.Revision, _ = strconv.ParseInt(notes[AnnotationRevision], 10, 64)
	for _, container := range job.Spec.Template.Spec.Containers {
		record.Image = container.Image
	}
	return record
}

// commandNames are the containers of the Job in the order in which they run.
func commandNames(job *batchv1.Job) []string {
	var names []string
	for _, container := range job.Spec.Template.Spec.InitContainers {
		names = append(names, container.Name)
	}
	for _, container := range job.Spec.Template.Spec.Containers {
		names = append(names, container.Name)
	}
	return names
}

// condition returns the Job's condition of a type, when it is true.
func (v *view) condition(kind batchv1.JobConditionType) *batchv1.JobCondition {
	for i, condition := range v.job.Status.Conditions {
		if condition.Type == kind && condition.Status == corev1.ConditionTrue {
			return &v.job.Status.Conditions[i]
		}
	}
	return nil
}

func (v *view) complete() bool { return v.condition(batchv1.JobComplete) != nil }

// failedFor is the reason of the Job's failure, "" when it has not failed.
func (v *view) failedFor() string {
	if condition := v.condition(batchv1.JobFailed); condition != nil {
		return cmp.Or(condition.Reason, "Failed")
	}
	return ""
}

// finished says that Kubernetes will do nothing more for the Job. Counters of
// pods say nothing of the kind.
func (v *view) finished() bool { return Finished(v.job) }

// Finished says that Kubernetes will do nothing more for a Job; false for nil.
func Finished(job *batchv1.Job) bool {
	return job != nil && slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
		return (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue
	})
}

// Archived says that all about a Job is in the archive, which is asked first. Whoever makes a Job gives it a longer time
// to live than who archives it.
func Archived(job *batchv1.Job) bool {
	ttl := job.Spec.TTLSecondsAfterFinished
	return ttl != nil && int64(*ttl) < int64(UnarchivedTTL.Seconds())
}

// over is when the run ended, as far as is known; the present at the latest.
func (v *view) over() time.Time {
	for _, kind := range []batchv1.JobConditionType{batchv1.JobComplete, batchv1.JobFailed} {
		if condition := v.condition(kind); condition != nil && !condition.LastTransitionTime.IsZero() {
			return condition.LastTransitionTime.Time
		}
	}
	if pod := v.pod(); pod != nil {
		if _, finished := times(pod); !finished.IsZero() {
			return finished
		}
	}
	return v.created()
}

func (v *view) created() time.Time { return v.job.CreationTimestamp.Time }

// pod is the last attempt, nil when there was none.
func (v *view) pod() *corev1.Pod {
	if len(v.pods) == 0 {
		return nil
	}
	return v.pods[len(v.pods)-1]
}

// startWithin is how long the run may wait to start.
func (v *view) startWithin() time.Duration {
	if d, err := time.ParseDuration(v.job.Annotations[AnnotationStart]); err == nil && d > 0 {
		return min(d, MaxStartTimeout)
	}
	return DefaultStartTimeout
}

func copied(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return maps.Clone(m)
}
