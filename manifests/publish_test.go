package manifests_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"kernelindexer/manifests"
)

// umask sets the umask for a test; it belongs to the process, so no test runs
// beside it.
func umask(t *testing.T, mask int) {
	t.Helper()
	old := syscall.Umask(mask)
	t.Cleanup(func() { syscall.Umask(old) })
}

func readModes(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]fs.FileMode{}
	for _, e := range list {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		modes[e.Name()] = info.Mode()
	}
	return modes
}

// Mode 0664 less the umask, also over a file of another mode; the catalog is
// 0664 in any case.
func TestPublishedModeIsReadable(t *testing.T) {
	for _, mode := range []manifests.WriteMode{manifests.Atomic, manifests.InPlace} {
		for mask, want := range map[int]fs.FileMode{0: 0o664, 0o022: 0o644, 0o077: 0o600} {
			umask(t, mask)
			dir := t.TempDir()
			if mode == manifests.Atomic {
				if err := os.WriteFile(filepath.Join(dir, manifests.CollatedName), nil, 0o400); err != nil {
					t.Fatal(err)
				}
			}
			d := openDir(t, dir, mode)
			if _, err := d.Publish(t.Context(), entries(goodStore()...), testTime, pairNames); err != nil {
				t.Fatal(err)
			}
			if err := d.WriteManifest(goodStore()[0]); err != nil {
				t.Fatal(err)
			}
			wanted := map[string]fs.FileMode{
				manifests.CollatedName: want, manifests.PackageIndexName: want, manifests.PackageManifestName: want,
			}
			if mode == manifests.Atomic {
				if err := d.WriteCatalog(manifests.CatalogUpdate{}); err != nil {
					t.Fatal(err)
				}
				wanted[manifests.CatalogName] = 0o664
			}
			diff(t, "modes", wanted, readModes(t, dir))
		}
	}
}

