package guard_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"kernelindexer/condaenv/condacmd/guard"
	"kernelindexer/condaenv/sandbox/sandboxtest"
)

// plant makes a prefix whose conda-meta holds a bit of everything, all of it old.
func plant(t *testing.T) (prefix string) {
	t.Helper()
	prefix = t.TempDir()
	meta := filepath.Join(prefix, "conda-meta")
	mustDo(t, os.MkdirAll(filepath.Join(meta, "sub"), 0o755))
	for name, mode := range map[string]fs.FileMode{
		"gone-1.0-0.json": 0o444, "private-1-0.json": 0o600, "history": 0o664, "\xff.json": 0o640, "sub/x": 0o644,
	} {
		path := filepath.Join(meta, name)
		mustDo(t, os.WriteFile(path, []byte("{"+name+"}"), mode))
		mustDo(t, os.Chmod(path, mode))
	}
	mustDo(t, os.WriteFile(filepath.Join(meta, "big-1-0.json"), bytes.Repeat([]byte("0123456789"), 900_000), 0o644))
	mustDo(t, os.Symlink("../../elsewhere.json", filepath.Join(meta, "link-1-0.json")))
	for path := range sandboxtest.Look(t, prefix) {
		old := []unix.Timespec{{Sec: 1e9, Nsec: 5}, {Sec: 1e9 + 1, Nsec: 7}}
		mustDo(t, unix.UtimesNanoAt(unix.AT_FDCWD, filepath.Join(prefix, path), old, unix.AT_SYMLINK_NOFOLLOW))
	}
	return prefix
}

// TestRestorePutsBack does to conda-meta what conda does, and worse, and expects to find it as it was.
func TestRestorePutsBack(t *testing.T) {
	tests := []struct {
		name string
		harm func(t *testing.T, meta string)
		note string
	}{
		{"deletes a record made writable", func(t *testing.T, meta string) {
			mustDo(t, os.Chmod(meta+"/gone-1.0-0.json", 0o644))
			mustDo(t, os.Remove(meta+"/gone-1.0-0.json"))
		}, "conda deleted gone-1.0-0.json; it was put back"},
		{"renames a record to trash", func(t *testing.T, meta string) {
			mustDo(t, os.Chmod(meta+"/gone-1.0-0.json", 0o644))
			mustDo(t, os.Rename(meta+"/gone-1.0-0.json", meta+"/gone-1.0-0.json.conda_trash"))
		}, "conda renamed gone-1.0-0.json to trash; it was put back"},
		{"only makes a record writable", func(t *testing.T, meta string) {
			mustDo(t, os.Chmod(meta+"/gone-1.0-0.json", 0o644))
		}, "conda changed the attributes of gone-1.0-0.json; they were put back"},
		{"makes a record unreadable", func(t *testing.T, meta string) {
			mustDo(t, os.Chmod(meta+"/gone-1.0-0.json", 0))
		}, "conda changed the attributes of gone-1.0-0.json; they were put back"},
		{"touches a record", func(t *testing.T, meta string) {
			mustDo(t, os.Chtimes(meta+"/gone-1.0-0.json", time.Now(), time.Now()))
		}, "conda changed the attributes of gone-1.0-0.json; they were put back"},
		{"overwrites a record", func(t *testing.T, meta string) {
			mustDo(t, os.WriteFile(meta+"/private-1-0.json", []byte("{}"), 0))
		}, "conda changed private-1-0.json; it was put back"},
		{"deletes a link", func(t *testing.T, meta string) {
			mustDo(t, os.Remove(meta+"/link-1-0.json"))
		}, "conda deleted link-1-0.json; it was put back"},
		{"deletes a big file", func(t *testing.T, meta string) {
			mustDo(t, os.Remove(meta+"/big-1-0.json"))
		}, "conda deleted big-1-0.json; it was put back"},
		{"deletes a name that is not UTF-8", func(t *testing.T, meta string) {
			mustDo(t, os.Remove(meta+"/\xff.json"))
		}, "conda deleted \xff.json; it was put back"},
		{"does nothing", func(*testing.T, string) {}, ""},
	}
	sandboxtest.EachUser(t, func(t *testing.T) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				prefix := plant(t)
				before := sandboxtest.Look(t, prefix)
				records := hold(t, prefix)
				test.harm(t, filepath.Join(prefix, "conda-meta"))
				notes, err := records.Restore()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(before.WithoutChanged(), sandboxtest.Look(t, prefix).WithoutChanged()); diff != "" {
					t.Errorf("the prefix changed (-before +after):\n%s", diff)
				}
				if got := strings.Join(notes, "\n"); got != test.note {
					t.Errorf("notes: %q, want %q", got, test.note)
				}
			})
		}
	})
}

