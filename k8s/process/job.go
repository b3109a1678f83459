package process

import (
	"fmt"
	"maps"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// UnarchivedTTL is how long a finished Job stays when nobody archives it: a net
// only. The archive shortens it to [Limits.ArchivedTTL].
const UnarchivedTTL = 7 * 24 * time.Hour

// slack is what the Job's own deadline leaves for stopping and disruptions. That
// deadline deletes pods and with them their logs; the pod's, which is the one
// that is meant to act, leaves the pod behind.
const slack = 5 * time.Minute

// Job returns the Job of a request. The same request always gives the same Job.
// The error is that of [Spec.Validate].
//
// The Job is the only record of the intent: creating it is the one atomic step
// of a launch.
func Job(s Spec) (*batchv1.Job, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("process %s version %d: %w", s.Process, s.Version, err)
	}
	s = s.WithDefaults()
	job := &batchv1.Job{
		TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{
			Name: JobName(s.Process, s.Version), Namespace: s.Namespace, Labels: s.labels(), Annotations: s.annotations(),
		},
		Spec: batchv1.JobSpec{
			Parallelism:             new(int32(1)),
			Completions:             new(int32(1)),
			BackoffLimit:            new(int32(s.Retries)),
			ActiveDeadlineSeconds:   new(seconds(s.bound())),
			TTLSecondsAfterFinished: new(int32(UnarchivedTTL / time.Second)),
			PodReplacementPolicy:    new(batchv1.Failed),
			PodFailurePolicy:        failurePolicy(),
			Template:                s.template(),
		},
	}
	if s.Queue != "" {
		job.Labels[labelQueue] = s.Queue
		job.Spec.Suspend = new(true)
	}
	return job, nil
}

// bound is the longest that all attempts can take. A run may wait twice: for a
// node, and on it for its image.
func (s Spec) bound() time.Duration {
	attempts := time.Duration(s.Retries + 1)
	return 2*s.StartWithin + attempts*s.Deadline + slack
}

// seconds rounds up.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// failurePolicy says which ends of a pod are not charged to the work: drain,
// preemption, a node that goes away. And which are never worth another attempt:
// a command that cannot be run (126) or found (127).
func failurePolicy() *batchv1.PodFailurePolicy {
	return &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{
		{
			Action: batchv1.PodFailurePolicyActionIgnore,
			OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{
				{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue},
			},
		},
		{
			Action: batchv1.PodFailurePolicyActionFailJob,
			OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{
				Operator: batchv1.PodFailurePolicyOnExitCodesOpIn, Values: []int32{126, 127},
			},
		},
	}}
}

func (s Spec) labels() map[string]string {
	return map[string]string{
		LabelManagedBy:   App,
		LabelProject:     LabelValue(s.Project),
		LabelProcess:     LabelValue(s.Process),
		LabelVersion:     strconv.Itoa(s.Version),
		LabelEnvironment: LabelValue(s.Environment.ID),
	}
}

func (s Spec) annotations() map[string]string {
	notes := map[string]string{}
	maps.Copy(notes, s.Annotations)
	maps.Copy(notes, map[string]string{
		AnnotationProject:     s.Project,
		AnnotationProcess:     s.Process,
		AnnotationEnvironment: s.Environment.ID,
		AnnotationRevision:    strconv.FormatInt(s.Environment.Revision, 10),
		AnnotationStart:       s.StartWithin.String(),
		AnnotationRetries:     strconv.Itoa(s.Retries),
	})
	for name, value := range map[string]string{
		AnnotationName: s.Name, AnnotationType: s.Type, AnnotationCreatedBy: s.CreatedBy,
	} {
		if value != "" {
			notes[name] = value
		}
	}
	return notes
}
