package rlib_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/corpus"
	"kernelindexer/condaenv/rlib"
	"kernelindexer/rootfs"
)

// libraryEnv makes the test binary list one library and end: the way to list as another user.
const libraryEnv = "RLIB_TEST_LIBRARY"

func TestMain(m *testing.M) {
	if root, lib, ok := strings.Cut(os.Getenv(libraryEnv), "\n"); ok {
		if err := json.NewEncoder(os.Stdout).Encode(listFolder(root, lib)); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// row is a row of installed.packages().
type row struct {
	Package string
	Version *string
}

// listing is what Installed gave, in a form that goes through a pipe.
type listing struct {
	Rows     []row
	Warnings []string
	NotAList bool
	Error    string
}

func listFolder(root, lib string) (l listing) {
	fsys, err := rootfs.Open(root)
	if err != nil {
		return listing{Error: err.Error()}
	}
	defer fsys.Close()
	packages, warnings, err := rlib.Installed(fsys, lib)
	if err != nil {
		l.Error, l.NotAList = err.Error(), errors.Is(err, rlib.ErrNotAList)
	}
	l.Warnings = warnings
	for _, p := range packages {
		r := row{Package: p.Name}
		if p.HasVersion {
			r.Version = &p.Version
		}
		l.Rows = append(l.Rows, r)
	}
	return l
}

// listFolderAs lists as uid 65534 where that was recorded and this is root, whom no mode keeps from reading.
func listFolderAs(t *testing.T, c *corpus.Case, root, lib string) (l listing) {
	t.Helper()
	if !c.Nobody || os.Getuid() != 0 {
		return listFolder(root, lib)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), libraryEnv+"="+root+"\n"+lib)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &l); err != nil {
		t.Fatal(err)
	}
	return l
}

// said is what R said of one library.
type said struct {
	Rows        []row                      `json:"installed_packages"`
	Error       string                     `json:"error"`
	Stderr      string                     `json:"stderr"`
	Description map[string]saidOfOneFolder `json:"package_description"`
}

// saidOfOneFolder is what packageDescription() said: the only one of the two that reads DESCRIPTION.
type saidOfOneFolder struct {
	Package, Version *string
	Error            string
	Found            *bool
}

// recordedLibraries calls do for every library that R was asked about.
func recordedLibraries(t *testing.T, do func(t *testing.T, c *corpus.Case, root, lib string, want said)) {
	t.Helper()
	cases, err := corpus.Load("../testdata/cases.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	libraries := 0
	for _, c := range cases {
		if c.R == nil {
			continue
		}
		var expected map[string]said
		if err := json.Unmarshal(c.R, &expected); err != nil {
			t.Fatal(err)
		}
		root := materialise(t, c)
		for lib, want := range expected {
			libraries++
			t.Run(c.Name+"/"+path.Base(lib), func(t *testing.T) { do(t, c, root, lib, want) })
		}
	}
	if libraries < 10 {
		t.Errorf("%d recorded libraries, want at least 10", libraries)
	}
}

// materialise makes the case in a directory that any user can reach, and that can be removed whatever its modes.
func materialise(t *testing.T, c *corpus.Case) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, _ error) error {
			if d != nil && d.IsDir() {
				_ = os.Chmod(path, 0o755)
			}
			return nil
		})
	})
	err = errors.Join(os.Chmod(filepath.Dir(root), 0o755), os.Chmod(root, 0o755), c.Materialise(root))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// TestInstalledAgreesWithR lists every recorded library as installed.packages() did.
func TestInstalledAgreesWithR(t *testing.T) {
	recordedLibraries(t, func(t *testing.T, c *corpus.Case, root, lib string, want said) {
		got := listFolderAs(t, c, root, lib)
		if want.Error != "" {
			if !got.NotAList || len(got.Rows) > 0 {
				t.Errorf("error %q and %d rows, R fails with %q", got.Error, len(got.Rows), want.Error)
			}
			return
		}
		if got.Error != "" {
			t.Fatalf("error %q, R lists %d packages", got.Error, len(want.Rows))
		}
		if diff := cmp.Diff(want.Rows, append([]row{}, got.Rows...)); diff != "" {
			t.Errorf("(-R +got)\n%s", diff)
		}
		if (want.Stderr != "") != (len(got.Warnings) > 0) {
			t.Errorf("warnings %q, R says %q", got.Warnings, want.Stderr)
		}
	})
}

// TestParseDescriptionAgreesWithR parses every DESCRIPTION file without a package.rds beside it, for then
// packageDescription() reads it.
func TestParseDescriptionAgreesWithR(t *testing.T) {
	parsed := 0
	recordedLibraries(t, func(t *testing.T, _ *corpus.Case, root, lib string, want said) {
		for folder, want := range want.Description {
			if _, err := os.Stat(filepath.Join(root, lib, folder, "Meta", "package.rds")); err == nil {
				continue
			}
			text, err := os.ReadFile(filepath.Join(root, lib, folder, "DESCRIPTION"))
			if err != nil {
				continue
			}
			parsed++
			d, err := rlib.ParseDescription(text)
			if (want.Error != "") != errors.Is(err, rlib.ErrMalformed) {
				t.Errorf("%s: error %v, R says %q", folder, err, want.Error)
			}
			got := saidOfOneFolder{Error: want.Error, Found: want.Found}
			if v, ok := d.Lookup("Package"); ok {
				got.Package = &v
			}
			if v, ok := d.Lookup("Version"); ok {
				got.Version = &v
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: (-R +got)\n%s", folder, diff)
			}
		}
	})
	if parsed < 25 {
		t.Errorf("%d DESCRIPTION files, want at least 25", parsed)
	}
}
