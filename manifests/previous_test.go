package manifests_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kernelindexer/manifests"
)

const previousIndex = "." + manifests.PackageIndexName + ".previous"

// killBetweenRenames leaves dir as a process does that published ms and was
// killed after the first rename.
func killBetweenRenames(t *testing.T, dir string, ms ...manifests.Manifest) {
	t.Helper()
	aside := t.TempDir()
	publish(t, aside, testTime, ms...)
	index := filepath.Join(dir, manifests.PackageIndexName)
	if _, err := os.Lstat(filepath.Join(dir, previousIndex)); err != nil {
		if err := os.Link(index, filepath.Join(dir, previousIndex)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(filepath.Join(aside, manifests.PackageIndexName), index); err != nil {
		t.Fatal(err)
	}
}

func loadFrom(t *testing.T, dir string) manifests.Pair {
	t.Helper()
	c, x := manifests.PairIn(os.DirFS(dir))
	pair, err := manifests.LoadPair(t.Context(), c, x, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// After a kill between the two renames, every reader gets the old pair, however
// long the next run takes to come, and however often that is killed, too.
func TestKillBetweenTheRenamesLeavesTheOldPair(t *testing.T) {
	dir := t.TempDir()
	old := publish(t, dir, testTime, goodStore()...)
	for _, version := range []string{"2.0", "3.0"} {
		killBetweenRenames(t, dir, bigStore(version)...)
		if _, err := openDir(t, dir, manifests.Atomic).RemoveLeftovers(); err != nil {
			t.Fatal(err)
		}
		if pair := loadFrom(t, dir); pair.Collated.Generation != old.Generation {
			t.Errorf("got generation %s, want the old %s", pair.Collated.Generation, old.Generation)
		}
	}
	next := publish(t, dir, testTime, bigStore("4.0")...)
	if pair := loadFrom(t, dir); pair.Collated.Generation != next.Generation {
		t.Errorf("got generation %s, want the new %s", pair.Collated.Generation, next.Generation)
	}
	for name := range files(t, dir) {
		if strings.HasPrefix(name, ".") {
			t.Errorf("%s is left", name)
		}
	}
}

// A publication that starts from such a state keeps the index that completes
// the pair until its own is complete.
func TestPublishAfterAKillKeepsTheCompletePair(t *testing.T) {
	dir := t.TempDir()
	old := publish(t, dir, testTime, goodStore()...)
	killBetweenRenames(t, dir, bigStore("2.0")...)
	manifests.Keep(openDir(t, dir, manifests.Atomic))
	killBetweenRenames(t, dir, bigStore("3.0")...)
	if pair := loadFrom(t, dir); pair.Collated.Generation != old.Generation {
		t.Errorf("got generation %s, want the old %s", pair.Collated.Generation, old.Generation)
	}
}

// A second name that is out of date, because it could not be removed, is not
// taken for the pair's.
func TestStalePreviousIndexIsReplaced(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, testTime, goodStore()...)
	if err := os.Link(filepath.Join(dir, manifests.PackageIndexName), filepath.Join(dir, previousIndex)); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(dir, manifests.PackageIndexName)
	if err := os.Remove(index); err != nil {
		t.Fatal(err)
	}
	old := publish(t, dir, testTime, bigStore("2.0")...)
	manifests.Keep(openDir(t, dir, manifests.Atomic))
	killBetweenRenames(t, dir, bigStore("3.0")...)
	if pair := loadFrom(t, dir); pair.Collated.Generation != old.Generation {
		t.Errorf("got generation %s, want the old %s", pair.Collated.Generation, old.Generation)
	}
}
