package rootfs_test

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

	"kernelindexer/rootfs"
)

// world is a root with links of every kind, and a directory beside it that must never be read.
func world(t *testing.T) (fsys *rootfs.FS, root string) {
	t.Helper()
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root = filepath.Join(base, "root")
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(os.MkdirAll(filepath.Join(root, "a/b"), 0o755))
	check(os.MkdirAll(filepath.Join(base, "outside"), 0o755))
	check(os.WriteFile(filepath.Join(base, "outside/secret"), []byte("secret"), 0o644))
	check(os.WriteFile(filepath.Join(root, "a/b/file"), []byte("content"), 0o644))
	check(os.WriteFile(filepath.Join(root, "a/bad\xffname"), []byte("bytes"), 0o644))
	check(syscall.Mkfifo(filepath.Join(root, "fifo"), 0o644))
	for name, target := range map[string]string{
		"relative":     "a/b/file",
		"absolute":     filepath.Join(root, "a/b/file"),
		"absdir":       filepath.Join(root, "a"),
		"chain":        "absolute",
		"up":           "../outside/secret",
		"upandback":    "../root/a/b/file",
		"absout":       filepath.Join(base, "outside/secret"),
		"outdir":       filepath.Join(base, "outside"),
		"dangling":     "nowhere",
		"loop":         "loop",
		"a/b/back":     "../b/file",
		"prefixedname": root + "-not/file",
	} {
		check(os.Symlink(target, filepath.Join(root, name)))
	}
	fsys, err = rootfs.Open(root)
	check(err)
	t.Cleanup(func() { check(fsys.Close()) })
	return fsys, root
}

// TestLinksAreFollowedInsideOnly is the rule the package is for.
func TestLinksAreFollowedInsideOnly(t *testing.T) {
	fsys, _ := world(t)
	tests := []struct {
		name string
		want string // the content
		err  error
	}{
		{"a/b/file", "content", nil},
		{"a/bad\xffname", "bytes", nil},
		{"relative", "content", nil},
		{"absolute", "content", nil},
		{"absdir/b/file", "content", nil},
		{"absdir/b/back", "content", nil},
		{"chain", "content", nil},
		{"up", "", rootfs.ErrOutside},
		{"upandback", "", rootfs.ErrOutside},
		{"absout", "", rootfs.ErrOutside},
		{"outdir/secret", "", rootfs.ErrOutside},
		{"prefixedname", "", rootfs.ErrOutside},
		{"../outside/secret", "", rootfs.ErrOutside},
		{"dangling", "", fs.ErrNotExist},
		{"loop", "", syscall.ELOOP},
		{"a/b", "", syscall.EISDIR},
		{"/a/b/file", "", fs.ErrInvalid},
		{"fifo", "", fs.ErrInvalid},
		{"nul\x00", "", fs.ErrInvalid},
		{"", "", fs.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				data, err := fsys.ReadFile(tt.name)
				if !errors.Is(err, tt.err) || string(data) != tt.want {
					t.Errorf("ReadFile: %q, %v; want %q, %v", data, err, tt.want, tt.err)
				}
				if _, err := fsys.Stat(tt.name); tt.err == nil && err != nil || errors.Is(tt.err, rootfs.ErrOutside) && !errors.Is(err, tt.err) {
					t.Errorf("Stat: %v, want %v", err, tt.err)
				}
			}()
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				t.Fatal("blocks")
			}
		})
	}
}

func TestReadLinkIsRelativeToTheRoot(t *testing.T) {
	fsys, _ := world(t)
	for name, want := range map[string]string{"relative": "a/b/file", "absolute": "/a/b/file", "absdir": "/a"} {
		if got, err := fsys.ReadLink(name); err != nil || got != want {
			t.Errorf("ReadLink(%s) = %q, %v; want %q", name, got, err, want)
		}
	}
	if got, err := fsys.ReadLink("absout"); !errors.Is(err, rootfs.ErrOutside) {
		t.Errorf("ReadLink(absout) = %q, %v", got, err)
	}
	if info, err := fsys.Lstat("absdir/b/back"); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("Lstat(absdir/b/back): %v, %v; want a link", info, err)
	}
}

func TestResolve(t *testing.T) {
	fsys, _ := world(t)
	tests := []struct {
		name, want string
		err        error
	}{
		{"absdir/b/back", "a/b/file", nil},
		{"a/./b/../b//file", "a/b/file", nil},
		{"absdir/missing/more", "a/missing/more", nil},
		{"dangling/x", "nowhere/x", nil},
		{".", ".", nil},
		{"a/..", ".", nil},
		{"absdir/..", ".", nil},
		{"a/../..", "", rootfs.ErrOutside},
		{"up", "", rootfs.ErrOutside},
		{"loop/x", "", syscall.ELOOP},
	}
	for _, tt := range tests {
		got, err := rootfs.Resolve(fsys, tt.name)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("Resolve(%q) = %q, %v; want %q, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
	if got, err := rootfs.Resolve(fstest.MapFS{}, "a/../b"); err != nil || got != "b" {
		t.Errorf("without links: %q, %v", got, err)
	}
}

// TestDirStaysInItsDirectory is that the quick ways follow nothing.
func TestDirStaysInItsDirectory(t *testing.T) {
	fsys, root := world(t)
	file, err := fsys.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	dir, ok := file.(*rootfs.Dir)
	if !ok {
		t.Fatalf("Open(.) is a %T", file)
	}
	entries, err := dir.Entries()
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]fs.FileMode{}
	for _, e := range entries {
		types[e.Name] = e.Type
	}
	if types["a"] != fs.ModeDir || types["loop"] != fs.ModeSymlink || types["fifo"] != fs.ModeNamedPipe {
		t.Errorf("types %v", types)
	}
	for name, want := range map[string]error{
		"relative": syscall.ELOOP, "absout": syscall.ELOOP, "a": syscall.EISDIR, "fifo": fs.ErrInvalid,
		"a/b/file": fs.ErrInvalid, "..": syscall.EISDIR, "missing": fs.ErrNotExist, "": fs.ErrInvalid,
	} {
		if data, err := dir.ReadFile(name, nil); !errors.Is(err, want) {
			t.Errorf("ReadFile(%q) = %q, %v; want %v", name, data, err, want)
		}
	}
	long := strings.Repeat("x", 100_000)
	if err := os.WriteFile(filepath.Join(root, "long"), []byte(long), 0o644); err != nil {
		t.Fatal(err)
	}
	if data, err := dir.ReadFile("long", make([]byte, 5, 10)); err != nil || string(data) != long {
		t.Errorf("ReadFile(long): %d bytes, %v", len(data), err)
	}
	if err := os.Truncate(filepath.Join(root, "long"), rootfs.MaxFileSize+1); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.ReadFile("long", nil); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("a sparse file: %v", err)
	}
	before, err := dir.Lstat("a")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "a/new"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if after, err := dir.Lstat("a"); err != nil || after == before {
		t.Errorf("stamp of a changed directory: %+v, %v", after, err)
	}
}

func TestOpenNeedsADirectory(t *testing.T) {
	_, root := world(t)
	for _, name := range []string{"missing", "a/b/file"} {
		if f, err := rootfs.Open(filepath.Join(root, name)); err == nil {
			f.Close()
			t.Errorf("Open(%s) succeeds", name)
		}
	}
}
