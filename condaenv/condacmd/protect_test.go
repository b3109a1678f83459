package condacmd_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/condacmd"
	"kernelindexer/condaenv/sandbox"
	"kernelindexer/condaenv/sandbox/sandboxtest"
)

// deletes does to a record what conda's unlink_or_rename_to_trash does.
const deletes = `record="$4/conda-meta/gone-1.0-0.json"
	chmod u+w "$record" 2> /dev/null
	rm -f "$record" 2> /dev/null || mv "$record" "$record.conda_trash" 2> /dev/null || {
		echo "WARNING conda: Could not remove or rename $record." >&2
	}
	`

// trashes is the same where unlinking fails.
const trashes = `record="$4/conda-meta/gone-1.0-0.json"
	chmod u+w "$record"; mv "$record" "$record.conda_trash"; rm -f "$4/conda-meta/linked-1-0.json"
	`

// TestNoRecordIsLost is the promise: whatever conda does and however it ends, the prefix is as it was. Under a box
// nothing was even touched; the guard puts back everything but the ctimes.
func TestNoRecordIsLost(t *testing.T) {
	endings := []struct {
		name, script string
		fails        bool
	}{
		{"succeeds", printGood, false},
		{"reports an error", `printf '{"exception_name": "E", "message": "m"}'; exit 1`, true},
		{"crashes", "kill -SEGV $$", true},
		{"prints garbage", "echo garbage", true},
		{"hangs", "sleep 600", true},
	}
	sandboxtest.EachUser(t, func(t *testing.T) {
		for _, mode := range modes {
			for i, harm := range []string{deletes, trashes, "(" + deletes + "\n)\n" + `sh -c '` + trashes + `' sh "$@"` + "\n"} {
				for _, ending := range endings {
					if i > 0 && ending.name != "succeeds" {
						continue // one harm is enough to try all endings
					}
					t.Run(mode.String()+"/"+ending.name, func(t *testing.T) {
						lister := standIn(t, mode, harm+ending.script)
						if ending.name == "hangs" {
							lister.Timeout = 700 * time.Millisecond
						}
						expectUntouched(t, lister, ending.fails)
					})
				}
			}
		}
	})
}

func expectUntouched(t *testing.T, lister *condacmd.Lister, fails bool) {
	t.Helper()
	prefix := plant(t)
	before := sandboxtest.Look(t, prefix)
	got, err := lister.List(t.Context(), prefix)
	if (err != nil) != fails {
		t.Errorf("got %v, %v", got.Packages, err)
	}
	after := sandboxtest.Look(t, prefix)
	if lister.Box.Mode() == sandbox.None {
		before, after = before.WithoutChanged(), after.WithoutChanged()
		if notes := strings.Join(got.Warnings, "\n"); !strings.Contains(notes, "it was put back") {
			t.Errorf("not told of what was put back: %q", notes)
		}
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the prefix changed (-before +after):\n%s", diff)
	}
}

// TestGuardActsOnPanic: a fault of ours is no excuse.
func TestGuardActsOnPanic(t *testing.T) {
	lister := standIn(t, sandbox.None, deletes+printGood)
	prefix := plant(t)
	before := sandboxtest.Look(t, prefix).WithoutChanged()
	calls := 0
	lister.Log = func(string) {
		if calls++; calls == 2 {
			panic("a fault")
		}
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_, _ = lister.List(t.Context(), prefix)
	}()
	if diff := cmp.Diff(before, sandboxtest.Look(t, prefix).WithoutChanged()); diff != "" {
		t.Errorf("the prefix changed (-before +after):\n%s", diff)
	}
}

// TestTemporaryFolderInPrefix: TMPDIR may lie anywhere, even where the records are; only what is ours is writable.
func TestTemporaryFolderInPrefix(t *testing.T) {
	prefix := plant(t)
	t.Setenv("TMPDIR", prefix+"/conda-meta")
	before := sandboxtest.Look(t, prefix)
	lister := standIn(t, sandbox.Landlock, `echo x > "$TMPDIR/x" || exit 3; echo x > "$TMPDIR/../x.json"; `+deletes+printGood)
	if _, err := lister.List(t.Context(), prefix); err != nil {
		t.Error(err)
	}
	after := sandboxtest.Look(t, prefix)
	for _, tree := range []sandboxtest.Tree{before, after} {
		delete(tree, "conda-meta") // its own times changed: the folder was made and removed by us
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the prefix changed (-before +after):\n%s", diff)
	}
}

// TestGuardFailureVoidsTheList: what could not be put back must not end as a line among warnings.
func TestGuardFailureVoidsTheList(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	lister := standIn(t, sandbox.None, deletes+`echo new > "$4/conda-meta/new-1-0.json";`+printGood)
	got, err := lister.List(t.Context(), plant(t))
	var failed *condacmd.Error
	if !errors.As(err, &failed) || got.Packages != nil || !strings.Contains(err.Error(), "copies of gone-1.0-0.json are in ") {
		t.Errorf("got %v, %v", got.Packages, err)
	}
}

func TestProtection(t *testing.T) {
	for mode, want := range map[sandbox.Mode]string{sandbox.Landlock: "landlock+seccomp", sandbox.Seccomp: "seccomp", sandbox.None: "guard"} {
		lister := condacmd.Lister{Box: self.Box(mode)}
		if got := lister.Protection(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
