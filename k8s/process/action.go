package process

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ActionKind says what kind of [Action] it is.
type ActionKind string

// What there is to do. UID, when set, is a precondition: the action is for that
// Job and no later one of its name.
const (
	// ActNone: nothing, until something changes.
	ActNone ActionKind = "none"
	// ActWait: nothing, until something changes or Until has come.
	ActWait ActionKind = "wait"
	// ActBegin: write Record to the archive.
	ActBegin ActionKind = "begin"
	// ActNote: write Record, which has an attempt more than before, to the archive.
	ActNote ActionKind = "note"
	// ActFollow: copy Streams to the archive, each from where it stands.
	ActFollow ActionKind = "follow"
	// ActStop: let the Job start no further pod, and give Pods a deadline of one
	// second: they end and stay behind with their logs.
	ActStop ActionKind = "stop"
	// ActArchive: write Outcome, unless there is one.
	ActArchive ActionKind = "archive"
	// ActArmTTL: let Kubernetes remove the finished Job after TTL.
	ActArmTTL ActionKind = "arm-ttl"
	// ActDelete: delete the Job and, in the background, its pods. The default
	// of the API would leave the pods running.
	ActDelete ActionKind = "delete"
	// ActReplace: write Replacement to the archive.
	ActReplace ActionKind = "replace"
	// ActCreate: create Job, unless it exists.
	ActCreate ActionKind = "create"
	// ActSettle: remove the replacement and write Record to the archive.
	ActSettle ActionKind = "settle"
	// ActClose: remove the record of the ended run from those that are open.
	ActClose ActionKind = "close"
)

// Action is the next thing to do for a run.
type Action struct {
	Kind        ActionKind
	UID         types.UID
	Until       time.Time
	Streams     []Stream
	Pods        []string
	TTL         time.Duration
	Record      *Record
	Outcome     *Outcome
	Replacement *Replacement
	Job         *batchv1.Job
}

// next decides. blocked is when a trouble that is given time becomes a failure,
// or the zero time.
func (v *view) next(status Status, blocked time.Time) Action {
	switch {
	case v.job == nil:
		return v.withoutJob(status)
	case v.facts.Outcome != nil:
		return v.afterOutcome()
	case v.facts.Record == nil:
		return Action{Kind: ActBegin, Record: RecordOf(v.job)}
	case v.facts.Replacement != nil && v.job.UID == v.facts.Replacement.Replaces:
		return v.deletion()
	case v.facts.Replacement != nil || v.facts.Record.UID != v.job.UID:
		record := RecordOf(v.job)
		record.Attempts = v.noted()
		return Action{Kind: ActSettle, Record: record}
	}
	if streams := v.unfollowed(status.State.Final()); len(streams) > 0 {
		if record := v.note(streams); record != nil {
			return Action{Kind: ActNote, Record: record}
		}
		return Action{Kind: ActFollow, Streams: streams}
	}
	if status.State.Final() {
		return v.end(status)
	}
	if pods, needed := v.toStop(); needed {
		return Action{Kind: ActStop, UID: v.job.UID, Pods: pods}
	}
	return v.wait(blocked)
}

// withoutJob: the Job is gone, or not there yet.
func (v *view) withoutJob(status Status) Action {
	switch {
	case v.facts.Outcome != nil && v.facts.Record != nil:
		return Action{Kind: ActClose}
	case v.facts.Outcome != nil || v.facts.Record == nil:
		return Action{Kind: ActNone}
	case v.facts.Replacement != nil && v.facts.Replacement.Job != nil:
		return Action{Kind: ActCreate, Job: v.facts.Replacement.Job}
	case v.following():
		// What the last pods say is kept; their logs end with them.
		return v.wait(time.Time{})
	}
	return v.archived(status)
}

// archived ends the run with a status.
func (v *view) archived(status Status) Action {
	record := *v.facts.Record
	record.Attempts = nil
	return Action{Kind: ActArchive, Outcome: &Outcome{Record: record, Status: status}}
}

