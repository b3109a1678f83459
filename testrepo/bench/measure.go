package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"kernelindexer/testrepo"
)

// cost is what a command took.
type cost struct {
	wall, cpu time.Duration
	memory    int64 // largest resident set, in bytes
}

// run runs a command once. What it prints is shown only if it fails.
func run(cmd *exec.Cmd) (cost, error) {
	var out bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	cmd.Stderr = &out
	start := time.Now()
	err := cmd.Run()
	c := cost{wall: time.Since(start)}
	if err != nil {
		return c, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args[:min(len(cmd.Args), 6)], " "), err, out.Bytes())
	}
	c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.memory = usage.Maxrss << 10
	}
	return c, nil
}

// fastest runs a command several times and returns the cost of the fastest, which the machine disturbed least.
func fastest(rounds int, command func() *exec.Cmd) (best cost, err error) {
	for range rounds {
		c, err := run(command())
		if err != nil {
			return cost{}, err
		}
		if best.wall == 0 || c.wall < best.wall {
			best = c
		}
	}
	return best, nil
}

// indexer is a call of the program on a repository.
func (b *bench) indexer(root string, args ...string) func() *exec.Cmd {
	return func() *exec.Cmd {
		cmd := exec.Command(b.program, append(args, "--kernel-root", root, "--log-level", "ERROR")...)
		cmd.Env = append(os.Environ(), "KERNEL_ROOT=", "OUTPUT_DIR=", "LISTER=", "JOBS=")
		return cmd
	}
}

// repository makes a repository of Python kernels with 300 packages each.
func (b *bench) repository(name string, kernels int, metaBytes int64) (string, error) {
	dir := filepath.Join(b.temp, name)
	return dir, testrepo.Generate(dir, testrepo.Spec{
		Kernels: kernels, Packages: 300, MetaBytes: metaBytes, Language: "Python", Seed: 1,
	})
}

// records lists the record files of a repository for xargs -0, and their size.
func records(root string) (list []byte, size int64, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json") || filepath.Base(filepath.Dir(path)) != "conda-meta" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size += info.Size()
		list = append(append(list, path...), 0)
		return nil
	})
	return list, size, err
}

// cat reads the listed files and throws them away.
func cat(list []byte) func() *exec.Cmd {
	return func() *exec.Cmd {
		cmd := exec.Command("xargs", "-0", "cat")
		cmd.Stdin = bytes.NewReader(list)
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err == nil {
			cmd.Stdout = null
		}
		return cmd
	}
}
