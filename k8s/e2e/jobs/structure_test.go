//go:build e2e

package jobs

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"kernelindexer/k8s/processtype"
)

// wantStructure holds the image of examples/environment to what an environment must be: the runner as its entrypoint, a
// user that Kubernetes can see not to be root, the schemas that the backend reads, and nothing that gives anybody root's
// rights.
func wantStructure(t *testing.T, archive string) {
	t.Helper()
	image, err := tarball.ImageFromPath(archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config
	got := map[string]any{"entrypoint": c.Entrypoint, "command": c.Cmd, "user": c.User, "folder": c.WorkingDir}
	want := map[string]any{
		"entrypoint": []string{"/usr/local/bin/kernel-jobs", "runner"}, "command": []string(nil), "user": "1000:1000", "folder": "/app",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	files := mutate.Extract(image)
	defer files.Close()
	modes := map[string]fs.FileMode{}
	var schemas []byte
	for reader := tar.NewReader(files); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name, mode := path.Clean("/"+header.Name), header.FileInfo().Mode()
		modes[name] = mode
		if mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
			t.Errorf("%s is %s", name, mode)
		}
		if name == "/app/process_schemas.json" {
			if schemas, err = io.ReadAll(reader); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, mode := range map[string]fs.FileMode{
		"/usr/local/bin/kernel-jobs": 0o755, "/app/process_schemas.json": 0o644, "/app/signals/signals/spectrum.py": 0o644,
	} {
		if modes[name].Perm() != mode || !modes[name].IsRegular() {
			t.Errorf("%s is %s, want a file of %s", name, modes[name], mode)
		}
	}
	set, err := processtype.Parse(schemas)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"countdown", "spectrum"}, set.Names()); diff != "" {
		t.Errorf("process types (-want +got):\n%s", diff)
	}
}
