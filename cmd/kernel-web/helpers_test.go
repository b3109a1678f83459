package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"kernelindexer/manifests"
)

// runEnv makes the test binary be the program.
const runEnv = "KERNEL_WEB_TEST_RUN"

// publish publishes a pair in a directory: publish DIR VERSION [KERNELS]. Each kernel has numpy and thirty packages
// more; VERSION is that of each kernel and of numpy.
func publish(ctx context.Context, args []string) error {
	dir, version, kernels := args[0], args[1], 2
	if len(args) > 2 {
		var err error
		if kernels, err = strconv.Atoi(args[2]); err != nil {
			return err
		}
	}
	out, err := manifests.OpenDir(dir, manifests.Atomic)
	if err != nil {
		return err
	}
	defer out.Close()
	now := time.Now()
	names := manifests.Publication{Collated: manifests.CollatedName, Index: manifests.PackageIndexName}
	summary, err := out.Publish(ctx, entries(version, kernels, now), now, names)
	if err != nil {
		return err
	}
	return out.WriteStatus(manifests.Status{
		Start: manifests.FormatTime(now), End: manifests.FormatTime(now), Phase: manifests.PhaseCollate,
		Kernels: kernels, Indexed: kernels, Generation: summary.Generation,
	})
}

func entries(version string, kernels int, now time.Time) func(yield func(manifests.Entry, error) bool) {
	return func(yield func(manifests.Entry, error) bool) {
		for i := range kernels {
			m := manifests.Manifest{
				Language: "Python", KernelName: fmt.Sprintf("kernel%05d", i), KernelVersion: version, LanguageVersion: "3.12",
				IndexedDate: manifests.FormatTime(now),
				Packages:    []manifests.Package{{Name: "numpy", Version: version, Source: manifests.SourcePython}},
			}
			for j := range 30 {
				m.Packages = append(m.Packages, manifests.Package{
					Name: fmt.Sprintf("package%04d", (i*7+j*13)%2000), Version: fmt.Sprint("1.", i%10), Source: manifests.SourcePython,
				})
			}
			if !yield(manifests.NewEntry(m), nil) {
				return
			}
		}
	}
}
