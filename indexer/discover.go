package indexer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"kernelindexer/condaenv/matchspec"
	"kernelindexer/manifests"
	"kernelindexer/rootfs"
)

// Filter picks kernels. An empty field picks all; Version is meant to be used with Name.
type Filter struct {
	Language string
	Name     string
	Version  string
}

func (f Filter) isEmpty() bool { return f == Filter{} }

// String names the filter as the flags that set it.
func (f Filter) String() string {
	var parts []string
	for _, p := range [][2]string{{"language", f.Language}, {"kernel name", f.Name}, {"kernel version", f.Version}} {
		if p[1] != "" {
			parts = append(parts, fmt.Sprintf("%s %q", p[0], p[1]))
		}
	}
	return strings.Join(parts, ", ")
}

// Discover finds the kernels below the root: the directories <language>/<name>/<version> that hold a conda-meta, exactly
// at that depth. Hidden names are passed over, and so are symbolic links, which are aliases of kernels, not kernels. The
// order is that of the documents: by language and name in byte order, then by version in conda's order.
//
// A directory that cannot be listed is an error: kernels might be missed. So is a filter that picks nothing, and a
// repository without a single kernel, which is rather a volume that is not mounted.
func Discover(ctx context.Context, root *rootfs.FS, filter Filter) ([]manifests.KernelKey, error) {
	var found []manifests.KernelKey
	languages, err := directories(root, ".", filter.Language)
	if err != nil {
		return nil, &RootError{Dir: root.HostPath("."), Err: err}
	}
	for _, language := range languages {
		names, err := directories(root, language, filter.Name)
		if err != nil {
			return nil, &RootError{Dir: root.HostPath(language), Err: err}
		}
		for _, name := range names {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			kernels, err := versions(root, language, name, filter.Version)
			if err != nil {
				return nil, err
			}
			found = append(found, kernels...)
		}
	}
	switch {
	case len(found) > 0:
		return found, nil
	case filter.isEmpty():
		return nil, fmt.Errorf("%w under %s: is the kernel repository mounted?", ErrNoKernels, root.HostPath("."))
	default:
		return nil, fmt.Errorf("%w under %s with %s", ErrNoKernels, root.HostPath("."), filter)
	}
}

// versions finds the kernels of one name.
func versions(root *rootfs.FS, language, name, only string) ([]manifests.KernelKey, error) {
	dir := language + "/" + name
	list, err := directories(root, dir, only)
	if err != nil {
		return nil, &RootError{Dir: root.HostPath(dir), Err: err}
	}
	kernels := make([]manifests.KernelKey, 0, len(list))
	for _, version := range list {
		key := manifests.KernelKey{Language: language, Name: name, Version: version}
		ok, err := isKernel(root, key)
		if err != nil {
			return nil, &KernelError{Kernel: key, Err: err}
		}
		if ok {
			kernels = append(kernels, key)
		}
	}
	slices.SortFunc(kernels, func(a, b manifests.KernelKey) int { return compareVersions(a.Version, b.Version) })
	return kernels, nil
}

// isKernel reports whether a directory holds a conda-meta: a directory, or a link to one that does not leave the root.
func isKernel(root *rootfs.FS, key manifests.KernelKey) (bool, error) {
	info, err := root.Stat(key.String() + "/conda-meta")
	switch {
	case err == nil:
		return info.IsDir(), nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, rootfs.ErrOutside), errors.Is(err, errNotDirectory):
		return false, nil
	}
	return false, err
}

// directories lists the directories of dir that are neither hidden nor links, only the one called only if that is set.
// A directory that is gone meanwhile has none.
func directories(root *rootfs.FS, dir, only string) ([]string, error) {
	entries, err := root.ReadDir(dir)
	if err != nil {
		if dir != "." && errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && (only == "" || e.Name() == only) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// compareKernels is the order of the documents.
func compareKernels(a, b manifests.KernelKey) int {
	return cmp.Or(strings.Compare(a.Language, b.Language), strings.Compare(a.Name, b.Name), compareVersions(a.Version, b.Version))
}

// compareVersions orders kernel versions as conda orders package versions; names that are no versions come last, in
// byte order, which also orders versions that conda holds for equal (1.0 and 1.0.0).
func compareVersions(a, b string) int {
	va, errA := matchspec.ParseVersion(a)
	vb, errB := matchspec.ParseVersion(b)
	switch {
	case errA == nil && errB == nil:
		return cmp.Or(va.Compare(vb), strings.Compare(a, b))
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return strings.Compare(a, b)
}
