package controller

import (
	"context"
	"errors"
	"io"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"kernelindexer/k8s/process"
)

// Key names a Job.
type Key = types.NamespacedName

// ErrGone is in the error of [Logs.Open] when there is no such log and there
// will be none: its pod is gone.
var ErrGone = errors.New("the pod is gone")

// ErrUnreadable is in the error of [Logs.Secrets] when some may not be read, and
// so cannot be masked.
var ErrUnreadable = errors.New("values of this Secret may be in logs unmasked")

// Objects shows the cluster. What is returned is only read.
type Objects interface {
	// Look returns a Job, the pods that bear its name and the warnings about
	// all of them. A Job that does not exist is nil. Unless fresh is asked for,
	// what is returned may be behind.
	Look(ctx context.Context, key Key, fresh bool) (*batchv1.Job, []*corev1.Pod, []*corev1.Event, error)
	// Pod returns a pod as it is now, nil when it does not exist.
	Pod(ctx context.Context, key Key) (*corev1.Pod, error)
	// Last returns a pod that is gone as it was last seen, nil when it was not.
	Last(key Key) *corev1.Pod
}

// Logs gives the logs of containers.
type Logs interface {
	// Open returns the log with time stamps, from a time on (zero: all of it),
	// until it ends, or what there is of it now. ErrGone: it is gone for good.
	Open(ctx context.Context, namespace string, stream process.Stream, since time.Time, follow bool) (io.ReadCloser, error)
	// Secrets are the values that the containers of a Job are given from
	// Secrets. One that does not exist has none. [ErrUnreadable]: these are only
	// those that may be read. With any other error they are not known now.
	Secrets(ctx context.Context, job *batchv1.Job) ([]string, error)
}

// Actions changes the cluster. Each is harmless when it was done before, and no
// error when its object is gone or is a later one of the name.
type Actions interface {
	// Stop lets a Job start no further pod and gives the pods a second to live.
	Stop(ctx context.Context, key Key, uid types.UID, pods []string) error
	// ArmTTL lets a finished Job be removed after ttl.
	ArmTTL(ctx context.Context, key Key, uid types.UID, ttl time.Duration) error
	// Delete deletes a Job, and in the background its pods.
	Delete(ctx context.Context, key Key, uid types.UID) error
	// Create creates a Job; that it exists is no error.
	Create(ctx context.Context, job *batchv1.Job) error
}

// Cluster is what the loop needs of Kubernetes.
type Cluster interface {
	Objects
	Logs
	Actions
}
