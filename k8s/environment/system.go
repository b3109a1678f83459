package environment

import (
	"context"
	"errors"

	"kernelindexer/k8s/image"
)

// System makes a system environment of an image in some registry: the configuration decides which, so neither the
// prefixes that users may name nor their number bound it. Where the name has the digest already that the reference has
// now, the image is not looked into again, and nothing changes.
//
// A user's environment of that name is [ErrExistsInOtherDomain]: whoever came first has the name.
func (r *Registrar) System(ctx context.Context, name image.Name, reference, by string) (*Environment, Result, error) {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	terms := Terms{By: by}
	if err := r.Store.Check(ctx, name, System, "", terms); err != nil {
		return nil, "", err
	}
	found, err := r.pull(ctx, reference)
	if err != nil {
		return nil, "", err
	}
	old, err := r.Store.Get(ctx, IDOf(name.String()))
	switch {
	case err == nil && old.State == Active && old.Image == pinned(found):
		return old, Unchanged, nil
	case err != nil && !errors.Is(err, ErrNotFound):
		return nil, "", err
	}
	entry := Entry{Name: name, Scope: System, Kind: Image, Image: pinned(found)}
	if err := look(ctx, found, &entry); err != nil {
		return nil, "", err
	}
	return r.Store.Register(ctx, entry, terms)
}

// RetireSystem makes tombstones of the system environments that keep says no to, by their full names, and returns the
// names of those. Damaged records are handed to broken, and stay.
func (s *Store) RetireSystem(ctx context.Context, keep func(fullName string) bool, by string, broken func(error)) ([]string, error) {
	var old []*Environment
	err := s.List(ctx, "", broken, func(e *Environment) bool {
		if e.Scope == System && e.State == Active && !keep(e.FullName) {
			old = append(old, e)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	var retired []string
	for _, e := range old {
		if _, err := s.delete(ctx, e.ID, System, Terms{By: by}); err != nil && !errors.Is(err, ErrNotFound) {
			return retired, err
		}
		retired = append(retired, e.FullName)
	}
	return retired, nil
}
