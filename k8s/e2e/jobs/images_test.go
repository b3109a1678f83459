//go:build e2e

package jobs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
	"kernelindexer/k8s/process"
)

// dockerfiles are the images that tests use, by name. All are the same program; who runs it differs.
var dockerfiles = map[string]string{
	"tool": "USER 65532:65532\n",
	"root": "",
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
	if err := execute(ctx, []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(folder, "tool"), "./tool"); err != nil {
		return nil, err
	}
	store := filepath.Join(scratch, "store")
	buildah := []string{"buildah", "--storage-driver", "vfs", "--root", store + "/root", "--runroot", store + "/run"}
	saved := map[string]string{}
	for name, lines := range dockerfiles {
		file := filepath.Join(folder, "Dockerfile."+name)
		text := "FROM scratch\nCOPY tool /tool\nCOPY process_schemas.json /app/process_schemas.json\n" + lines + "ENTRYPOINT [\"/tool\"]\n"
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return nil, err
		}
		tag := "localhost/" + name + ":1"
		if err := execute(ctx, nil, append(buildah, "bud", "-q", "--timestamp", "0", "--isolation", "chroot", "-f", file, "-t", tag, folder)...); err != nil {
			return nil, err
		}
		saved[name] = filepath.Join(scratch, name+".tar")
		if err := execute(ctx, nil, append(buildah, "push", "-q", tag, "docker-archive:"+saved[name]+":"+tag)...); err != nil {
			return nil, err
		}
	}
	return saved, nil
}

// execute runs a command in the folder of this package.
func execute(ctx context.Context, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, text)
	}
	return nil
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
		spooled, err := image.Spool(ctx, file, "", image.Limits{}, false)
		if err != nil {
			return nil, err
		}
		defer spooled.Close()
		// Every registry's environments are somewhere else, so that each may have the same names.
		namespace := "environments-" + strings.TrimPrefix(to.address, "127.0.0.1:")
		if err := createNamespace(ctx, namespace, nil); err != nil {
			return nil, err
		}
		registrar := environment.Registrar{
			Store:    environment.NewStore(api.CoreV1().ConfigMaps(namespace), nil),
			Registry: to.environments(t),
		}
		found, _, err := registrar.Upload(ctx, spooled, "domain", environment.Terms{By: "test"})
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
