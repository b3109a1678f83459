package environment

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/image"
)

// putPackages stores the packages of an environment beside it, under a name made of their content: storing the same twice
// is storing it once. Nobody refers to them until the environment does; if it never comes to that, [Store.Sweep] removes
// them.
func (s *Store) putPackages(ctx context.Context, id string, prefixes []image.Prefix) (string, error) {
	if len(prefixes) == 0 {
		return "", nil
	}
	data, err := packPackages(prefixes)
	if err != nil {
		return "", err
	}
	const enough = 16 // hexadecimal digits
	name := id + "-" + strings.TrimPrefix(digest(data), "sha256:")[:enough]
	immutable := true
	object := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Labels:      map[string]string{LabelManagedBy: managedBy, LabelObject: objectPackages, LabelEnvironment: id},
			Annotations: map[string]string{annotationUsed: s.now().UTC().Format(time.RFC3339)},
		},
		Immutable: &immutable, BinaryData: map[string][]byte{keyPackages: data},
	}
	for try := range maxTries {
		if err := pause(ctx, try); err != nil {
			return "", err
		}
		_, err = s.maps.Create(ctx, object.DeepCopy(), metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			// Said to be of use now, so that no sweep that is under way takes it for a stray.
			_, err = s.maps.Update(ctx, object.DeepCopy(), metav1.UpdateOptions{})
		}
		if err == nil {
			return name, nil
		}
		if !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return "", fmt.Errorf("store packages: %w", err)
		}
	}
	return "", ErrBusy
}

// annotationUsed is when a list of packages was last said to be of use.
const annotationUsed = "kernel-jobs/used"

// packPackages compresses a list of packages. If it is too long for a ConfigMap the packages of the last places are left
// out, and the list says so.
func packPackages(prefixes []image.Prefix) ([]byte, error) {
	kept := append([]image.Prefix(nil), prefixes...)
	for i := len(kept); ; i-- {
		plain, err := json.Marshal(kept)
		if err != nil {
			return nil, err
		}
		data, err := compress(plain)
		if err != nil {
			return nil, err
		}
		if len(data) <= maxCompressed && len(plain) <= maxPackages {
			return data, nil
		}
		if i == 0 {
			return nil, fmt.Errorf("%w: the list of places with packages", ErrTooLarge)
		}
		last := &kept[i-1]
		last.Error = fmt.Sprintf("not kept: its %d packages make the list too long", len(last.Packages))
		last.Packages, last.Warnings = []image.Package{}, nil
	}
}

// Packages returns what is installed in an environment, by place; for a kernel, what the index said when it was registered.
func (s *Store) Packages(ctx context.Context, e *Environment) ([]image.Prefix, error) {
	name := e.current().Packages
	if name == "" {
		return []image.Prefix{}, nil
	}
	object, err := s.maps.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("%w: packages of %s: %w", ErrCorrupt, e.FullName, err)
	}
	if err != nil {
		return nil, fmt.Errorf("packages of environment %s: %w", e.FullName, err)
	}
	plain, err := decompress(object.BinaryData[keyPackages], maxPackages)
	if err != nil {
		return nil, fmt.Errorf("%w: packages of %s: %w", ErrCorrupt, e.FullName, err)
	}
	var prefixes []image.Prefix
	if err := json.Unmarshal(plain, &prefixes); err != nil {
		return nil, fmt.Errorf("%w: packages of %s: %w", ErrCorrupt, e.FullName, err)
	}
	return prefixes, nil
}

// Grace is how long objects that nobody refers to are left alone: a registration may be about to.
const Grace = time.Hour

// Swept is what a sweep removed.
type Swept struct {
	Tombstones []string // full names
	Packages   int      // lists
}

// Sweep removes tombstones that are older than keep and that inUse says no run refers to, and lists of packages that no
// environment refers to and that are older than [Grace]. It may be run at any time, by any number of replicas.
func (s *Store) Sweep(ctx context.Context, keep time.Duration, inUse func(ctx context.Context, id string) (bool, error)) (Swept, error) {
	var swept Swept
	referred := map[string]bool{}
	var old []*Environment
	var damaged error
	err := s.List(ctx, "", func(err error) { damaged = err }, func(e *Environment) bool {
		for _, r := range e.Revisions {
			referred[r.Packages] = true
		}
		if e.State == Deleted && e.DeletedAt != nil && s.now().Sub(*e.DeletedAt) > keep {
			old = append(old, e)
		}
		return true
	})
	if err != nil {
		return swept, err
	}
	for _, e := range old {
		used, err := inUse(ctx, e.ID)
		if err != nil {
			return swept, err
		}
		if used {
			continue
		}
		// Not if somebody revives it just now.
		err = s.maps.Delete(ctx, e.ID, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &e.version}})
		switch {
		case apierrors.IsConflict(err), apierrors.IsNotFound(err):
		case err != nil:
			return swept, fmt.Errorf("remove tombstone of %s: %w", e.FullName, err)
		default:
			swept.Tombstones = append(swept.Tombstones, e.FullName)
		}
	}
	if damaged != nil { // what a damaged record refers to is not known
		return swept, damaged
	}
	return swept, s.sweepPackages(ctx, referred, &swept)
}

func (s *Store) sweepPackages(ctx context.Context, referred map[string]bool, swept *Swept) error {
	stray := map[string]string{} // versions by name
	err := s.each(ctx, objectPackages, func(object *corev1.ConfigMap) bool {
		used, err := time.Parse(time.RFC3339, object.Annotations[annotationUsed])
		if !referred[object.Name] && (err != nil || s.now().Sub(used) > Grace) {
			stray[object.Name] = object.ResourceVersion
		}
		return true
	})
	if err != nil {
		return err
	}
	for name, version := range stray {
		err := s.maps.Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &version}})
		switch {
		case apierrors.IsConflict(err), apierrors.IsNotFound(err):
		case err != nil:
			return fmt.Errorf("remove packages: %w", err)
		default:
			swept.Packages++
		}
	}
	return nil
}
