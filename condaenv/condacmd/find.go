package condacmd

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Auto is the choice that leaves it to [Find] which conda to run.
const Auto = "auto"

// programs are looked for on PATH in this order.
var programs = []string{"conda", "mamba", "micromamba"}

// Find returns the absolute path of the conda to run. choice is
//
//   - [Auto] or empty: what the variable CONDA_EXE names, if that can be executed, else the first of conda, mamba and
//     micromamba that is on PATH;
//   - a path, that is, anything with a slash: that file;
//   - a name: that program on PATH.
//
// getenv and lookPath are os.Getenv and exec.LookPath, but for tests. The error wraps [ErrNotFound] and says where was
// looked. A program that PATH finds only in a relative directory does not count: it would be another one tomorrow.
func Find(choice string, getenv func(string) string, lookPath func(string) (string, error)) (string, error) {
	var tried []string
	for _, candidate := range candidates(choice, getenv) {
		path, err := lookPath(candidate)
		if err == nil {
			return filepath.Abs(path)
		}
		tried = append(tried, explain(candidate, path, err))
	}
	return "", fmt.Errorf("%w: %s", ErrNotFound, strings.Join(tried, "; "))
}

func candidates(choice string, getenv func(string) string) []string {
	if choice != "" && choice != Auto {
		return []string{choice}
	}
	names := programs
	if exe := getenv("CONDA_EXE"); exe != "" {
		// A bare name there means a file, not a search.
		if !strings.Contains(exe, "/") {
			exe = "./" + exe
		}
		names = append([]string{exe}, names...)
	}
	return names
}

// explain says why a candidate was passed over.
func explain(candidate, path string, err error) string {
	if errors.Is(err, exec.ErrDot) {
		return fmt.Sprintf("%s is %s by a relative entry of PATH", candidate, path)
	}
	if errors.Is(err, exec.ErrNotFound) && !strings.Contains(candidate, "/") {
		return candidate + " is not on PATH"
	}
	var errno syscall.Errno
	if errors.As(err, &errno) { // without the layers that repeat the path
		err = errno
	}
	return fmt.Sprintf("%s: %v", candidate, err)
}
