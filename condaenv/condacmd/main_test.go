package condacmd_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"kernelindexer/condaenv/condacmd"
	"kernelindexer/condaenv/sandbox"
)

// self is set once, before any test runs.
var self sandbox.Self

func TestMain(m *testing.M) {
	os.Exit(sandbox.Main(func(s sandbox.Self) int {
		self = s
		if exe := os.Getenv(listExe); exe != "" {
			return listForever(exe)
		}
		os.Setenv("GORACE", "atexit_sleep_ms=0") // or each process started here sleeps a second at its end
		return m.Run()
	}))
}

// modes are the ways to protect a prefix; None is guard's.
var modes = []sandbox.Mode{sandbox.Landlock, sandbox.Seccomp, sandbox.None}

// standIn makes a program that stands in for conda, a shell script, and returns a lister of it. In the script, $4 is
// the prefix.
func standIn(t testing.TB, mode sandbox.Mode, script string) *condacmd.Lister {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "conda")
	if err := os.WriteFile(exe, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return &condacmd.Lister{Exe: exe, Box: self.Box(mode), Timeout: time.Minute}
}

// plant makes a prefix with two records, read-only as conda leaves them, the second of them stale.
func plant(t testing.TB) (prefix string) {
	t.Helper()
	prefix = t.TempDir()
	meta := filepath.Join(prefix, "conda-meta")
	if err := os.Mkdir(meta, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"history": 0o644, "stays-1.0-0.json": 0o444, "gone-1.0-0.json": 0o444} {
		if err := os.WriteFile(filepath.Join(meta, name), []byte(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("history", filepath.Join(meta, "linked-1-0.json")); err != nil {
		t.Fatal(err)
	}
	return prefix
}
