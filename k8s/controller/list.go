package controller

import (
	"context"
	"maps"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	kcache "k8s.io/client-go/tools/cache"
)

// seen is the cache of a namespace, nil for one that was not asked for. While the
// namespace is not watched the error says so, as an API server that is not there
// would: an empty cache must not be taken for an empty namespace.
func (k *Kubernetes) seen(namespace string) (*cache, error) {
	c := k.caches[namespace]
	if c != nil && !c.watched() {
		return nil, apierrors.NewServiceUnavailable("namespace " + namespace + " cannot be watched")
	}
	return c, nil
}

// Job returns a Job as it was a moment ago, nil when there was none.
func (k *Kubernetes) Job(_ context.Context, namespace, name string) (*batchv1.Job, error) {
	c, err := k.seen(namespace)
	if c == nil {
		return nil, err
	}
	object, found, err := c.jobs.GetStore().GetByKey(namespace + "/" + name)
	if err != nil || !found {
		return nil, err
	}
	return object.(*batchv1.Job), nil
}

// Jobs returns the Jobs with the labels as they were a moment ago, of all the
// namespaces that are watched when namespace is "". They are only read.
func (k *Kubernetes) Jobs(_ context.Context, namespace string, with labels.Set) (jobs []*batchv1.Job, err error) {
	names := []string{namespace}
	if namespace == "" {
		names = slices.DeleteFunc(slices.Collect(maps.Keys(k.caches)), func(name string) bool { return !k.Watched(name) })
	}
	for _, name := range names {
		c, err := k.seen(name)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		err = kcache.ListAll(c.jobs.GetStore(), with.AsSelector(), func(object any) { jobs = append(jobs, object.(*batchv1.Job)) })
		if err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// Pods returns the pods with the labels as they were a moment ago. They are only
// read.
func (k *Kubernetes) Pods(_ context.Context, namespace string, with labels.Set) (pods []*corev1.Pod, err error) {
	c, err := k.seen(namespace)
	if c == nil {
		return nil, err
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
	c, err := k.seen(namespace)
	if c == nil {
		return nil, err
	}
	objects, err := c.events.GetIndexer().ByIndex(byObject, string(about))
	for _, object := range objects {
		events = append(events, object.(*corev1.Event))
	}
	return events, err
}
