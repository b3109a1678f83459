package rlib_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/rlib"
	"kernelindexer/rootfs"
)

// library makes a real folder "lib" with the package "good", and whatever fill adds to it.
func library(t *testing.T, fill func(lib string) error) *rootfs.FS {
	t.Helper()
	root := t.TempDir()
	lib := filepath.Join(root, "lib")
	err := errors.Join(place(lib, "good", "Meta/package.rds", packageRDS("1.0")), fill(lib))
	if err != nil {
		t.Fatal(err)
	}
	fsys, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fsys.Close() })
	return fsys
}

// place writes a file of a package.
func place(lib, pkg, name, content string) error {
	file := filepath.Join(lib, pkg, name)
	return errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(content), 0o644))
}

// inTime lists the library, and fails if that blocks.
func inTime(t *testing.T, fsys fs.FS) (packages []rlib.Package, warnings []string) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		var err error
		packages, warnings, err = rlib.Installed(fsys, "lib")
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the listing blocks")
	}
	return packages, warnings
}

// TestNothingButRegularFilesIsOpened puts FIFOs, which block whoever opens them, and more in place of files.
func TestNothingButRegularFilesIsOpened(t *testing.T) {
	fifo := func(path string) error {
		return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), syscall.Mkfifo(path, 0o644))
	}
	for rule, test := range map[string]struct {
		fill    func(lib string) error
		want    []string // Beside the package good.
		warning string   // How the last one begins, "" for none.
	}{
		"package.rds is a FIFO": {
			func(lib string) error { return fifo(lib + "/pkg/Meta/package.rds") },
			nil, "lib/pkg/Meta/package.rds: skipped: not a regular file",
		},
		"package.rds is a link to a FIFO": {
			func(lib string) error {
				return errors.Join(fifo(lib+"/pkg/Meta/fifo"), os.Symlink("fifo", lib+"/pkg/Meta/package.rds"))
			},
			nil, "lib/pkg/Meta/package.rds: skipped: not a regular file",
		},
		"package.rds is a folder": {
			func(lib string) error { return os.MkdirAll(lib+"/pkg/Meta/package.rds", 0o755) },
			nil, "lib/pkg/Meta/package.rds: skipped: not a regular file",
		},
		"DESCRIPTION is a FIFO": {
			func(lib string) error {
				return errors.Join(place(lib, "pkg", "Meta/package.rds", unsupported), fifo(lib+"/pkg/DESCRIPTION"))
			},
			[]string{"lib pkg NA"},
			"lib/pkg/DESCRIPTION: the version is unknown: not a regular file",
		},
		"the package is a FIFO":   {func(lib string) error { return fifo(lib + "/pkg") }, nil, ""},
		"Meta is a FIFO":          {func(lib string) error { return fifo(lib + "/pkg/Meta") }, nil, ""},
		"the package is a socket": {func(lib string) error { return syscall.Mknod(lib+"/pkg", syscall.S_IFSOCK|0o644, 0) }, nil, ""},
	} {
		t.Run(rule, func(t *testing.T) {
			packages, warnings := inTime(t, library(t, test.fill))
			if diff := cmp.Diff(append([]string{"lib good 1.0"}, test.want...), spelled(packages)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			last := strings.Join(warnings[max(0, len(warnings)-1):], "")
			if !strings.HasPrefix(last, test.warning) || test.warning == "" && last != "" {
				t.Errorf("warnings %q, want %q", warnings, test.warning)
			}
		})
	}
}

// TestNamesAreGivenInUTF8 checks that the names of folders, and the paths in warnings, are escaped as R does.
func TestNamesAreGivenInUTF8(t *testing.T) {
	packages, warnings := inTime(t, library(t, func(lib string) error {
		return errors.Join(place(lib, "a\xffb", "Meta/package.rds", packageRDS("1.1")), place(lib, "\xe4", "Meta/package.rds", "?"))
	}))
	if diff := cmp.Diff([]string{"lib a<ff>b 1.1", "lib good 1.0"}, spelled(packages)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "lib/<e4>/Meta/package.rds: skipped: ") {
		t.Errorf("warnings %q", warnings)
	}
}

