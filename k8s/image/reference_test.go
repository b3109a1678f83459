package image_test

import (
	"slices"
	"strings"
	"testing"

	"kernelindexer/k8s/image"
)

// FuzzParseReference: what is taken as a reference has no part in its path that a server could read as a way up, and names
// the same place when it is written out.
func FuzzParseReference(f *testing.F) {
	for _, text := range []string{
		"env:1", "registry.example.org:5000/base/env:1", "r/x@sha256:" + strings.Repeat("a", 64), "r/base/../env-x:t", "r//x", "http://r/x",
		"[::1]:5000/x:1", "R/x", "localhost/x", "r/x:1@sha256:" + strings.Repeat("a", 64), "",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := image.ParseReference(text)
		if err != nil {
			if codeOf(err) != string(image.BadReference) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		path := strings.Split(ref.Context().RepositoryStr(), "/")
		if slices.ContainsFunc(path, func(part string) bool { return part == "" || part == "." || part == ".." }) {
			t.Errorf("%q is of the repository %q", text, path)
		}
		again, err := image.ParseReference(ref.Name())
		if err != nil || again.Name() != ref.Name() {
			t.Errorf("%q is %q, and that %v, %v", text, ref.Name(), again, err)
		}
	})
}
