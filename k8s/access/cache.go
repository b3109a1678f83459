package access

import (
	"container/list"
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// cache keeps answers until they are too old, at most size of them: the one that nobody asked for the longest makes
// place. Several who ask for the same at once cause one question. Errors are not kept.
type cache[T any] struct {
	size int
	now  func() time.Time
	keep func(T) time.Duration // how long an answer is kept

	mu     sync.Mutex
	byKey  map[string]*list.Element // of *entry[T]
	recent list.List                // the last that was asked for comes first
	flight singleflight.Group
}

type entry[T any] struct {
	key     string
	value   T
	expires time.Time
}

func newCache[T any](size int, now func() time.Time, keep func(T) time.Duration) *cache[T] {
	return &cache[T]{size: size, now: now, keep: keep, byKey: map[string]*list.Element{}}
}

// get returns the answer for a key, of ask if it is not known. ask runs to its end even if ctx ends: others may wait for
// it, too.
func (c *cache[T]) get(ctx context.Context, key string, ask func(context.Context) (T, error)) (T, error) {
	if value, ok := c.known(key); ok {
		return value, nil
	}
	asked := c.flight.DoChan(key, func() (any, error) {
		value, err := ask(context.WithoutCancel(ctx))
		if err == nil {
			c.put(key, value)
		}
		return value, err
	})
	var none T
	select {
	case result := <-asked:
		if result.Err != nil {
			return none, result.Err
		}
		return result.Val.(T), nil
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

func (c *cache[T]) known(key string) (value T, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.byKey[key]
	if !ok {
		return value, false
	}
	e := element.Value.(*entry[T])
	if !c.now().Before(e.expires) {
		c.drop(element)
		return value, false
	}
	c.recent.MoveToFront(element)
	return e.value, true
}

func (c *cache[T]) put(key string, value T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.byKey[key]; ok {
		c.drop(element)
	}
	for c.recent.Len() >= c.size {
		c.drop(c.recent.Back())
	}
	c.byKey[key] = c.recent.PushFront(&entry[T]{key: key, value: value, expires: c.now().Add(c.keep(value))})
}

func (c *cache[T]) drop(element *list.Element) {
	delete(c.byKey, element.Value.(*entry[T]).key)
	c.recent.Remove(element)
}
