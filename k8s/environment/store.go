package environment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/image"
)

// ConfigMaps is what the store needs of client-go's ConfigMaps of one namespace.
type ConfigMaps interface {
	Get(ctx context.Context, name string, o metav1.GetOptions) (*corev1.ConfigMap, error)
	List(ctx context.Context, o metav1.ListOptions) (*corev1.ConfigMapList, error)
	Create(ctx context.Context, object *corev1.ConfigMap, o metav1.CreateOptions) (*corev1.ConfigMap, error)
	Update(ctx context.Context, object *corev1.ConfigMap, o metav1.UpdateOptions) (*corev1.ConfigMap, error)
	Delete(ctx context.Context, name string, o metav1.DeleteOptions) error
}

// Store keeps environments in ConfigMaps. It remembers nothing itself, so that several replicas may work side by side.
// It is safe for concurrent use. Errors that are none of this package's are the API server's.
type Store struct {
	maps ConfigMaps
	now  func() time.Time
}

// NewStore returns a store in the namespace of maps, which should be the backend's own. now is the clock; nil is the
// system's.
func NewStore(maps ConfigMaps, now func() time.Time) *Store {
	if now == nil {
		now = time.Now
	}
	return &Store{maps: maps, now: now}
}

// Get returns an environment, also a deleted one. The error is [ErrNotFound] if there is none.
func (s *Store) Get(ctx context.Context, id string) (*Environment, error) {
	if !IsID(id) {
		return nil, ErrNotFound
	}
	object, err := s.maps.Get(ctx, id, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("get environment %s: %w", id, err)
	}
	return decode(object)
}

// pageSize is how many objects are listed at once: each may have a MiB.
const pageSize = 20

// List calls yield for every environment in the order of IDs, the deleted ones included, until yield returns false. Those
// of a domain are its own and the system's; domain "" means all. Damaged records are handed to broken, and passed over.
func (s *Store) List(ctx context.Context, domain string, broken func(error), yield func(*Environment) bool) error {
	return s.each(ctx, objectEnvironment, func(object *corev1.ConfigMap) bool {
		e, err := decode(object)
		switch {
		case err != nil:
			if broken != nil {
				broken(err)
			}
			return true
		case domain != "" && !e.For(domain):
			return true
		}
		return yield(e)
	})
}

// tombstonesPerPlace is how many tombstones a domain may have for each environment: they go by themselves, after a while,
// but whoever makes and deletes without end could make more until then than the cluster can keep.
const tombstonesPerPlace = 4

// Room says whether a domain may have another environment, if it is to have at most so many, or 0 for any number: the error
// is [ErrTooMany] if not. An environment that there is already needs no further room.
func (s *Store) Room(ctx context.Context, name image.Name, domain string, most int) error {
	old, err := s.Get(ctx, IDOf(name.String()))
	switch {
	case most <= 0 || err == nil && old.State == Active:
		return nil
	case err != nil && !errors.Is(err, ErrNotFound):
		return err
	}
	active, deleted := 0, 0
	err = s.each(ctx, objectEnvironment+","+LabelDomain+"="+domain, func(object *corev1.ConfigMap) bool {
		if object.Labels[LabelState] == string(Deleted) {
			deleted++
		} else {
			active++
		}
		return active < most && deleted < most*tombstonesPerPlace
	})
	switch {
	case err != nil:
		return err
	case active >= most:
		return fmt.Errorf("%w: %d", ErrTooMany, most)
	case deleted >= most*tombstonesPerPlace:
		return fmt.Errorf("%w: %d deleted ones are remembered still", ErrTooMany, deleted)
	}
	return nil
}

// each lists the objects of a kind page by page. More labels may follow the kind, after a comma.
func (s *Store) each(ctx context.Context, kind string, yield func(*corev1.ConfigMap) bool) error {
	options := metav1.ListOptions{
		LabelSelector: LabelManagedBy + "=" + managedBy + "," + LabelObject + "=" + kind, Limit: pageSize,
	}
	for {
		page, err := s.maps.List(ctx, options)
		if err != nil {
			return fmt.Errorf("list %s: %w", kind, err)
		}
		for i := range page.Items {
			if !yield(&page.Items[i]) {
				return nil
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			return nil
		}
	}
}

// maxTries is how often a change that another one has overtaken is tried again.
const maxTries = 12

// change makes a new state of an environment out of the one that there is, nil if there is none, and stores it. decide is
// called again with the newer one whenever somebody was faster. It returns nil if nothing is to be done.
func (s *Store) change(ctx context.Context, id string, decide func(old *Environment) (*Environment, error)) (*Environment, error) {
	for try := range maxTries {
		if err := pause(ctx, try); err != nil {
			return nil, err
		}
		old, err := s.Get(ctx, id)
		if errors.Is(err, ErrNotFound) {
			old, err = nil, nil
		}
		if err != nil {
			return nil, err
		}
		next, err := decide(old)
		if err != nil {
			return nil, err
		}
		if next == nil {
			return old, nil
		}
		object, err := encode(next)
		if err != nil {
			return nil, err
		}
		if old == nil {
			object, err = s.maps.Create(ctx, object, metav1.CreateOptions{})
		} else {
			object, err = s.maps.Update(ctx, object, metav1.UpdateOptions{})
		}
		switch {
		case err == nil:
			return decode(object)
		case apierrors.IsAlreadyExists(err), apierrors.IsConflict(err), apierrors.IsNotFound(err) && old != nil:
		default:
			return nil, fmt.Errorf("store environment %s: %w", next.FullName, err)
		}
	}
	return nil, ErrBusy
}

// pause waits before a further try, longer each time and never the same.
func pause(ctx context.Context, try int) error {
	if try == 0 {
		return ctx.Err()
	}
	wait := time.NewTimer(time.Millisecond * time.Duration(1+rand.IntN(10<<min(try, 6))))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wait.C:
		return nil
	}
}
