package controller

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/client-go/kubernetes"
	kcache "k8s.io/client-go/tools/cache"
)

// Patience is how long [Connect] waits for namespaces that cannot be watched.
const Patience = 20 * time.Second

// Connect is [ConnectWithin] with [Patience].
func Connect(ctx context.Context, client kubernetes.Interface, namespaces []string, changed func(Key)) (*Kubernetes, error) {
	return ConnectWithin(ctx, Patience, client, namespaces, changed)
}

// ConnectWithin starts to watch namespaces, and returns the cluster when it has
// seen them once, or after some time: one that is missing or refused must not
// keep the others. It is watched as soon as that can be; see [Kubernetes.Unwatched].
// changed is told of every Job about which something has changed, and must not
// wait. The watches end with ctx, whose end is the only error while they begin.
func ConnectWithin(
	ctx context.Context, patience time.Duration, client kubernetes.Interface, namespaces []string, changed func(Key),
) (*Kubernetes, error) {
	k := &Kubernetes{client: client, caches: map[string]*cache{}}
	for _, namespace := range namespaces {
		c, err := newCache(client, namespace, changed)
		if err != nil {
			return nil, fmt.Errorf("namespace %s: %w", namespace, err)
		}
		k.caches[namespace] = c
	}
	for _, c := range k.caches {
		for _, factory := range c.factories {
			factory.Start(ctx.Done())
		}
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, c := range k.caches {
		c.wait(waiting)
	}
	if ctx.Err() != nil {
		k.Wait()
		return nil, context.Cause(ctx)
	}
	return k, nil
}

// Wait returns when the watches have ended, after the context of Connect.
func (k *Kubernetes) Wait() {
	for _, c := range k.caches {
		for _, factory := range c.factories {
			factory.Shutdown()
		}
	}
}

// Unwatched are the namespaces that have not been seen yet, sorted: they do not
// exist, or this service has no right to watch them. What is cached of them is
// nothing, which says nothing of what is there.
func (k *Kubernetes) Unwatched() []string {
	var names []string
	for name, c := range k.caches {
		if !c.watched() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Watched says that a namespace has been seen; false for one that was not asked
// for.
func (k *Kubernetes) Watched(namespace string) bool {
	c := k.caches[namespace]
	return c != nil && c.watched()
}

// AwaitWatch waits until a namespace is watched, and says whether it is: not so
// when ctx has ended, or when it was not asked for.
func (k *Kubernetes) AwaitWatch(ctx context.Context, namespace string) bool {
	c := k.caches[namespace]
	return c != nil && c.wait(ctx)
}

func (c *cache) informers() []kcache.SharedIndexInformer {
	return []kcache.SharedIndexInformer{c.jobs, c.pods, c.events}
}

// watched says that all of a namespace has been seen once.
func (c *cache) watched() bool {
	return !slices.ContainsFunc(c.informers(), func(informer kcache.SharedIndexInformer) bool { return !informer.HasSynced() })
}

// wait waits until all of a namespace has been seen once.
func (c *cache) wait(ctx context.Context) bool {
	return kcache.WaitForCacheSync(ctx.Done(), c.jobs.HasSynced, c.pods.HasSynced, c.events.HasSynced)
}
