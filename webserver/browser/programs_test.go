//go:build browser

package browser_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"
)

// scratch is a folder of this run of the tests, removed at its end; see TestMain.
var scratch = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "kernel-browser-") })

// programs is the folder with the built programs.
var programs = sync.OnceValues(func() (string, error) {
	folder, err := scratch()
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", filepath.Join(folder, "bin")+"/", "./cmd/...")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return filepath.Join(folder, "bin"), nil
})

// program returns the path of a built program.
func program(t testing.TB, name string) string {
	t.Helper()
	folder, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, name)
}

// index runs kernel-indexer on a repository. The exit code is what it must end with. It has time enough for a disk that is
// busy with what others wrote; if it takes longer, it says what it is at.
func index(t testing.TB, root string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t, "kernel-indexer"), "run", "--kernel-root", root, "--lister", "files", "--no-progress")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) }
	cmd.WaitDelay = time.Minute
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != code {
		t.Fatalf("kernel-indexer ended with %d, want %d:\n%s", cmd.ProcessState.ExitCode(), code, out)
	}
}

// documents are what kernel-web reads; those that are not there are left out.
var documents = []string{"collated_manifests.json", "package_index.json", "index_status.json", "index_changes.json"}

// timestamps are times as the documents have them.
var timestamps = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

// age makes the documents of a folder older. Generations are digests of content without times, so they stay right.
func age(t testing.TB, folder string, by time.Duration) {
	t.Helper()
	for _, name := range documents {
		path := filepath.Join(folder, name)
		content, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		older := timestamps.ReplaceAllFunc(content, func(text []byte) []byte {
			at, err := time.Parse(time.RFC3339, string(text))
			if err != nil {
				return text
			}
			return []byte(at.Add(-by).UTC().Format(time.RFC3339))
		})
		if err := os.WriteFile(path, older, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
