package environment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"kernelindexer/k8s/image"
	"kernelindexer/k8s/processtype"
)

// Entry is the content of an environment that is to be registered.
type Entry struct {
	Name     image.Name
	Scope    Scope
	Kind     Kind
	Domain   string // of a user environment
	Image    string // repository@sha256:…
	ImageID  string
	Platform string
	User     image.User
	Runtime  Runtime
	Kernel   *KernelPath
	Size     int64
	Types    *processtype.Set // nil for none
	Prefixes []image.Prefix
	Warnings []string
}

// Terms are the conditions on which something is changed.
type Terms struct {
	// By is who does it, and owns what is created.
	By string
	// Keep refuses to touch an active environment that exists.
	Keep bool
	// Revision is what the environment must have, if it is not 0.
	Revision int64
	// ID is the environment that is meant, where one is: an image of another name is then refused.
	ID string
	// Permit is asked before an environment of the same domain that exists is changed. Its error is returned as it is.
	// Nil permits it.
	Permit func(ctx context.Context, existing *Environment) error
}

// Result is what registering did.
type Result string

// The results.
const (
	Created   Result = "created"
	Replaced  Result = "replaced"  // there is a new revision, or a deleted environment is back
	Unchanged Result = "unchanged" // it had the same content already
)

// Check says whether an environment of that name could be registered now, without doing it: before the work of
// reading and pushing an image.
func (s *Store) Check(ctx context.Context, name image.Name, scope Scope, domain string, terms Terms) error {
	id := IDOf(name.String())
	old, err := s.Get(ctx, id)
	if errors.Is(err, ErrNotFound) {
		old, err = nil, nil
	}
	if err != nil {
		return err
	}
	return admit(ctx, old, id, scope, domain, terms)
}

// admit is the table of who may register what over what.
//
//	nothing there            yes, unless a certain environment or revision is meant
//	a system environment     only the configuration
//	another domain's         no; deleted or not, its name is taken
//	one's own domain's       as Terms say
func admit(ctx context.Context, old *Environment, id string, scope Scope, domain string, terms Terms) error {
	switch {
	case terms.ID != "" && terms.ID != id:
		return ErrNameMismatch
	case old == nil && terms.ID != "":
		return ErrNotFound
	case old == nil && terms.Revision != 0:
		return ErrRevision
	case old == nil:
		return nil
	case old.Scope == System && scope != System:
		return ErrSystem
	case old.Scope != scope || old.DomainID != domain:
		return ErrExistsInOtherDomain
	case terms.Revision != 0 && terms.Revision != old.Revision:
		return ErrRevision
	case terms.Permit != nil:
		if err := terms.Permit(ctx, old); err != nil {
			return err
		}
	}
	if terms.Keep && old.State == Active {
		return ErrExistsInDomain
	}
	return nil
}

// Register makes an environment, or a new revision of one. Of any number of attempts at once for one name that does not
// exist, exactly one has the result [Created]; the others come after it, and are decided on as such.
func (s *Store) Register(ctx context.Context, entry Entry, terms Terms) (*Environment, Result, error) {
	next, err := s.prepare(ctx, entry, terms)
	if err != nil {
		return nil, "", err
	}
	var result Result
	made, err := s.change(ctx, next.ID, func(old *Environment) (*Environment, error) {
		if err := admit(ctx, old, next.ID, entry.Scope, entry.Domain, terms); err != nil {
			return nil, err
		}
		var changed *Environment
		changed, result = succeed(old, next)
		return changed, nil
	})
	if err != nil {
		return nil, "", err
	}
	return made, result, nil
}

// prepare makes an environment of an entry, its packages stored.
func (s *Store) prepare(ctx context.Context, entry Entry, terms Terms) (*Environment, error) {
	now := s.now().UTC().Truncate(1e9)
	e := &Environment{
		ID: IDOf(entry.Name.String()), Name: entry.Name.Repository, Tag: entry.Name.Tag, FullName: entry.Name.String(),
		Scope: entry.Scope, Kind: entry.Kind, DomainID: entry.Domain,
		Image: entry.Image, ImageID: entry.ImageID, Platform: entry.Platform, User: entry.User, Runtime: entry.Runtime,
		Kernel: entry.Kernel, SizeBytes: entry.Size, ProcessTypes: []string{}, Warnings: entry.Warnings,
		CreatedBy: terms.By, CreatedAt: now, UpdatedBy: terms.By, UpdatedAt: now, State: Active, Revision: 1,
	}
	if e.Warnings == nil {
		e.Warnings = []string{}
	}
	revision := Revision{Number: 1, Image: entry.Image, ImageID: entry.ImageID, By: terms.By, At: now}
	if entry.Types != nil && len(entry.Types.Names()) > 0 {
		var err error
		if e.schemas, err = compress(entry.Types.Raw()); err != nil {
			return nil, err
		}
		e.ProcessTypes, revision.Schemas = entry.Types.Names(), digest(entry.Types.Raw())
	}
	for _, p := range entry.Prefixes {
		e.PackageCount += len(p.Packages)
	}
	e.Revisions = []Revision{revision}
	if _, err := encode(e); err != nil { // too large, before anything is written
		return nil, err
	}
	var err error
	if e.Revisions[0].Packages, err = s.putPackages(ctx, e.ID, entry.Prefixes); err != nil {
		return nil, err
	}
	return e, nil
}

// succeed makes next the successor of old, which may be nil. It returns nil if nothing has changed.
func succeed(old, next *Environment) (*Environment, Result) {
	if old == nil {
		return next, Created
	}
	was, is := old.current(), next.current()
	if old.State == Active && was.Image == is.Image && was.ImageID == is.ImageID && was.Schemas == is.Schemas &&
		was.Packages == is.Packages && samePath(old.Kernel, next.Kernel) {
		return nil, Unchanged
	}
	changed := *next
	changed.version = old.version
	changed.CreatedBy, changed.CreatedAt = old.CreatedBy, old.CreatedAt
	changed.Revision = old.Revision + 1
	is.Number = changed.Revision
	changed.Revisions = slices.Concat([]Revision{is}, old.Revisions)
	changed.Revisions = changed.Revisions[:min(len(changed.Revisions), MaxRevisions)]
	return &changed, Replaced
}

func samePath(a, b *KernelPath) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// Delete makes a tombstone of a user environment. Deleting one that is deleted already changes nothing.
func (s *Store) Delete(ctx context.Context, id string, terms Terms) (*Environment, error) {
	return s.delete(ctx, id, User, terms)
}

// delete makes a tombstone of an environment of a scope.
func (s *Store) delete(ctx context.Context, id string, scope Scope, terms Terms) (*Environment, error) {
	return s.change(ctx, id, func(old *Environment) (*Environment, error) {
		switch {
		case old == nil || scope == System && old.Scope != System:
			return nil, ErrNotFound
		case old.Scope != scope:
			return nil, ErrSystem
		case terms.Revision != 0 && terms.Revision != old.Revision:
			return nil, ErrRevision
		}
		if terms.Permit != nil {
			if err := terms.Permit(ctx, old); err != nil {
				return nil, err
			}
		}
		if old.State == Deleted {
			return nil, nil
		}
		now := s.now().UTC().Truncate(1e9)
		next := *old
		next.State, next.DeletedBy, next.DeletedAt = Deleted, terms.By, &now
		next.UpdatedBy, next.UpdatedAt = terms.By, now
		next.Revision++
		return &next, nil
	})
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return fmt.Sprintf("sha256:%s", hex.EncodeToString(sum[:]))
}
