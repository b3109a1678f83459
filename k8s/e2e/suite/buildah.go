package suite

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Buildah builds images apart from those of the machine.
type Buildah struct {
	// Env is what makes any buildah that is started with it this one.
	Env []string
}

// NewBuildah returns one that keeps what it keeps in scratch.
func NewBuildah(scratch string) (Buildah, error) {
	folder, err := os.MkdirTemp(scratch, "buildah-")
	if err != nil {
		return Buildah{}, err
	}
	config := filepath.Join(folder, "storage.conf")
	text := fmt.Sprintf("[storage]\ndriver = \"vfs\"\ngraphroot = %q\nrunroot = %q\n", folder+"/root", folder+"/run")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return Buildah{}, err
	}
	return Buildah{Env: []string{"CONTAINERS_STORAGE_CONF=" + config, "BUILDAH_ISOLATION=chroot"}}, nil
}

// Build builds the image of that name of a folder, and saves it to an archive as `docker save` does.
func (b Buildah) Build(ctx context.Context, name, archive, folder string, args ...string) error {
	args = append([]string{"buildah", "bud", "-q", "--timestamp", "0", "-t", name}, args...)
	if err := Execute(ctx, "", b.Env, append(args, folder)...); err != nil {
		return err
	}
	return b.Save(ctx, name, archive)
}

// Save saves an image.
func (b Buildah) Save(ctx context.Context, name, archive string) error {
	return Execute(ctx, "", b.Env, "buildah", "push", "-q", name, "docker-archive:"+archive+":"+name)
}

// Execute runs a command in a folder, "" for this one. What it prints is in the error, if it fails.
func Execute(ctx context.Context, dir string, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, text)
	}
	return nil
}