// TestLinksAreFollowed checks links of packages and of their files, and that a circle of them is no package.
func TestLinksAreFollowed(t *testing.T) {
	packages, warnings := inTime(t, library(t, func(lib string) error {
		return errors.Join(
			os.Symlink("good", lib+"/linked"), os.Symlink("circle", lib+"/circle"), os.Symlink("nowhere", lib+"/dangling"),
			os.MkdirAll(lib+"/file/Meta", 0o755), os.Symlink("../../good/Meta/package.rds", lib+"/file/Meta/package.rds"),
			os.MkdirAll(lib+"/round/Meta", 0o755), os.Symlink("package.rds", lib+"/round/Meta/package.rds"),
			os.MkdirAll(lib+"/meta", 0o755), os.Symlink("../good/Meta", lib+"/meta/Meta"),
		)
	}))
	want := []string{"lib file 1.0", "lib good 1.0", "lib linked 1.0", "lib meta 1.0"}
	if diff := cmp.Diff(want, spelled(packages)); diff != "" || len(warnings) > 0 {
		t.Errorf("%q (-want +got)\n%s", warnings, diff)
	}
}

// faulty is a file system in which some calls fail.
type faulty struct {
	fstest.MapFS
	fail map[string]error // By operation and name.
}

func (f faulty) Stat(name string) (fs.FileInfo, error) {
	if err := f.fail["stat "+name]; err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return f.MapFS.Stat(name)
}

func (f faulty) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.fail["list "+name]; err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return f.MapFS.ReadDir(name)
}

func (f faulty) Open(name string) (fs.File, error) {
	if err := f.fail["open "+name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	file, err := f.MapFS.Open(name)
	return faultyFile{file, f.fail["read "+name]}, err
}

type faultyFile struct {
	fs.File
	err error
}

func (f faultyFile) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.File.Read(p)
}

// TestFailuresOfTheFileSystem lets one call fail at a time: only a library that cannot be listed, for another reason than
// rights, is an error.
func TestFailuresOfTheFileSystem(t *testing.T) {
	const file = "lib/pkg/Meta/package.rds"
	for rule, test := range map[string]struct {
		call    string
		err     error
		want    []string
		warning string
		fails   bool
	}{
		"the library may not be seen":     {"stat lib", fs.ErrPermission, nil, "lib: the library is taken for empty: permission denied", false},
		"the library may not be listed":   {"list lib", fs.ErrPermission, nil, "lib: the library is taken for empty: permission denied", false},
		"the library cannot be seen":      {"stat lib", syscall.EIO, nil, "", true},
		"the library cannot be listed":    {"list lib", syscall.EIO, nil, "", true},
		"the library is gone":             {"stat lib", syscall.ENOENT, nil, "", false},
		"the library is a circle":         {"stat lib", syscall.ELOOP, nil, "", false},
		"package.rds may not be seen":     {"stat " + file, fs.ErrPermission, nil, "", false},
		"package.rds cannot be seen":      {"stat " + file, syscall.EIO, nil, file + ": not looked at: input/output error", false},
		"the folder may not be listed":    {"open lib/pkg", fs.ErrPermission, nil, "", false},
		"package.rds may not be read":     {"open " + file, fs.ErrPermission, nil, file + ": skipped: permission denied", false},
		"package.rds cannot be read":      {"read " + file, syscall.EIO, nil, file + ": skipped: input/output error", false},
		"package.rds is gone when opened": {"open " + file, fs.ErrNotExist, nil, file + ": skipped: file does not exist", false},
		"nothing fails":                   {"", nil, []string{"lib pkg 1.0"}, "", false},
	} {
		t.Run(rule, func(t *testing.T) {
			fsys := faulty{tree(map[string]string{file: packageRDS("1.0")}), map[string]error{test.call: test.err}}
			packages, warnings, err := rlib.Installed(fsys, "lib")
			if test.fails != (err != nil) || test.fails && !errors.Is(err, test.err) {
				t.Errorf("error %v, want one: %v", err, test.fails)
			}
			if diff := cmp.Diff(append([]string{}, test.want...), spelled(packages)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := strings.Join(warnings, "\n"); got != test.warning {
				t.Errorf("warnings %q, want %q", got, test.warning)
			}
		})
	}
}

// TestAFileThatShrinksIsRead checks that what is left of it counts: here enough.
func TestAFileThatShrinksIsRead(t *testing.T) {
	const file = "lib/pkg/Meta/package.rds"
	fsys := shrinking{tree(map[string]string{file: packageRDS("1.0")})}
	packages, warnings, err := rlib.Installed(fsys, "lib")
	if diff := cmp.Diff([]string{"lib pkg 1.0"}, spelled(packages)); diff != "" || len(warnings) > 0 || err != nil {
		t.Errorf("%q %v (-want +got)\n%s", warnings, err, diff)
	}
}

// shrinking says that files are longer than they are.
type shrinking struct{ fstest.MapFS }

func (s shrinking) Stat(name string) (fs.FileInfo, error) {
	info, err := s.MapFS.Stat(name)
	return longer{info}, err
}

type longer struct{ fs.FileInfo }

func (l longer) Size() int64 { return l.FileInfo.Size() + 100 }
