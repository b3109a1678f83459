package condaenv_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv"
	"kernelindexer/condaenv/corpus"
	"kernelindexer/rootfs"
)

// listEnv makes the test binary list one prefix and end: the way to list as another user.
const listEnv = "CONDAENV_TEST_LIST"

func TestMain(m *testing.M) {
	if arg := os.Getenv(listEnv); arg != "" {
		os.Exit(listAndPrint(arg))
	}
	os.Exit(m.Run())
}

// answer is what a listing gave, in a form that goes through a pipe.
type answer struct {
	List  []condaenv.Package
	R     []condaenv.Package
	Error string
	RErr  string
}

func list(root, target, library string) answer {
	fsys, err := rootfs.Open(root)
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer fsys.Close()
	var a answer
	listing, err := condaenv.NewFiles(fsys, root).List(context.Background(), target)
	if err != nil {
		a.Error = err.Error()
	}
	a.List = listing.Packages
	if library == "" {
		return a
	}
	r, err := condaenv.Library(context.Background(), fsys, library)
	if err != nil {
		a.RErr = err.Error()
	}
	a.R = r.Packages
	return a
}

func listAndPrint(arg string) int {
	parts := strings.Split(arg, "\n")
	if err := json.NewEncoder(os.Stdout).Encode(list(parts[0], parts[1], "")); err != nil {
		return 1
	}
	return 0
}

// listAs lists as uid 65534 where the case was recorded so and this is root, whom no mode keeps from reading.
func listAs(t *testing.T, c *corpus.Case, root string) answer {
	t.Helper()
	if !c.Nobody || os.Getuid() != 0 {
		return list(root, c.Target, "")
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), listEnv+"="+root+"\n"+c.Target)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// materialise makes the case in a directory that any user can reach, and that can be removed whatever its modes.
func materialise(t *testing.T, c *corpus.Case) string {
	t.Helper()
	root, err := os.MkdirTemp("", "case") //nolint:usetesting // any user must reach it
	if err != nil {
		t.Fatal(err)
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = filepath.WalkDir(root, func(path string, d os.DirEntry, _ error) error {
			if d != nil && d.IsDir() {
				_ = os.Chmod(path, 0o755) // a closed directory could not be removed
			}
			return nil
		})
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	if err := errors.Join(os.Chmod(root, 0o755), c.Materialise(root)); err != nil {
		t.Fatal(err)
	}
	return root
}

// TestFilesAgreesWithConda lists every recorded prefix as the real conda did.
func TestFilesAgreesWithConda(t *testing.T) {
	cases, err := corpus.Load("testdata/cases.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) != 109 {
		t.Fatalf("%d cases in the archive, want 109", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got := listAs(t, c, materialise(t, c))
			if c.ExitCode != 0 {
				if got.Error == "" {
					t.Errorf("listed %d packages, conda fails: %.200s", len(got.List), c.Expected)
				}
				return
			}
			if got.Error != "" {
				t.Fatalf("failed: %s; conda lists", got.Error)
			}
			compare(t, c, got.List)
		})
	}
}

// compare accepts any of the answers that conda may give.
func compare(t *testing.T, c *corpus.Case, got []condaenv.Package) {
	t.Helper()
	lists, err := c.Lists()
	if err != nil {
		t.Fatal(err)
	}
	var diffs []string
	for _, want := range lists {
		diff := cmp.Diff(rows(want), got)
		if diff == "" || len(want) == 0 && len(got) == 0 {
			return
		}
		diffs = append(diffs, diff)
	}
	slices.SortFunc(diffs, func(a, b string) int { return len(a) - len(b) })
	t.Errorf("(-conda +got)\n%s", diffs[0])
}

func rows(packages []corpus.Package) []condaenv.Package {
	list := make([]condaenv.Package, len(packages))
	for i, p := range packages {
		list[i] = condaenv.Package{Name: p.Name, Version: p.Version, Build: p.Build}
		if p.Channel != nil {
			list[i].Channel = *p.Channel
		}
	}
	return list
}

// TestReadingChangesNothing compares the trees before and after listing prefixes whose records conda would delete.
func TestReadingChangesNothing(t *testing.T) {
	cases, err := corpus.Load("testdata/cases.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if !c.Deletes {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			root := materialise(t, c)
			before := tree(t, root)
			list(root, c.Target, "")
			if diff := cmp.Diff(before, tree(t, root)); diff != "" {
				t.Errorf("(-before +after)\n%s", diff)
			}
		})
	}
}

// tree is every file below root with its mode, size and time.
func tree(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files = append(files, fmt.Sprint(path, info.Mode(), info.Size(), info.ModTime().UnixNano()))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
