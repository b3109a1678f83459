package api

import (
	"sync"
)

// kept keeps some of what is slow to make and never changes, by name: when there is no room, another one goes. It is safe for
// concurrent use; two who ask for the same at once may both make it.
type kept[V any] struct {
	mu     sync.Mutex
	most   int
	values map[string]V
}

func newKept[V any](most int) *kept[V] { return &kept[V]{most: most, values: map[string]V{}} }

// get returns the value of a name, of produce if it is not known. Errors are not kept.
func (k *kept[V]) get(name string, produce func() (V, error)) (V, error) {
	k.mu.Lock()
	value, known := k.values[name]
	k.mu.Unlock()
	if known {
		return value, nil
	}
	value, err := produce()
	if err != nil {
		return value, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.values) >= k.most {
		for other := range k.values { // any: those who list all ask for each in turn
			delete(k.values, other)
			break
		}
	}
	k.values[name] = value
	return value, nil
}
