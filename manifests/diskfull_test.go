package manifests_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kernelindexer/manifests"
)

// smallDisk mounts a file system with so many bytes and inodes.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("needs the right to mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// bigStore needs a few pages for each document.
func bigStore(version string) []manifests.Manifest {
	var ms []manifests.Manifest
	for k := range 3 {
		m := kernel(fmt.Sprintf("R/k%d/1", k), "4")
		for p := range 200 {
			m.Packages = append(m.Packages, manifests.Package{
				Name: fmt.Sprintf("package%03d", p), Version: version, Source: manifests.SourceR,
			})
		}
		ms = append(ms, m)
	}
	return ms
}

// The disk gets full at every page that a publication writes, one after the
// other: each time the old files stay as they are, and nothing else is left.
func TestDiskFullLeavesTheOldFiles(t *testing.T) {
	dir := smallDisk(t, "size=1m")
	publish(t, dir, testTime, bigStore("1.0")...)
	d := openDir(t, dir, manifests.Atomic)
	if err := d.WriteManifest(bigStore("1.0")[0]); err != nil {
		t.Fatal(err)
	}
	full, published := 0, 0
	for free := 0; published == 0; free++ {
		ballast := filepath.Join(dir, "ballast")
		fill(t, ballast, free)
		before := files(t, dir)
		_, err := d.Publish(t.Context(), entries(bigStore("2.0")...), testTime, pairNames)
		errManifest := d.WriteManifest(bigStore("2.0")[0])
		if err == nil {
			published++
			continue
		}
		full++
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%d pages free: %v", free, err)
		}
		if errManifest != nil {
			if !errors.Is(errManifest, syscall.ENOSPC) {
				t.Errorf("%d pages free: manifest: %v", free, errManifest)
			}
		} else {
			before[manifests.PackageManifestName] = files(t, dir)[manifests.PackageManifestName]
		}
		diff(t, fmt.Sprintf("%d pages free", free), before, files(t, dir))
		if t.Failed() {
			return
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
	if full < 10 {
		t.Errorf("the disk was full only %d times", full)
	}
	c, x := manifests.PairIn(os.DirFS(dir))
	if _, err := manifests.ValidateStore(t.Context(), c, x, nil, func(err error) { t.Error(err) }); err != nil {
		t.Error(err)
	}
}

// fill makes a file that leaves so many pages free.
func fill(t *testing.T, name string, free int) {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(name), &st); err != nil {
		t.Fatal(err)
	}
	data := strings.Repeat("x", (int(st.Bfree)-free)*int(st.Bsize))
	if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

// No inode for the first temporary file, for the second, for the second name of
// the old index: the last is only a precaution and not missed.
func TestNoInodesLeft(t *testing.T) {
	for spare := range 4 {
		dir := smallDisk(t, "size=1m,nr_inodes=20")
		publish(t, dir, testTime, goodStore()...)
		var st syscall.Statfs_t
		if err := syscall.Statfs(dir, &st); err != nil {
			t.Fatal(err)
		}
		for i := range int(st.Ffree) - spare {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		before := files(t, dir)
		_, err := openDir(t, dir, manifests.Atomic).Publish(t.Context(), entries(bigStore("2.0")...), testTime, pairNames)
		switch {
		case spare < 2 && !errors.Is(err, syscall.ENOSPC):
			t.Errorf("%d inodes: %v", spare, err)
		case spare < 2:
			diff(t, "files", before, files(t, dir))
		case err != nil:
			t.Errorf("%d inodes: %v", spare, err)
		case len(files(t, dir)) != len(before):
			t.Errorf("%d inodes: %d files, want %d", spare, len(files(t, dir)), len(before))
		}
	}
}
