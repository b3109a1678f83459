package process

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Observation is all that is known of one run at one moment. Objects may be
// nil, partial or of another run: what does not belong to Job is left out. They
// are only read.
type Observation struct {
	Job    *batchv1.Job // nil: there is none
	Pods   []*corev1.Pod
	Events []*corev1.Event // of the Job and its pods; needed until a container has started
	Facts  Facts
	Now    time.Time
	Limits Limits
	// Mask hides secrets in what containers have said last, before any of it is cut; nil hides nothing.
	Mask func(text string) string
}

// Facts are what the archive and the followers of logs hold of a run.
type Facts struct {
	Record      *Record               // begun and not closed
	Outcome     *Outcome              // how it ended; nothing changes it any more
	Streams     map[Stream]StreamFact // logs
	Replacement *Replacement          // the Job is being made anew
}

// StreamFact is what is known of one log.
type StreamFact struct {
	// Following: somebody copies it now, and has since Since.
	Following bool      `json:"-"`
	Since     time.Time `json:"-"`
	// Broken is since when it can be neither read nor written, though the archive is there; zero: it can.
	Broken time.Time `json:"-"`

	Complete bool `json:"complete"`      // nothing will be added
	Partial  bool `json:"partial"`       // its end could not be had
	End      *End `json:"end,omitempty"` // of its container, if that was seen
}

// End is how a container ended.
type End struct {
	ExitCode   int32     `json:"exitCode"`
	Reason     string    `json:"reason,omitempty"`
	Message    string    `json:"message,omitempty"`
	StartedAt  time.Time `json:"startedAt"`
	FinishedAt time.Time `json:"finishedAt"`
	// Disrupted is the reason for which the cluster took the pod away; "" when it did not.
	Disrupted string `json:"disrupted,omitempty"`
	// DeletedAt is when somebody asked for the end of the pod; nil when nobody had.
	DeletedAt *time.Time `json:"deletedAt,omitempty"`
	// PodReason and PodMessage are what the pod itself said, such as DeadlineExceeded.
	PodReason  string `json:"podReason,omitempty"`
	PodMessage string `json:"podMessage,omitempty"`
}

// Record is what is kept of a run from the moment it is first seen: enough to
// tell its end after its Job is gone.
type Record struct {
	Namespace   string    `json:"namespace"`
	Job         string    `json:"job"`
	UID         types.UID `json:"uid"`
	Project     string    `json:"project"`
	Process     string    `json:"process"`
	Version     int       `json:"version"`
	Name        string    `json:"name,omitempty"`
	Type        string    `json:"type,omitempty"`
	Parameters  string    `json:"parameters,omitempty"`
	Environment string    `json:"environment"`
	Revision    int64     `json:"revision"`
	Image       string    `json:"image,omitempty"`
	Commands    []string  `json:"commands,omitempty"` // names of the containers, in order
	CreatedBy   string    `json:"createdBy,omitempty"`
	CreatedAt   time.Time `json:"createdAt"`
	Request     string    `json:"request,omitempty"` // the [AnnotationRequest]
	// Attempts are those of which a log was ever begun; those of an ended run are in its [Status].
	Attempts []Attempt `json:"attempts,omitempty"`
}

// Outcome is the archived end of a run.
type Outcome struct {
	Record Record `json:"run"`
	Status Status `json:"status"`
}

// Replacement says that the Job with the UID is to be deleted and made once more
// from Job.
type Replacement struct {
	Replaces types.UID    `json:"replaces"`
	Job      *batchv1.Job `json:"job"`
}

// Verdict is what [Observe] makes of an observation. The zero Status stands for
// a run that nobody knows.
type Verdict struct {
	Status Status
	Next   Action
}

// Observe says where a run stands and what has to happen next. After the action
// has been carried out, or has failed, the run is looked at again; an action
// that was carried out already is harmless. It never fails and depends on
// nothing but its argument.
func Observe(o Observation) Verdict {
	v := look(o)
	status, blocked := v.status()
	return Verdict{Status: status, Next: v.next(status, blocked)}
}
