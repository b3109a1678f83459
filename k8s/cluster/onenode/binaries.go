package onenode

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// kubernetesModule is the nested module, below the root of ours, that pins Kubernetes.
const kubernetesModule = "k8s/cluster/kubernetes"

// Binaries builds the programs of Kubernetes that the nested module names as its tools, unless they are in the cache,
// and returns their directory. Cold it takes minutes and some GB of Go's build cache; progress is told to out.
//
// The cache is below os.UserCacheDir; its key is all that decides what is built, so an entry is never changed. Callers
// at the same time build once: the others wait.
func Binaries(ctx context.Context, out io.Writer) (string, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", err
	}
	module := filepath.Join(root, kubernetesModule)
	version, err := output(ctx, module, "go", "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
	if err != nil {
		return "", err
	}
	args := buildArgs(version)
	key, err := cacheKey(ctx, module, args)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cache of the Kubernetes programs: %w", err)
	}
	cache = filepath.Join(cache, "kernel-indexer")
	dir := filepath.Join(cache, "kubernetes-"+version+"-"+key)
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	release, err := waitLock(ctx, dir+".lock")
	if err != nil {
		return "", err
	}
	defer release()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return dir, err
	}
	fmt.Fprintf(out, "building Kubernetes %s into %s; this takes some minutes, once\n", version, dir)
	return dir, build(ctx, module, dir, args, out)
}

// buildArgs are the arguments of go build. Without a version the API server answers "v0.0.0-master+$Format:%H$", which
// clients choke on.
func buildArgs(version string) []string {
	const pkg = "-X k8s.io/component-base/version."
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	return []string{
		"-trimpath", "-ldflags",
		"-s -w " + pkg + "gitVersion=" + version + " " + pkg + "gitMajor=" + major + " " + pkg + "gitMinor=" + minor,
	}
}

func build(ctx context.Context, module, dir string, args []string, out io.Writer) error {
	unfinished, err := os.MkdirTemp(filepath.Dir(dir), "unfinished-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(unfinished)
	args = append(append([]string{"build"}, args...), "-o", unfinished+"/", "tool")
	cmd := goCommand(ctx, module, args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build Kubernetes: %w", err)
	}
	if err := os.Chmod(unfinished, 0o755); err != nil {
		return err
	}
	return os.Rename(unfinished, dir)
}

// buildStatic builds one of our own packages without C and without names of this machine.
func buildStatic(ctx context.Context, root, pkg, to string) error {
	cmd := goCommand(ctx, root, "build", "-trimpath", "-ldflags", "-s -w", "-o", to, pkg)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", pkg, err, text)
	}
	return nil
}

// goCommand is a go command whose result depends on nothing in the caller's environment but the machine.
func goCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOWORK=off")
	return cmd
}

// cacheKey digests the module's requirements, the version of Go, and the arguments.
func cacheKey(ctx context.Context, module string, args []string) (string, error) {
	toolchain, err := output(ctx, module, "go", "env", "GOVERSION", "GOOS", "GOARCH")
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	fmt.Fprintf(digest, "%q %q\n", toolchain, args)
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(digest, "%s %d\n%s", name, len(data), data)
	}
	return hex.EncodeToString(digest.Sum(nil))[:16], nil
}

// moduleRoot finds the root of our module from the working directory.
func moduleRoot(ctx context.Context) (string, error) {
	file, err := output(ctx, "", "go", "env", "GOMOD")
	if err != nil {
		return "", err
	}
	root := filepath.Dir(file)
	if _, err := os.Stat(filepath.Join(root, kubernetesModule, "go.mod")); err != nil {
		return "", fmt.Errorf("start it below the root of the repository: %w", err)
	}
	return root, nil
}

// output runs a program in a directory and returns what it printed, trimmed.
func output(ctx context.Context, dir, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	text, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return strings.TrimSpace(string(text)), nil
}

// waitLock takes an exclusive lock on a file, waiting for it; the file stays.
func waitLock(ctx context.Context, path string) (release func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		switch err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case err == nil:
			return func() { file.Close() }, nil
		case !errors.Is(err, unix.EWOULDBLOCK):
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if err := sleep(ctx, pollPause); err != nil {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
	}
}
