package condacmd_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kernelindexer/condaenv/condacmd"
	"kernelindexer/condaenv/sandbox"
)

const (
	listExe  = "CONDACMD_TEST_LIST_EXE"
	listMode = "CONDACMD_TEST_LIST_MODE"
)

// listForever is the indexer that TestKilledIndexer kills.
func listForever(exe string) int {
	mode, err := strconv.Atoi(os.Getenv(listMode))
	if err != nil {
		return 2
	}
	lister := condacmd.Lister{Exe: exe, Box: self.Box(sandbox.Mode(mode))}
	_, err = lister.List(context.Background(), "/no/such/prefix")
	fmt.Println(err)
	return 1
}

// TestKilledIndexer: conda does not go on when this program is killed and has no time to end anything.
func TestKilledIndexer(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			exe := standIn(t, mode, "trap '' TERM; while :; do sleep 1; done").Exe
			indexer := exec.Command("/proc/self/exe")
			indexer.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), listExe+"="+exe, fmt.Sprintf("%s=%d", listMode, mode))
			if err := indexer.Start(); err != nil {
				t.Fatal(err)
			}
			conda := childOf(t, indexer.Process.Pid)
			if err := indexer.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = indexer.Wait()
			expectGone(t, []string{fmt.Sprintf("conda %d", conda)}, 1)
		})
	}
}

// childOf waits for a process to have a child and returns its id.
func childOf(t *testing.T, parent int) int {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		stats, err := filepath.Glob("/proc/[0-9]*/stat")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range stats {
			stat, _ := os.ReadFile(path)
			_, rest, _ := strings.Cut(string(stat), ") ")
			fields := strings.Fields(rest)
			if len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
				continue
			}
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("the indexer started nothing")
	return 0
}
