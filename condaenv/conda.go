package condaenv

import (
	"context"
	"slices"
	"strings"

	"kernelindexer/condaenv/condacmd"
)

// Conda lists prefixes by asking a conda: the same answer as that of [Files], from the program itself.
type Conda struct {
	Command *condacmd.Lister
	// HostPath makes a prefix of the kernel repository an absolute path for conda.
	HostPath func(prefix string) string
}

// List returns what conda says of the prefix, a slash path below the kernel root.
func (c *Conda) List(ctx context.Context, prefix string) (Listing, error) {
	answer, err := c.Command.List(ctx, c.HostPath(prefix))
	if err != nil {
		return Listing{}, err
	}
	list := Listing{Packages: make([]Package, 0, len(answer.Packages)), Warnings: answer.Warnings}
	for _, p := range answer.Packages {
		list.Packages = append(list.Packages,
			Package{Name: p.Name, Version: p.Version, Build: p.Build, Channel: p.Channel}.valid())
	}
	slices.SortStableFunc(list.Packages, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}
