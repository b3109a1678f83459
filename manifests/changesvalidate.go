package manifests

import (
	"errors"
	"io/fs"
)

// changes checks the document of changes, if there is one, against the pair.
func (v *storeCheck) changes(l Location, h CollatedHeader) {
	c, err := ReadChanges(l)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		v.problem("%s: %w", ChangesName, err)
		return
	}
	runs := c.Leading(h.Generation)
	if len(runs) == 0 {
		if len(c.Runs) > 0 {
			v.problem("%s: no run led to generation %q", ChangesName, h.Generation)
		}
		return
	}
	v.checkRun(&runs[0], h)
	if len(runs) == len(c.Runs) { // else a run that was killed may have seen kernels go
		for _, k := range c.Gone {
			v.wants(k.KernelKey, false)
		}
	}
}

// checkRun compares the run that led to the pair with what is there.
func (v *storeCheck) checkRun(r *Run, h CollatedHeader) {
	if r.TotalKernels != h.TotalKernels {
		v.problem("%s: total_kernels is %d, kernels are %d", ChangesName, r.TotalKernels, h.TotalKernels)
	}
	for _, k := range r.Added {
		v.wants(k.KernelKey, true)
	}
	for _, k := range r.Removed {
		v.wants(k, false)
	}
	for _, k := range r.Changed {
		v.wants(k.KernelKey, true)
	}
}

// wants reports a problem where a kernel is there or not against what the
// document of changes says.
func (v *storeCheck) wants(k KernelKey, there bool) {
	_, is := v.ordinals[k]
	switch {
	case is && !there:
		v.problem("%s: kernel %s is said to be gone", ChangesName, k)
	case !is && there:
		v.problem("%s: kernel %s is said to be there", ChangesName, k)
	}
}