// A link where a document should be is replaced; what it points to, inside or
// outside the directory, is never written.
func TestLinkAtTheTargetIsReplaced(t *testing.T) {
	for _, mode := range []manifests.WriteMode{manifests.Atomic, manifests.InPlace} {
		base := t.TempDir()
		dir := filepath.Join(base, "out")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		const secret = "not to be written\n"
		for name, link := range map[string]string{
			"outside": manifests.CollatedName, filepath.Join("out", "inside"): manifests.PackageIndexName,
		} {
			target := filepath.Join(base, name)
			if err := os.WriteFile(target, []byte(secret), 0o644); err != nil {
				t.Fatal(err)
			}
			rel, err := filepath.Rel(dir, target)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(rel, filepath.Join(dir, link)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink("nowhere", filepath.Join(dir, manifests.StatusName)); err != nil {
			t.Fatal(err)
		}
		d := openDir(t, dir, mode)
		if _, err := d.Publish(t.Context(), entries(goodStore()...), testTime, pairNames); err != nil {
			t.Fatal(err)
		}
		if err := d.WriteStatus(goodStatus()); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"outside", "out/inside"} {
			data, err := os.ReadFile(filepath.Join(base, name))
			if err != nil || string(data) != secret {
				t.Errorf("%s: %q, %v", name, data, err)
			}
		}
		for name, mode := range readModes(t, dir) {
			if !mode.IsRegular() {
				t.Errorf("%s is %v", name, mode)
			}
		}
		if _, err := os.Lstat(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the target of the dangling link: %v", err)
		}
	}
}

// A kernel directory that is a link out of the root is refused.
func TestSubDoesNotLeaveTheDirectory(t *testing.T) {
	base := t.TempDir()
	root := filepath.Join(base, "root")
	if err := os.MkdirAll(filepath.Join(root, "R", "k"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../..", filepath.Join(root, "R", "k", "1")); err != nil {
		t.Fatal(err)
	}
	d := openDir(t, root, manifests.Atomic)
	for _, name := range []string{"R/k/1", "..", "/"} {
		if sub, err := d.Sub(name); err == nil {
			sub.Close()
			t.Errorf("%s was opened", name)
		}
	}
}

// Names with a directory would put the temporary file elsewhere.
func TestPublishTakesFileNamesOnly(t *testing.T) {
	for _, mode := range []manifests.WriteMode{manifests.Atomic, manifests.InPlace} {
		d := openDir(t, t.TempDir(), mode)
		for _, name := range []string{"..", ".", "/", "a/b", "../x", "a/"} {
			if _, err := d.Publish(t.Context(), entries(), testTime, manifests.Publication{Collated: name}); err == nil {
				t.Errorf("%q was published", name)
			}
		}
	}
}

// A source that fails leaves the pair and no temporary file.
func TestFailedPublishLeavesTheOldPair(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, testTime, goodStore()...)
	before := files(t, dir)
	broken := errors.New("broken")
	_, err := openDir(t, dir, manifests.Atomic).Publish(t.Context(), func(yield func(manifests.Entry, error) bool) {
		_ = yield(manifests.NewEntry(goodStore()[0]), nil) && yield(manifests.Entry{}, broken)
	}, testTime, pairNames)
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	diff(t, "files", before, files(t, dir))
}

// When the second rename fails, the first is taken back.
func TestSecondRenameFails(t *testing.T) {
	for _, withOld := range []bool{true, false} {
		dir := t.TempDir()
		if withOld {
			if err := os.WriteFile(filepath.Join(dir, manifests.PackageIndexName), []byte("old\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		before := files(t, dir)
		if err := os.Mkdir(filepath.Join(dir, manifests.CollatedName), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := openDir(t, dir, manifests.Atomic).Publish(t.Context(), entries(goodStore()...), testTime, pairNames)
		if err == nil {
			t.Fatal("a directory was replaced")
		}
		diff(t, "files", before, files(t, dir))
	}
}

// Every name a killed run can leave behind is removed, and nothing else.
func TestRemoveLeftovers(t *testing.T) {
	dir := t.TempDir()
	gone := []string{
		".package_manifest.json1", ".collated_manifests.json123", ".package_index.json9223372036854775807",
		".index_status.json42", ".icrn_kernel_catalog.json7", ".of mine.json8",
	}
	stay := []string{
		".collated_manifests.json", "collated_manifests.json1", ".collated_manifests.json1.bak", ".other.json1",
		".indexing.lock", ".kernel.yaml1", "x.collated_manifests.json1", ".collated_manifestsXjson1",
	}
	for _, name := range slices.Concat(gone, stay) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, ".collated_manifests.json5"), 0o755); err != nil {
		t.Fatal(err)
	}
	removed, err := openDir(t, dir, manifests.Atomic).RemoveLeftovers("of mine.json")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(removed)
	slices.Sort(gone)
	diff(t, "removed", gone, removed)
	for _, name := range append(stay, ".collated_manifests.json5") {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// In place, the file stays the same file: its links and its mode survive.
func TestInPlaceKeepsTheFile(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, manifests.CollatedName)
	if err := os.WriteFile(target, []byte(strings.Repeat("old and longer\n", 10_000)), 0o604); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(target, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	d := openDir(t, dir, manifests.InPlace)
	if _, err := d.Publish(t.Context(), entries(goodStore()...), testTime, pairNames); err != nil {
		t.Fatal(err)
	}
	got := files(t, dir)
	collated, index, _ := collate(t, entries(goodStore()...), testTime)
	diff(t, "files", map[string]string{
		manifests.CollatedName: collated, "link": collated, manifests.PackageIndexName: index,
	}, got)
	if mode := readModes(t, dir)[manifests.CollatedName]; mode != 0o604 {
		t.Errorf("mode %v", mode)
	}
}

// asNobody runs f with the file system rights of user 65534. The rights are
// those of one thread, which ends with the goroutine.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to become another user")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread is not used again
		for _, call := range []uintptr{syscall.SYS_SETFSGID, syscall.SYS_SETFSUID} {
			syscall.RawSyscall(call, 65534, 0, 0)
		}
		f()
	}()
	<-done
}

// A directory that cannot be written is an error of the file system that says so.
func TestUnwritableDirectory(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, testTime, goodStore()...)
	before := files(t, dir)
	for _, name := range []string{dir, filepath.Dir(dir)} { // both made by t.TempDir
		if err := os.Chmod(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	asNobody(t, func() {
		for _, mode := range []manifests.WriteMode{manifests.Atomic, manifests.InPlace} {
			d, err := manifests.OpenDir(dir, mode)
			if err != nil {
				t.Error(err)
				return
			}
			defer d.Close()
			if _, err := d.Publish(context.Background(), entries(), testTime, pairNames); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("publish: %v", err)
			}
			if err := d.WriteStatus(goodStatus()); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("status: %v", err)
			}
		}
		if _, err := manifests.AcquireLock(dir, testTime); !errors.Is(err, fs.ErrPermission) || errors.Is(err, manifests.ErrLocked) {
			t.Errorf("lock: %v", err)
		}
		c, x := manifests.PairIn(os.DirFS(dir))
		if _, err := manifests.LoadPair(context.Background(), c, x, nil, nil); err != nil {
			t.Errorf("what root published cannot be read: %v", err)
		}
	})
	diff(t, "files", before, files(t, dir))
}

func TestOpenDirNeverCreates(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	if _, err := manifests.OpenDir(dir, manifests.Atomic); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is there now: %v", err)
	}
}