// TestRestoreKeepsOwner needs root, who alone may give files away.
func TestRestoreKeepsOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to own files as others")
	}
	prefix := plant(t)
	path := filepath.Join(prefix, "conda-meta", "gone-1.0-0.json")
	mustDo(t, os.Chown(path, 1234, 2345))
	mustDo(t, os.Chmod(path, 0o2754)) // chown clears the setgid bit, so the order matters
	before := sandboxtest.Look(t, prefix)
	records := hold(t, prefix)
	mustDo(t, os.Remove(path))
	if _, err := records.Restore(); err != nil {
		t.Fatal(err)
	}
	after := sandboxtest.Look(t, prefix)
	ignoreFolderTimes(before, after)
	if diff := cmp.Diff(before.WithoutChanged(), after.WithoutChanged()); diff != "" {
		t.Errorf("the prefix changed (-before +after):\n%s", diff)
	}
}

// ignoreFolderTimes is for tests that change conda-meta after it was planted.
func ignoreFolderTimes(trees ...sandboxtest.Tree) {
	for _, tree := range trees {
		n := tree["conda-meta"]
		n.Modified = time.Time{}
		tree["conda-meta"] = n
	}
}

// TestForeignWorkIsLeftAlone: records that an installation removes must stay removed, and what it adds stay.
func TestForeignWorkIsLeftAlone(t *testing.T) {
	prefix := plant(t)
	meta := filepath.Join(prefix, "conda-meta")
	records := hold(t, prefix)
	mustDo(t, os.Remove(meta+"/gone-1.0-0.json"))
	mustDo(t, os.WriteFile(meta+"/gone-1.1-0.json", []byte("new"), 0o644))
	mustDo(t, os.WriteFile(meta+"/history", []byte("more"), 0o644))
	before := sandboxtest.Look(t, prefix)
	t.Setenv("TMPDIR", t.TempDir())
	_, err := records.Restore()
	if diff := cmp.Diff(before, sandboxtest.Look(t, prefix)); diff != "" {
		t.Errorf("the prefix changed (-before +after):\n%s", diff)
	}
	const why = "someone else is changing this environment: gone-1.1-0.json was created, history was written to"
	if !errors.Is(err, guard.ErrNotRestored) || !strings.Contains(err.Error(), why) {
		t.Fatalf("got %v, want ErrNotRestored with %q", err, why)
	}
	if got := rescued(t, err, "gone-1.0-0.json"); got != "{gone-1.0-0.json}" {
		t.Errorf("rescued %q", got)
	}
}

