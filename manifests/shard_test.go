package manifests_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"kernelindexer/manifests"
)

func TestParseShard(t *testing.T) {
	for text, want := range map[string]manifests.Shard{
		"1/1": {Number: 1, Of: 1}, "2/4": {Number: 2, Of: 4}, "4/4": {Number: 4, Of: 4}, "1024/1024": {Number: 1024, Of: 1024},
		"02/4": {Number: 2, Of: 4},
	} {
		if got, err := manifests.ParseShard(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "/", "1", "0/0", "0/4", "5/4", "1/0", "1/1025", "-1/4", "+1/4", " 1/4", "1/4 ", "1/4/2", "a/b", "1/b", "1_0/20", "0x1/4",
		"1/99999999999999999999", "٣/٤",
	} {
		if got, err := manifests.ParseShard(text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func FuzzParseShard(f *testing.F) {
	f.Add("2/4")
	f.Add("0/0")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := manifests.ParseShard(text)
		if err != nil {
			return
		}
		if s.Number < 1 || s.Number > s.Of || s.Of > manifests.MaxShards {
			t.Errorf("%q gives %v", text, s)
		}
		if again, err := manifests.ParseShard(s.String()); err != nil || again != s {
			t.Errorf("%v gives %v, %v", s, again, err)
		}
	})
}

// All kernels are dealt, each once and in order, and no two shards differ by more than one.
func TestDealIsEvenAndComplete(t *testing.T) {
	for kernels := range 18 {
		var keys []manifests.KernelKey
		for i := range kernels {
			keys = append(keys, manifests.KernelKey{Language: "R", Name: fmt.Sprintf("k%02d", i), Version: "1.0"})
		}
		for of := 1; of <= 7; of++ {
			r := manifests.Round{Shards: of}
			r.SetKernels(keys)
			var all []manifests.KernelKey
			for n := 1; n <= of; n++ {
				dealt, err := r.Deal(manifests.Shard{Number: n, Of: of})
				if err != nil {
					t.Fatal(err)
				}
				if len(dealt) < kernels/of || len(dealt) > (kernels+of-1)/of {
					t.Errorf("%d kernels: shard %d/%d has %d", kernels, n, of, len(dealt))
				}
				all = append(all, dealt...)
			}
			slices.SortFunc(all, func(a, b manifests.KernelKey) int { return strings.Compare(a.Name, b.Name) })
			diff(t, fmt.Sprintf("%d kernels, %d shards", kernels, of), keys, all)
		}
	}
}

// A round keeps every name that a directory can have, byte for byte, and is refused where it contradicts itself.
func TestRoundKeepsNames(t *testing.T) {
	keys := []manifests.KernelKey{
		{Language: "Python", Name: "a b%2F", Version: "1.0+x"},
		{Language: "R", Name: "not\xffutf-8", Version: "\u00fc\n\""},
		{Language: "R", Name: "sur\xed\xa0\x80rogate", Version: "..."},
	}
	root := t.TempDir()
	dir, err := manifests.OpenDir(root, manifests.Atomic)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	r := manifests.Round{ID: "job", Shards: 1, Start: "2026-01-31T04:05:06Z"}
	r.SetKernels(keys)
	r.Record(manifests.ShardResult{Shard: 1, End: r.Start, Phase: manifests.PhaseIndex, ExitCode: 4, Error: "bad \xff name"})
	if err := dir.WriteRound(r); err != nil {
		t.Fatal(err)
	}
	read, err := manifests.ReadRound(dir.FS())
	if err != nil {
		t.Fatal(err)
	}
	dealt, err := read.Deal(manifests.Shard{Number: 1, Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "kernels", keys, dealt)
	if got, _ := read.Result(1); got.Error != "bad \ufffd name" {
		t.Errorf("the error is %q", got.Error)
	}
	if err := dir.RemoveRound(); err != nil {
		t.Fatal(err)
	}
	if _, err := manifests.ReadRound(dir.FS()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after its end: %v", err)
	}
	if err := dir.RemoveRound(); err != nil {
		t.Errorf("without a round: %v", err)
	}
}

// What is said of a shard last is what counts, in the order of the numbers.
func TestRoundRecordsEachShardOnce(t *testing.T) {
	r := manifests.Round{Shards: 4}
	for _, d := range []manifests.ShardResult{{Shard: 3}, {Shard: 1}, {Shard: 4, ExitCode: 1}, {Shard: 4}, {Shard: 2}} {
		r.Record(d)
	}
	diff(t, "results", []manifests.ShardResult{{Shard: 1}, {Shard: 2}, {Shard: 3}, {Shard: 4}}, r.Done)
	if !r.Forget(3) || r.Forget(3) {
		t.Error("a shard is forgotten once")
	}
	if _, ok := r.Result(3); ok {
		t.Error("a forgotten shard has a result")
	}
}

const roundText = `{"id": "job", "shards": 2, "start": "2026-01-31T04:05:06Z", "kernels": ["R/a/1.0"], "done": [
	{"shard": 1, "end": "2026-01-31T04:05:06Z", "exit_code": 0, "phase": "index", "indexed": 1, "reused": 0, "packages": 7}]}`

func TestDecodeRoundRefuses(t *testing.T) {
	if _, err := manifests.DecodeRound([]byte(roundText)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"no shards":              {`"shards": 2`, `"shards": 0`},
		"too many shards":        {`"shards": 2`, `"shards": 1025`},
		"a shard beyond":         {`"shard": 1`, `"shard": 3`},
		"shard 0":                {`"shard": 1`, `"shard": 0`},
		"no start":               {`"start": "2026-01-31T04:05:06Z"`, `"start": ""`},
		"an id with a line feed": {`"job"`, `"jo\nb"`},
		"a long id":              {`"job"`, `"` + strings.Repeat("x", manifests.MaxRoundID+1) + `"`},
		"a phase of its own":     {`"phase": "index"`, `"phase": "dance"`},
		"a failure without why":  {`"exit_code": 0`, `"exit_code": 4`},
		"a negative count":       {`"reused": 0`, `"reused": -1`},
		"text behind":            {`]}`, `]} x`},
	} {
		text := strings.Replace(roundText, change[0], change[1], 1)
		if text == roundText {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := manifests.DecodeRound([]byte(text)); !errors.Is(err, manifests.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, kernel := range []string{"R/a", "R/a/1.0/x", "R//1.0", "R/../1.0", "R/%2e%2e/1.0", "R/a%2Fb/1.0", "R/%zz/1.0", ""} {
		r := manifests.Round{Shards: 1, Kernels: []string{kernel}}
		if keys, err := r.Deal(manifests.Shard{Number: 1, Of: 1}); !errors.Is(err, manifests.ErrInvalid) {
			t.Errorf("kernel %q: got %v, %v", kernel, keys, err)
		}
	}
}

func FuzzDecodeRound(f *testing.F) {
	f.Add([]byte(roundText))
	f.Add([]byte(`{"shards":1e9}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := manifests.DecodeRound(data)
		if err != nil {
			if !errors.Is(err, manifests.ErrInvalid) {
				t.Errorf("got %v", err)
			}
			return
		}
		for n := 1; n <= r.Shards; n++ {
			keys, err := r.Deal(manifests.Shard{Number: n, Of: r.Shards})
			if err != nil {
				return
			}
			for _, k := range keys {
				if !fs.ValidPath(strings.ToValidUTF8(k.String(), "?")) {
					t.Errorf("kernel %q leaves the root", k)
				}
			}
		}
	})
}

// A round that is no regular file is refused without being opened.
func TestReadRoundOpensRegularFilesOnly(t *testing.T) {
	fsys := fstest.MapFS{manifests.RoundName: {Mode: fs.ModeNamedPipe}}
	if _, err := manifests.ReadRound(fsys); !errors.Is(err, manifests.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

// A run keeps shards out and shards a run, shards of different numbers go together, those of one number do not, and the
// error names who is there.
func TestShardLocks(t *testing.T) {
	dir := t.TempDir()
	acquire := func(number int) (*manifests.ShardLock, error) {
		return manifests.AcquireShardLock(dir, manifests.Shard{Number: number, Of: 4}, testTime)
	}
	run, err := manifests.AcquireLock(dir, testTime)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := acquire(1); !errors.Is(err, manifests.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("process %d on", os.Getpid())) {
		t.Errorf("a shard beside a run: %v", err)
	}
	unlock(t, run)
	first, err := acquire(1)
	if err != nil {
		t.Fatal(err)
	}
	third, err := acquire(3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := acquire(3); !errors.Is(err, manifests.ErrLocked) || !strings.Contains(err.Error(), "shard 3/4, process") {
		t.Errorf("the same shard: %v", err)
	}
	unlock(t, first)
	if _, err := manifests.AcquireLock(dir, testTime); !errors.Is(err, manifests.ErrLocked) || !strings.Contains(err.Error(), "shard 3/4, process") {
		t.Errorf("a run beside a shard: %v", err)
	}
	unlock(t, third)
	unlock(t, third)
	run, err = manifests.AcquireLock(dir, testTime)
	if err != nil {
		t.Fatal(err)
	}
	unlock(t, run)
}

// The name that a killed run left is not given for that of a shard.
func TestShardsAreNotMistakenForAKilledRun(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		manifests.LockName:       `{"pid":4711,"host":"gone","start":"2026-01-31T04:05:06Z"}`,
		".indexing.shard-1.lock": `{"pid":4712,"host":"gone","start":"2026-01-31T04:05:06Z","shard":"1/4"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := manifests.AcquireShardLock(dir, manifests.Shard{Number: 2, Of: 4}, testTime)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock(t, lock)
	if _, err := manifests.AcquireLock(dir, testTime); err == nil || !strings.Contains(err.Error(), "locked by shard 2/4, process") {
		t.Errorf("got %v", err)
	}
}

// Whoever wants to change the round waits, but not for ever.
func TestLockRoundWaits(t *testing.T) {
	dir := t.TempDir()
	lock, err := manifests.LockRound(t.Context(), dir, testTime)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := manifests.LockRound(short, dir, testTime); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, manifests.ErrLocked) {
		t.Errorf("got %v", err)
	}
	got := make(chan error)
	go func() {
		second, err := manifests.LockRound(t.Context(), dir, testTime)
		if err == nil {
			err = second.Unlock()
		}
		got <- err
	}()
	unlock(t, lock)
	if err := <-got; err != nil {
		t.Error(err)
	}
	if _, err := manifests.LockRound(t.Context(), filepath.Join(dir, "missing"), testTime); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing root: %v", err)
	}
}

func unlock(t *testing.T, l interface{ Unlock() error }) {
	t.Helper()
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
}
