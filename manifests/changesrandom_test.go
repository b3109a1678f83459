package manifests_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kernelindexer/manifests"
)

// Random stores, one after the other: what is said is what a comparison of
// everything with everything finds, and it can be undone step by step.
func TestChangesAgainstEverythingInMemory(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 7))
		dir := t.TempDir()
		var before map[manifests.KernelKey]manifests.Manifest
		gone := map[manifests.KernelKey]bool{}
		for n := range 5 {
			after := map[manifests.KernelKey]manifests.Manifest{}
			for range r.IntN(6) {
				m := kernel(fmt.Sprintf("%c/%c/%d", 'A'+r.IntN(2), 'a'+r.IntN(2), r.IntN(2)), fmt.Sprint(r.IntN(2)))
				for p := range r.IntN(3) {
					m.Packages = append(m.Packages, pkg(fmt.Sprintf("p%d %d r", p, r.IntN(2))))
				}
				after[m.Key()] = m
			}
			var ms []manifests.Manifest
			for _, m := range after {
				ms = append(ms, m)
			}
			quietly(t, dir, later(n), ms...)
			got := readChanges(t, dir)
			if before != nil && sameStores(before, after) {
				before = after
				continue
			}
			want := []string{}
			for key, m := range after {
				old, known := before[key]
				switch {
				case before == nil || !known:
					want = append(want, fmt.Sprintf("+ %s %d", key, len(m.Packages)))
				case !sameKernels(old, m):
					want = append(want, "~ "+key.String())
				}
				delete(gone, key)
			}
			for key := range before {
				if _, still := after[key]; !still {
					want, gone[key] = append(want, "- "+key.String()), true
				}
			}
			var lines []string
			for _, line := range brief(got.Runs[0])[1:] {
				if f := strings.Fields(line); line[0] == '~' {
					lines = append(lines, f[0]+" "+f[1])
				} else if line[0] != ' ' {
					lines = append(lines, line)
				}
			}
			slices.Sort(want)
			slices.Sort(lines)
			diff(t, "kernels", want, append([]string{}, lines...))
			if len(got.Gone) != len(gone) {
				t.Errorf("%d gone, want %d", len(got.Gone), len(gone))
			}
			if t.Failed() {
				t.Fatalf("seed %d, run %d", seed, n)
			}
			before = after
		}
	}
}

func sameKernels(a, b manifests.Manifest) bool {
	return a.LanguageVersion == b.LanguageVersion && slices.Equal(a.Packages, b.Packages)
}

func sameStores(a, b map[manifests.KernelKey]manifests.Manifest) bool {
	for key, m := range a {
		if other, ok := b[key]; !ok || !sameKernels(m, other) {
			return false
		}
	}
	return len(a) == len(b)
}
