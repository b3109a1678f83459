package runs

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	clientbatchv1 "k8s.io/client-go/kubernetes/typed/batch/v1"

	"kernelindexer/k8s/process"
)

// Cluster shows the objects of runs, as they were a moment ago. They are only read.
type Cluster interface {
	// Job returns a Job by its name, nil if there is none.
	Job(ctx context.Context, namespace, name string) (*batchv1.Job, error)
	// Jobs returns those of this service with the labels; namespace "" is all domains.
	Jobs(ctx context.Context, namespace string, with labels.Set) ([]*batchv1.Job, error)
	// Pods returns those of this service with the labels.
	Pods(ctx context.Context, namespace string, with labels.Set) ([]*corev1.Pod, error)
	// Events returns the warnings about an object.
	Events(ctx context.Context, namespace string, about types.UID) ([]*corev1.Event, error)
}

// Jobs reads, makes and changes Jobs as they are; client-go's BatchV1() is one.
type Jobs interface {
	Jobs(namespace string) clientbatchv1.JobInterface
}

// fresh returns a Job as it is, nil if there is none.
func (r *Runs) fresh(ctx context.Context, namespace, name string) (*batchv1.Job, error) {
	job, err := r.Jobs.Jobs(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("job %s/%s: %w", namespace, name, err)
	}
	return job, nil
}

// freshJobs returns the Jobs with the labels as they are.
func (r *Runs) freshJobs(ctx context.Context, namespace string, with labels.Set) ([]*batchv1.Job, error) {
	selector := labels.Merge(labels.Set{process.LabelManagedBy: process.App}, with).AsSelector().String()
	found, err := r.Jobs.Jobs(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("jobs of %s: %w", namespace, err)
	}
	jobs := make([]*batchv1.Job, len(found.Items))
	for i := range found.Items {
		jobs[i] = &found.Items[i]
	}
	return jobs, nil
}