// afterOutcome: only cleaning up is left.
func (v *view) afterOutcome() Action {
	switch {
	case !v.finished():
		return v.deletion()
	case v.job.Spec.TTLSecondsAfterFinished == nil || int64(*v.job.Spec.TTLSecondsAfterFinished) > seconds(v.limits.ArchivedTTL):
		return Action{Kind: ActArmTTL, UID: v.job.UID, TTL: v.limits.ArchivedTTL}
	case v.facts.Record != nil:
		return Action{Kind: ActClose}
	}
	return Action{Kind: ActNone}
}

func (v *view) deletion() Action {
	if v.job.DeletionTimestamp != nil {
		return v.wait(time.Time{})
	}
	return Action{Kind: ActDelete, UID: v.job.UID}
}

// end: the run is over. Its logs are waited for, then its outcome is written.
func (v *view) end(status Status) Action {
	if until := v.logsUntil(); !v.collected() && v.now.Before(until) {
		return v.wait(until)
	}
	// One fresh attempt is free when no container ever had a chance.
	if status.Failure != nil && status.Failure.Code == NodeRejected && v.job.Annotations[AnnotationReplaced] == "" {
		return Action{Kind: ActReplace, Replacement: v.replacement()}
	}
	return v.archived(status)
}

// logsUntil is how long logs are waited for: for a while after the end of the
// run, or after the last of them began to be copied. Nobody may have been there
// to copy them when the run ended.
func (v *view) logsUntil() time.Time {
	from := v.over()
	for _, fact := range v.logs() {
		since := fact.Since
		if !fact.Broken.IsZero() {
			since = fact.Broken // it is begun again and again
		}
		if fact.Following && since.After(from) {
			from = since
		}
	}
	return from.Add(v.limits.Logs)
}

// wait is for the earlier of until, unless zero, and the next poll.
func (v *view) wait(until time.Time) Action {
	poll := v.now.Add(max(v.limits.Poll, time.Second))
	if until.IsZero() || poll.Before(until) {
		until = poll
	}
	return Action{Kind: ActWait, Until: until}
}

// toStop are the pods that a cancellation has to end, and whether anything is
// left to be done for it. Only pods with a container that has started need it.
func (v *view) toStop() ([]string, bool) {
	if v.canceledAt().IsZero() {
		return nil, false
	}
	retries := v.job.Spec.BackoffLimit == nil || *v.job.Spec.BackoffLimit > 0
	var pods []string
	for _, pod := range v.pods {
		deadline := pod.Spec.ActiveDeadlineSeconds
		if !podOver(pod) && pod.DeletionTimestamp == nil && (deadline == nil || *deadline > 1) {
			pods = append(pods, pod.Name)
		}
	}
	return pods, retries || len(pods) > 0
}

// replacement is the Job as it was asked for, marked.
func (v *view) replacement() *Replacement {
	job := &batchv1.Job{TypeMeta: v.job.TypeMeta, Spec: *v.job.Spec.DeepCopy()}
	job.APIVersion, job.Kind = "batch/v1", "Job"
	job.Name, job.Namespace = v.job.Name, v.job.Namespace
	job.Labels, job.Annotations = copied(v.job.Labels), copied(v.job.Annotations)
	job.Annotations[AnnotationReplaced] = string(v.job.UID)
	// The API server chose these for the first Job; it chooses anew.
	job.Spec.Selector = nil
	if job.Labels[labelQueue] != "" {
		job.Spec.Suspend = new(true)
	}
	for label := range job.Spec.Template.Labels {
		if label == "controller-uid" || label == "job-name" || label == batchv1.ControllerUidLabel || label == batchv1.JobNameLabel {
			delete(job.Spec.Template.Labels, label)
		}
	}
	return &Replacement{Replaces: v.job.UID, Job: job}
}
