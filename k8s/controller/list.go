package controller

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	kcache "k8s.io/client-go/tools/cache"
)

// Job returns a Job as it was a moment ago, nil when there was none.
func (k *Kubernetes) Job(_ context.Context, namespace, name string) (*batchv1.Job, error) {
	c := k.caches[namespace]
	if c == nil {
		return nil, nil
	}
	object, found, err := c.jobs.GetStore().GetByKey(namespace + "/" + name)
	if err != nil || !found {
		return nil, err
	}
	return object.(*batchv1.Job), nil
}

// Jobs returns the Jobs with the labels as they were a moment ago, of all the
// namespaces when namespace is "". They are only read.
func (k *Kubernetes) Jobs(_ context.Context, namespace string, with labels.Set) (jobs []*batchv1.Job, err error) {
	for name, c := range k.caches {
		if namespace == "" || name == namespace {
			err = kcache.ListAll(c.jobs.GetStore(), with.AsSelector(), func(object any) { jobs = append(jobs, object.(*batchv1.Job)) })
		}
		if err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// Pods returns the pods with the labels as they were a moment ago. They are only
// read.
func (k *Kubernetes) Pods(_ context.Context, namespace string, with labels.Set) (pods []*corev1.Pod, err error) {
	c := k.caches[namespace]
	if c == nil {
		return nil, nil
	}
	if job, only := with[batchv1.JobNameLabel]; only && len(with) == 1 {
		objects, err := c.pods.GetIndexer().ByIndex(byJobName, job)
		for _, object := range objects {
			pods = append(pods, object.(*corev1.Pod))
		}
		return pods, err
	}
	err = kcache.ListAll(c.pods.GetStore(), with.AsSelector(), func(object any) { pods = append(pods, object.(*corev1.Pod)) })
	return pods, err
}

// Events returns the warnings about an object as they were a moment ago. They are
// only read.
func (k *Kubernetes) Events(_ context.Context, namespace string, about types.UID) (events []*corev1.Event, err error) {
	c := k.caches[namespace]
	if c == nil {
		return nil, nil
	}
	objects, err := c.events.GetIndexer().ByIndex(byObject, string(about))
	for _, object := range objects {
		events = append(events, object.(*corev1.Event))
	}
	return events, err
}
