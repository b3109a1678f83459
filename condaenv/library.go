package condaenv

import (
	"context"
	"io/fs"
	"slices"
	"strings"

	"kernelindexer/condaenv/rlib"
)

// Library returns the packages of the prefix's R libraries, which conda knows nothing of: what R's installed.packages()
// says, read without R. A prefix without R has none. It fails where R's answer fails as a whole.
func Library(ctx context.Context, fsys fs.FS, prefix string) (Listing, error) {
	if err := ctx.Err(); err != nil {
		return Listing{}, err
	}
	installed, warnings, err := rlib.InstalledIn(fsys, rlib.Libraries(fsys, prefix)...)
	if err != nil {
		return Listing{}, err
	}
	list := Listing{Packages: make([]Package, 0, len(installed)), Warnings: warnings}
	for _, p := range installed {
		list.Packages = append(list.Packages, Package{Name: p.Name, Version: p.Version}.valid())
	}
	slices.SortFunc(list.Packages, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}
