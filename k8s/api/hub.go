package api

import (
	"context"
	"sync"
	"time"
)

// hub looks at things now and then, once for all who want to know, and only while somebody does.
type hub[K comparable, V any] struct {
	look  func(context.Context, K) (V, error)
	same  func(a, b V) bool
	every time.Duration

	mu     sync.Mutex
	topics map[K]*topic[V]
}

// topic is one thing that is looked at.
type topic[V any] struct {
	users   int
	stop    context.CancelFunc
	value   V
	known   bool          // that it was seen at all
	changed chan struct{} // is closed with the next change
}

func newHub[K comparable, V any](every time.Duration, look func(context.Context, K) (V, error), same func(a, b V) bool) *hub[K, V] {
	return &hub[K, V]{look: look, same: same, every: every, topics: map[K]*topic[V]{}}
}

// subscription is somebody's interest in a topic. Whoever has one closes it.
type subscription[K comparable, V any] struct {
	hub   *hub[K, V]
	key   K
	topic *topic[V]
}

// subscribe begins to look at a thing, unless somebody did already.
func (h *hub[K, V]) subscribe(key K) *subscription[K, V] {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[key]
	if t == nil {
		ctx, stop := context.WithCancel(context.Background())
		t = &topic[V]{stop: stop, changed: make(chan struct{})}
		h.topics[key] = t
		go h.watch(ctx, key, t)
	}
	t.users++
	return &subscription[K, V]{h, key, t}
}

// watch looks until nobody wants to know any more. What cannot be seen is as it was.
func (h *hub[K, V]) watch(ctx context.Context, key K, t *topic[V]) {
	ticker := time.NewTicker(h.every)
	defer ticker.Stop()
	for {
		value, err := h.look(ctx, key)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			h.mu.Lock()
			if !t.known || !h.same(t.value, value) {
				t.value, t.known = value, true
				close(t.changed)
				t.changed = make(chan struct{})
			}
			h.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// current is what was seen last, if anything was, and a channel that is closed with the next change.
func (s *subscription[K, V]) current() (value V, known bool, changed <-chan struct{}) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.topic.value, s.topic.known, s.topic.changed
}

func (s *subscription[K, V]) close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.topic.users--; s.topic.users == 0 {
		s.topic.stop()
		delete(s.hub.topics, s.key)
	}
}
