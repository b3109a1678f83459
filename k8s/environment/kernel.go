package environment

import (
	"context"

	"kernelindexer/k8s/image"
)

// Kernel makes a user environment of an indexed kernel: work runs in a base image of some registry, on the terms of
// [Registrar.Reference], in which the kernel is mounted where it was installed. Process types and user are those of the
// image, packages those of the kernel. name without a tag gets the kernel's version.
func (r *Registrar) Kernel(
	ctx context.Context, name, base, domain string, kernel KernelPath, packages []image.Package, terms Terms,
) (*Environment, Result, error) {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	if err := r.permitted(base); err != nil {
		return nil, "", err
	}
	full, err := image.ParseName(name)
	if err != nil {
		if full, err = image.ParseName(name + ":" + kernel.Version); err != nil {
			return nil, "", err
		}
	}
	if err := r.check(ctx, full, domain, terms); err != nil {
		return nil, "", err
	}
	found, err := r.pull(ctx, base)
	if err != nil {
		return nil, "", err
	}
	entry := Entry{Name: full, Scope: User, Kind: Kernel, Domain: domain, Image: pinned(found), Kernel: &kernel}
	if err := look(ctx, found, &entry); err != nil {
		return nil, "", err
	}
	entry.Prefixes = []image.Prefix{{Path: kernel.Prefix, Kind: image.CondaPrefix, Packages: packages}}
	return r.Store.Register(ctx, entry, terms)
}
