//go:build e2e

package jobs

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kernelindexer/k8s/e2e/suite"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
	"kernelindexer/k8s/process"
)

// dockerfiles are the images that tests use, by name. All are the same program; who runs it differs.
var dockerfiles = map[string]string{
	"tool": "USER 65532:65532\n",
	"root": "",
	"home": "COPY --chown=65532:65532 passwd /home/passwd\nUSER 65532:65532\n",
	"named": "COPY passwd /etc/passwd\n" +
		"COPY group /etc/group\n" +
		"USER app\n",
}

// Files of the images.
var imageFiles = map[string]string{
	"passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1234:2345:the user of the image:/home/app:/bin/sh\n",
	"group":  "root:x:0:\napp:x:2345:\n",
	"process_schemas.json": `{
  "echo": {"schema": {"type": "object"}},
  "run": {"schema": {"type": "object", "required": ["args"], "additionalProperties": false,
    "properties": {"args": {"type": "array", "minItems": 1, "items": {"type": "string"}}}}}
}
`,
}

// buildImages builds the images with buildah, of nothing but the program, and saves them as `docker save` does. buildah
// keeps what it keeps in scratch.
func buildImages(ctx context.Context, scratch string) (map[string]string, error) {
	folder := filepath.Join(scratch, "images")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return nil, err
	}
	for name, text := range imageFiles {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	if err := suite.Execute(ctx, "", []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(folder, "tool"), "./tool"); err != nil {
		return nil, err
	}
	buildah, err := suite.NewBuildah(scratch)
	if err != nil {
		return nil, err
	}
	saved := map[string]string{}
	python := filepath.Join(scratch, "python")
	if err := pythonRoot(ctx, python); err != nil {
		return nil, err
	}
	for name, build := range map[string]struct {
		folder string
		args   []string
	}{
		"python":      {python, nil},
		"kernel-jobs": {root, []string{"--build-arg", "BINARIES=bin", "--build-arg", "BASE_IMAGE=scratch", "-f", root + "/Dockerfile.jobs"}},
	} {
		saved[name] = filepath.Join(scratch, name+".tar")
		if err := buildah.Build(ctx, "localhost/"+name+":1", saved[name], build.folder, build.args...); err != nil {
			return nil, err
		}
	}
	for name, lines := range dockerfiles {
		file := filepath.Join(folder, "Dockerfile."+name)
		text := "FROM scratch\nCOPY tool /tool\nCOPY process_schemas.json /app/process_schemas.json\n" + lines + "ENTRYPOINT [\"/tool\"]\n"
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return nil, err
		}
		saved[name] = filepath.Join(scratch, name+".tar")
		if err := buildah.Build(ctx, "localhost/"+name+":1", saved[name], folder, "-f", file); err != nil {
			return nil, err
		}
	}
	return saved, nil
}

// uploaded are the environments that images have become, by registry and image.
var uploaded sync.Map

// pinned uploads an image as an environment, once for all tests, and returns it as a run pins it.
func pinned(t *testing.T, to *registry, name string) process.Environment {
	t.Helper()
	once, _ := uploaded.LoadOrStore(to.address+name, sync.OnceValues(func() (*environment.Environment, error) {
		file, err := os.Open(archives[name])
		if err != nil {
			return nil, err
		}
		defer file.Close()
		ctx := context.WithoutCancel(t.Context())
		// Every registry's environments are somewhere else, so that each may have the same names.
		namespace := "environments-" + strings.TrimPrefix(to.address, "127.0.0.1:")
		if err := createNamespace(ctx, namespace, nil); err != nil {
			return nil, err
		}
		registrar := environment.Registrar{
			Store:    environment.NewStore(api.CoreV1().ConfigMaps(namespace), nil),
			Registry: to.environments(t),
		}
		upload, err := registrar.Receive(ctx, file, "", image.Limits{})
		if err != nil {
			return nil, err
		}
		defer upload.Close()
		found, _, err := registrar.Upload(ctx, upload, "domain", environment.Terms{By: "test"})
		return found, err
	}))
	e, err := once.(func() (*environment.Environment, error))()
	if err != nil {
		t.Fatal(err)
	}
	return process.Environment{
		ID: e.ID, Revision: e.Revision, Kind: process.KindImage, Image: e.Image,
		User: process.User{UID: e.User.UID, GID: e.User.GID, Home: e.User.Home}, Path: e.Runtime.Path,
	}
}