// TestForeignAdditionIsNoError: nothing of ours is missing, so there is nothing to worry about.
func TestForeignAdditionIsNoError(t *testing.T) {
	prefix := plant(t)
	records := hold(t, prefix)
	mustDo(t, os.WriteFile(filepath.Join(prefix, "conda-meta", "new-1-0.json"), nil, 0o644))
	notes, err := records.Restore()
	want := []string{"someone else is changing this environment: new-1-0.json was created"}
	if diff := cmp.Diff(want, notes); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// TestRescue takes the right to write away while conda "runs".
func TestRescue(t *testing.T) {
	sandboxtest.EachUser(t, func(t *testing.T) {
		if os.Geteuid() == 0 {
			return // root may write anyway; nobody's turn comes
		}
		prefix := plant(t)
		meta := filepath.Join(prefix, "conda-meta")
		records := hold(t, prefix)
		mustDo(t, os.Remove(meta+"/gone-1.0-0.json"))
		mustDo(t, os.Remove(meta+"/link-1-0.json"))
		mustDo(t, os.Chmod(meta, 0o555))
		t.Cleanup(func() { os.Chmod(meta, 0o755) })
		t.Setenv("TMPDIR", t.TempDir())
		_, err := records.Restore()
		if !errors.Is(err, guard.ErrNotRestored) || !errors.Is(err, fs.ErrPermission) {
			t.Fatalf("got %v, want ErrNotRestored for want of permission", err)
		}
		if got := rescued(t, err, "gone-1.0-0.json"); got != "{gone-1.0-0.json}" {
			t.Errorf("rescued %q", got)
		}
		rescued(t, err, "link-1-0.json")
	})
}

// rescued returns the content of a rescued file in the folder that an error names.
func rescued(t *testing.T, err error, name string) string {
	t.Helper()
	m := regexp.MustCompile(`copies of .* are in (\S+)$`).FindStringSubmatch(err.Error())
	if m == nil {
		t.Fatalf("no folder named: %v", err)
	}
	path := filepath.Join(m[1], name)
	info, lerr := os.Lstat(path)
	mustDo(t, lerr)
	if info.Mode().Type() == fs.ModeSymlink {
		target, err := os.Readlink(path)
		mustDo(t, err)
		return target
	}
	data, rerr := os.ReadFile(path)
	mustDo(t, rerr)
	return string(data)
}

// TestLinksAreNotWrittenThrough lays a link to a file outside where the guard makes its own file, and another one where
// a record was.
func TestLinksAreNotWrittenThrough(t *testing.T) {
	prefix := plant(t)
	outside := filepath.Join(t.TempDir(), "precious")
	mustDo(t, os.WriteFile(outside, []byte("precious"), 0o640))
	record := filepath.Join(prefix, "conda-meta", "gone-1.0-0.json")
	mustDo(t, os.Symlink(outside, record+".kernel-indexer-restore"))
	for _, replace := range []bool{false, true} {
		records := hold(t, prefix)
		mustDo(t, os.Remove(record))
		if replace {
			mustDo(t, os.Symlink(outside, record))
		}
		notes, err := records.Restore()
		if err != nil || len(notes) != 1 || strings.Contains(notes[0], "was replaced") != replace {
			t.Errorf("replaced by a link %v: %q, %v", replace, notes, err)
		}
		got := sandboxtest.Look(t, filepath.Dir(outside))["precious"]
		if got.Content != "precious" || got.Mode != 0o640 {
			t.Errorf("written through a link: %+v", got)
		}
	}
	if target, err := os.Readlink(record); target != outside {
		t.Errorf("the foreign link: %q, %v", target, err)
	}
}

// TestFolderBehindALink: conda deletes in the folder that conda-meta leads to, so that is the one to guard.
func TestFolderBehindALink(t *testing.T) {
	real, prefix := plant(t), t.TempDir()
	meta := filepath.Join(real, "conda-meta")
	mustDo(t, os.Symlink(meta, filepath.Join(prefix, "conda-meta")))
	records := hold(t, prefix)
	mustDo(t, os.Remove(meta+"/gone-1.0-0.json"))
	if _, err := records.Restore(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(meta + "/gone-1.0-0.json"); err != nil {
		t.Error(err)
	}
}

// TestNothingToHold: what conda cannot read either is no reason to fail before it does.
func TestNothingToHold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	mustDo(t, os.WriteFile(file, nil, 0o644))
	loop := t.TempDir()
	mustDo(t, os.Symlink("conda-meta", filepath.Join(loop, "conda-meta")))
	plain := t.TempDir()
	mustDo(t, os.WriteFile(filepath.Join(plain, "conda-meta"), nil, 0o644))
	for _, prefix := range []string{"/no/such/prefix", t.TempDir(), file, loop, plain} {
		notes, err := hold(t, prefix).Restore()
		if notes != nil || err != nil {
			t.Errorf("%s: %q, %v", prefix, notes, err)
		}
	}
}

// TestFIFODoesNotBlock: somebody's FIFO in conda-meta makes conda hang, and that is what the time limit is for.
func TestFIFODoesNotBlock(t *testing.T) {
	prefix := plant(t)
	mustDo(t, unix.Mkfifo(filepath.Join(prefix, "conda-meta", "fifo.json"), 0o644))
	if notes, err := hold(t, prefix).Restore(); notes != nil || err != nil {
		t.Errorf("%q, %v", notes, err)
	}
}

func hold(t *testing.T, prefix string) *guard.Records {
	t.Helper()
	records, err := guard.Hold(prefix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := records.Close(); err != nil {
			t.Error(err)
		}
	})
	return records
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
