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
	"k8s.io/client-go/kubernetes"

	"kernelindexer/k8s/process"
)

// Cluster shows the objects of runs. They are only read.
type Cluster interface {
	// Job returns a Job by its name, nil if there is none.
	Job(ctx context.Context, namespace, name string) (*batchv1.Job, error)
	// Jobs returns those with the labels; namespace "" is all namespaces.
	Jobs(ctx context.Context, namespace string, with labels.Set) ([]*batchv1.Job, error)
	// Pods returns those with the labels.
	Pods(ctx context.Context, namespace string, with labels.Set) ([]*corev1.Pod, error)
	// Events returns those about an object.
	Events(ctx context.Context, namespace string, about types.UID) ([]*corev1.Event, error)
}

// Direct is a cluster that is asked each time.
type Direct struct{ Client kubernetes.Interface }

// fromCache lets the API server answer from its memory, which is as new as its watches.
const fromCache = "0"

// selector also keeps others' objects out.
func selector(with labels.Set) string {
	return labels.Merge(labels.Set{process.LabelManagedBy: process.App}, with).AsSelector().String()
}

// Job implements [Cluster].
func (d Direct) Job(ctx context.Context, namespace, name string) (*batchv1.Job, error) {
	job, err := d.Client.BatchV1().Jobs(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("job %s/%s: %w", namespace, name, err)
	}
	return job, nil
}

// Jobs implements [Cluster].
func (d Direct) Jobs(ctx context.Context, namespace string, with labels.Set) ([]*batchv1.Job, error) {
	list, err := d.Client.BatchV1().Jobs(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector(with)})
	if err != nil {
		return nil, fmt.Errorf("jobs of %s: %w", namespace, err)
	}
	return pointers(list.Items), nil
}

// Pods implements [Cluster].
func (d Direct) Pods(ctx context.Context, namespace string, with labels.Set) ([]*corev1.Pod, error) {
	list, err := d.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector(with), ResourceVersion: fromCache})
	if err != nil {
		return nil, fmt.Errorf("pods of %s: %w", namespace, err)
	}
	return pointers(list.Items), nil
}

// Events implements [Cluster].
func (d Direct) Events(ctx context.Context, namespace string, about types.UID) ([]*corev1.Event, error) {
	list, err := d.Client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.uid=" + string(about), ResourceVersion: fromCache})
	if err != nil {
		return nil, fmt.Errorf("events of %s: %w", namespace, err)
	}
	return pointers(list.Items), nil
}

func pointers[T any](items []T) []*T {
	list := make([]*T, len(items))
	for i := range items {
		list[i] = &items[i]
	}
	return list
}
