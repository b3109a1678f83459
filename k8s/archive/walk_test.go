package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// These tests see the objects below a Store: files that no writer leaves, and
// how often they are looked at.

func directory(t testing.TB) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	store, err := Open(t.Context(), "file://"+dir)
	if err != nil {
		t.Fatal(err)
	}
	return store, dir
}

func keys(t *testing.T, store *Store, prefix string) []string {
	t.Helper()
	var keys []string
	for object, err := range store.list(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, object.key)
	}
	return keys
}

func TestAFolderIsListedInTheOrderOfKeys(t *testing.T) {
	folder, dir := directory(t)
	bucket := memory(t) // whose listings are those of an object store
	for _, key := range []string{
		"logs/geo/river/a", "logs/geo-dev/river/a", "logs/geo/river-2/a", "logs/geo/river=20/a", "logs/geo/river/a-b", "logs/geo/river/A",
		"logs/geo.json", "logs/geo/river/0/x", "open/geo", "logs/z/z/z/z/z",
	} {
		for _, store := range []*Store{folder, bucket} {
			if err := store.put(t.Context(), key, []byte("{}")); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range []string{".nfs0001", ".hidden/a"} { // NFS's, not ours
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, "logs", name)), 0o770); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "logs", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, prefix := range []string{"logs/", "logs/geo/", "logs/geo/river/", "logs/none/", "open/"} {
		got := keys(t, folder, prefix)
		if diff := cmp.Diff(keys(t, bucket, prefix), got); diff != "" || !slices.IsSorted(got) {
			t.Errorf("%s: -want +got:\n%s", prefix, diff)
		}
	}
}

func TestAFolderIsWalkedOnlyWhereItIsAsked(t *testing.T) {
	store, _ := directory(t)
	for _, project := range []string{"river", "river-2"} {
		for version := range 3 {
			run := Run{Domain: "geo", Project: project, Process: "x", Version: version}
			if _, _, err := store.PutOutcome(t.Context(), run, []byte("{}")); err != nil {
				t.Fatal(err)
			}
			log := Stream{Run: run, Pod: "a", Container: "c"}
			if err := store.put(t.Context(), log.chunkKey(0), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	seen := &counting{objects: store.objects}
	store.objects = seen
	for _, err := range store.Outcomes(t.Context(), "geo", "river", "") {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"outcomes/geo/river/x/v0000000.json", "outcomes/geo/river/x/v0000001.json", "outcomes/geo/river/x/v0000002.json"}
	if diff := cmp.Diff(want, seen.listed); diff != "" || seen.read != 3 {
		t.Errorf("%d objects read; listed: -want +got:\n%s", seen.read, diff)
	}
}

// counting is a store that counts what is asked of it.
type counting struct {
	objects

	listed    []string
	lists     int
	read      int
	bytesRead int
}

func (c *counting) list(ctx context.Context, prefix string) iter.Seq2[object, error] {
	c.lists++
	return func(yield func(object, error) bool) {
		for object, err := range c.objects.list(ctx, prefix) {
			c.listed = append(c.listed, object.key)
			if !yield(object, err) {
				return
			}
		}
	}
}

func (c *counting) get(ctx context.Context, key string, limit int64) ([]byte, error) {
	data, err := c.objects.get(ctx, key, limit)
	c.read, c.bytesRead = c.read+1, c.bytesRead+len(data)
	return data, err
}

func (c *counting) head(ctx context.Context, key string, limit int64) ([]byte, error) {
	data, err := c.objects.head(ctx, key, limit)
	c.read, c.bytesRead = c.read+1, c.bytesRead+len(data)
	return data, err
}

func TestADirectoryThatCannotBeReadIsAnError(t *testing.T) {
	store, dir := directory(t)
	for _, domain := range []string{"a", "geo", "z"} {
		if _, _, err := store.PutOutcome(t.Context(), Run{Domain: domain, Project: "p", Process: "x"}, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if err := filepath.WalkDir(filepath.Dir(dir), func(path string, entry os.DirEntry, _ error) error {
		if entry.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return os.Chmod(path, 0o644)
	}); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "outcomes", "geo"), 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t)
	var seen []string
	var failed error
	for object, err := range store.list(t.Context(), outcomesPrefix) {
		if failed = err; err == nil {
			seen = append(seen, object.key)
		}
	}
	if !errors.Is(failed, os.ErrPermission) || len(seen) != 1 {
		t.Errorf("got %v after %v", failed, seen)
	}
	if _, err := store.Expire(t.Context(), time.Time{}, time.Now().Add(-time.Hour)); !errors.Is(err, os.ErrPermission) {
		t.Errorf("expiry: %v", err)
	}
	if _, err := store.Outcome(t.Context(), Run{Domain: "geo", Project: "p", Process: "x"}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("an outcome: %v", err)
	}
}

// asNobody makes the rest of the test one of a user who may not do everything.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	// Of this thread alone, which syscall.Setfsuid would not be.
	become := func(user uintptr) {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, user, 0, 0); errno != 0 {
			t.Error(errno)
		}
	}
	runtime.LockOSThread()
	become(65534)
	t.Cleanup(func() {
		become(0)
		runtime.UnlockOSThread()
	})
}

func TestListingWhileObjectsComeAndGo(t *testing.T) {
	store, _ := directory(t)
	run := func(project string, version int) Run {
		return Run{Domain: "geo", Project: project, Process: "x", Version: version}
	}
	var want []string
	for version := range 50 {
		stays := run("stays", version)
		want = append(want, stays.outcomeKey())
		if err := store.put(t.Context(), stays.outcomeKey(), []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var others sync.WaitGroup
	for writer := range 2 {
		others.Go(func() {
			for version := writer; ctx.Err() == nil; version += 2 {
				key := run(fmt.Sprint("goes-", version%7), version%20).outcomeKey()
				if err := store.create(context.WithoutCancel(ctx), key, []byte("{}")); err != nil && !errors.Is(err, errExists) {
					t.Error(err)
				}
				if err := store.remove(context.WithoutCancel(ctx), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 100 {
		var got []string
		last := ""
		for object, err := range store.list(t.Context(), outcomesPrefix) {
			if err != nil {
				t.Fatal(err)
			}
			if object.key <= last {
				t.Fatalf("%s after %s", object.key, last)
			}
			last = object.key
			if strings.Contains(object.key, "/stays/") {
				got = append(got, object.key)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		for _, err := range store.Outcomes(t.Context(), "geo", "", "") {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	cancel()
	others.Wait()
}

func BenchmarkOutcomesOfAProjectWithLogs(b *testing.B) {
	store, dir := directory(b)
	document := []byte(`{"run":{},"status":{}}`)
	write := func(key string) {
		path := filepath.Join(dir, key)
		if err := os.MkdirAll(filepath.Dir(path), 0o770); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, document, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for version := range 1000 {
		stream := Stream{Run: Run{Domain: "geo", Project: "river", Process: fmt.Sprint("x-", version%50), Version: version / 50}, Pod: "a", Container: "c"}
		write(stream.outcomeKey())
		write(stream.endKey())
		for chunk := range int64(20) {
			write(stream.chunkKey(1000 * chunk))
		}
	}
	for b.Loop() {
		count := 0
		for _, err := range store.Outcomes(b.Context(), "geo", "river", "") {
			if err != nil {
				b.Fatal(err)
			}
			count++
		}
		if count != 1000 {
			b.Fatal(count)
		}
	}
}
