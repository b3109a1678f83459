package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// standInCPU is the CPU time that the stand-in for conda uses. The real conda
// 26.7 needs 0.4 to 0.7 seconds for such a kernel.
const standInCPU = 450 * time.Millisecond

// standIn lists a prefix by the names of its records and keeps a core busy until its time is up.
func standIn(args []string) int {
	if len(args) != 4 || args[0] != "list" {
		return 2
	}
	start := used() // in a sandbox, with what it cost to close it: that is the indexer's
	end := start + standInCPU
	files, err := filepath.Glob(filepath.Join(args[3], "conda-meta", "*.json"))
	if err != nil {
		return 1
	}
	list := make([]map[string]any, 0, len(files))
	for _, f := range files {
		parts := strings.Split(strings.TrimSuffix(filepath.Base(f), ".json"), "-")
		n := len(parts)
		list = append(list, map[string]any{
			"base_url": "https://conda.anaconda.org/conda-forge", "build_number": 0, "build_string": parts[n-1],
			"channel": "conda-forge", "dist_name": filepath.Base(f), "name": strings.Join(parts[:n-2], "-"),
			"platform": "linux-64", "version": parts[n-2],
		})
	}
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return 1
	}
	for used() < end-2*time.Millisecond {
	}
	if _, err := fmt.Print(string(data)); err != nil {
		return 1
	}
	for used() < end {
	}
	return 0
}

// used is the CPU time of this process.
func used() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return standInCPU
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
