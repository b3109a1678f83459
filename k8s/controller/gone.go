package controller

import (
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// gone remembers how the pods of a namespace that went last were seen last. A pod
// that was evicted says how its containers ended a moment before it is gone, and
// who copies its log asks a moment after. The zero value is ready for use.
type gone struct {
	mu   sync.Mutex
	pods map[string]*corev1.Pod
	next int
	ring [maxGone]string // names, of which next is the oldest
}

// maxGone is how many pods are remembered, their status only: a few MB at most.
const maxGone = 1000

func (g *gone) add(pod *corev1.Pod) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pods == nil {
		g.pods = map[string]*corev1.Pod{}
	}
	if g.pods[pod.Name] == nil {
		delete(g.pods, g.ring[g.next])
		g.ring[g.next] = pod.Name
		g.next = (g.next + 1) % maxGone
	}
	g.pods[pod.Name] = &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace}, Status: pod.Status}
}

func (g *gone) get(name string) *corev1.Pod {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pods[name]
}
