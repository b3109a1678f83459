package controller

import (
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// past remembers something of the objects of a namespace that went last, by
// name. The zero value is ready for use.
type past[T any] struct {
	mu    sync.Mutex
	known map[string]T
	next  int
	ring  [maxPast]string // names, of which next is the oldest
}

// maxPast is how many objects of a kind are remembered.
const maxPast = 1000

func (p *past[T]) add(name string, what T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[string]T{}
	}
	if _, again := p.known[name]; !again {
		delete(p.known, p.ring[p.next])
		p.ring[p.next] = name
		p.next = (p.next + 1) % maxPast
	}
	p.known[name] = what
}

// get returns what is remembered, or the zero value.
func (p *past[T]) get(name string) T {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[name]
}

// left remembers an object that is gone. A pod that was evicted says how its
// containers ended a moment before that, and who copies its log asks a moment
// after.
func (c *cache) left(object any) {
	switch object := object.(type) {
	case *corev1.Pod:
		c.pastPods.add(object.Name, endOf(object))
	case *batchv1.Job:
		c.pastJobs.add(object.Name, object.UID)
	}
}

// endOf is what [process.EndOf] reads of a pod, and no more: a thousand of them are kept.
func endOf(pod *corev1.Pod) *corev1.Pod {
	end := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: pod.Name, Namespace: pod.Namespace,
			DeletionTimestamp: pod.DeletionTimestamp, DeletionGracePeriodSeconds: pod.DeletionGracePeriodSeconds,
		},
		Status: corev1.PodStatus{Phase: pod.Status.Phase, Reason: pod.Status.Reason, Message: pod.Status.Message},
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.DisruptionTarget {
			end.Status.Conditions = append(end.Status.Conditions, condition)
		}
	}
	for _, status := range pod.Status.InitContainerStatuses {
		end.Status.InitContainerStatuses = append(end.Status.InitContainerStatuses, corev1.ContainerStatus{Name: status.Name, State: status.State})
	}
	for _, status := range pod.Status.ContainerStatuses {
		end.Status.ContainerStatuses = append(end.Status.ContainerStatuses, corev1.ContainerStatus{Name: status.Name, State: status.State})
	}
	return end
}

// Last implements [Objects].
func (k *Kubernetes) Last(key Key) *corev1.Pod {
	if c := k.caches[key.Namespace]; c != nil {
		return c.pastPods.get(key.Name)
	}
	return nil
}

// vanished says that a Job was seen to go, and none of its name since. With a
// namespace also the right to ask for its Jobs goes.
func (k *Kubernetes) vanished(key Key) bool {
	c := k.caches[key.Namespace]
	if c == nil || c.pastJobs.get(key.Name) == "" {
		return false
	}
	_, there, err := c.jobs.GetStore().GetByKey(key.String())
	return err == nil && !there
}
