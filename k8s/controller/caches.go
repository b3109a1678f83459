package controller

import (
	"context"
	"errors"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	kcache "k8s.io/client-go/tools/cache"

	"kernelindexer/k8s/process"
)

// cache holds the Jobs and pods of this service in one namespace, and the
// warnings of all: an event has no labels to be chosen by.
type cache struct {
	namespace string
	factories []informers.SharedInformerFactory
	jobs      kcache.SharedIndexInformer
	pods      kcache.SharedIndexInformer
	events    kcache.SharedIndexInformer
	pastPods  past[*corev1.Pod] // their status only: a few MB at most
	pastJobs  past[types.UID]
}

// Names of the indexes.
const (
	byJobName = "job"
	byObject  = "object"
)

func newCache(client kubernetes.Interface, namespace string, changed func(Key)) (*cache, error) {
	ours := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace),
		informers.WithTransform(lighten),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = process.Selector() }))
	warnings := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace),
		informers.WithTransform(lighten),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("type", corev1.EventTypeWarning).String()
		}))
	c := &cache{
		namespace: namespace, factories: []informers.SharedInformerFactory{ours, warnings},
		jobs: ours.Batch().V1().Jobs().Informer(), pods: ours.Core().V1().Pods().Informer(),
		events: warnings.Core().V1().Events().Informer(),
	}
	return c, errors.Join(
		c.pods.AddIndexers(kcache.Indexers{byJobName: func(object any) ([]string, error) {
			if pod, ok := object.(*corev1.Pod); ok {
				return []string{pod.Labels[batchv1.JobNameLabel]}, nil
			}
			return nil, nil
		}}),
		c.events.AddIndexers(kcache.Indexers{byObject: func(object any) ([]string, error) {
			if event, ok := object.(*corev1.Event); ok {
				return []string{string(event.InvolvedObject.UID)}, nil
			}
			return nil, nil
		}}),
		c.tell(changed))
}

// tell says of which Job an object is, whenever it changes.
func (c *cache) tell(changed func(Key)) error {
	notify := func(object any) {
		switch object := object.(type) {
		case *batchv1.Job:
			changed(Key{Namespace: object.Namespace, Name: object.Name})
		case *corev1.Pod:
			changed(Key{Namespace: object.Namespace, Name: object.Labels[batchv1.JobNameLabel]})
		case *corev1.Event:
			if key, ok := c.about(object); ok {
				changed(key)
			}
		}
	}
	handler := kcache.ResourceEventHandlerFuncs{
		AddFunc: notify, UpdateFunc: func(_, object any) { notify(object) },
		DeleteFunc: func(object any) {
			if unseen, ok := object.(kcache.DeletedFinalStateUnknown); ok {
				object = unseen.Obj
			}
			c.left(object)
			notify(object)
		},
	}
	var errs []error
	for _, informer := range c.informers() {
		_, err := informer.AddEventHandler(handler)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// about is the Job that an event is about, directly or by one of its pods.
func (c *cache) about(event *corev1.Event) (Key, bool) {
	name := event.InvolvedObject.Namespace + "/" + event.InvolvedObject.Name
	switch event.InvolvedObject.Kind {
	case "Job":
		if _, ours, err := c.jobs.GetStore().GetByKey(name); err == nil && ours {
			return Key{Namespace: event.InvolvedObject.Namespace, Name: event.InvolvedObject.Name}, true
		}
	case "Pod":
		if object, ours, err := c.pods.GetStore().GetByKey(name); err == nil && ours {
			return Key{Namespace: c.namespace, Name: object.(*corev1.Pod).Labels[batchv1.JobNameLabel]}, true
		}
	}
	return Key{}, false
}

// Look implements [Objects]. Events are never asked for: they explain, and decide nothing that cannot wait for the next
// one, and the API server would go through all of a namespace to find those of one object.
func (k *Kubernetes) Look(ctx context.Context, key Key, fresh bool) (*batchv1.Job, []*corev1.Pod, []*corev1.Event, error) {
	c := k.caches[key.Namespace]
	see := c.objects
	if c == nil || fresh || !c.watched() {
		see = k.fresh
	}
	job, pods, err := see(ctx, key)
	if err != nil || c == nil {
		return job, pods, nil, err
	}
	events, err := c.warnings(uids(job, pods))
	return job, pods, events, err
}

// objects are a Job and its pods as they were last seen.
func (c *cache) objects(_ context.Context, key Key) (*batchv1.Job, []*corev1.Pod, error) {
	object, found, err := c.jobs.GetStore().GetByKey(key.String())
	if err != nil {
		return nil, nil, err
	}
	var job *batchv1.Job
	if found {
		job = object.(*batchv1.Job)
	}
	objects, err := c.pods.GetIndexer().ByIndex(byJobName, key.Name)
	if err != nil {
		return nil, nil, err
	}
	var pods []*corev1.Pod
	for _, object := range objects {
		pods = append(pods, object.(*corev1.Pod))
	}
	return job, pods, nil
}

// fresh are a Job and its pods as the API server has them.
func (k *Kubernetes) fresh(ctx context.Context, key Key) (*batchv1.Job, []*corev1.Pod, error) {
	job, err := k.client.BatchV1().Jobs(key.Namespace).Get(ctx, key.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) && k.vanished(key) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	list, err := k.client.CoreV1().Pods(key.Namespace).List(ctx, metav1.ListOptions{LabelSelector: batchv1.JobNameLabel + "=" + key.Name})
	if err != nil {
		return nil, nil, err
	}
	var pods []*corev1.Pod
	for i := range list.Items {
		pods = append(pods, &list.Items[i])
	}
	return job, pods, nil
}

// warnings are the events about objects.
func (c *cache) warnings(uids []string) ([]*corev1.Event, error) {
	var events []*corev1.Event
	for _, uid := range uids {
		objects, err := c.events.GetIndexer().ByIndex(byObject, uid)
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			events = append(events, object.(*corev1.Event))
		}
	}
	return events, nil
}

func uids(job *batchv1.Job, pods []*corev1.Pod) []string {
	var uids []string
	if job != nil {
		uids = append(uids, string(job.UID))
	}
	for _, pod := range pods {
		uids = append(uids, string(pod.UID))
	}
	return uids
}
