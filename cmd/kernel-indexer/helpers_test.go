package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kernelindexer/condaenv/sandbox"
	"kernelindexer/manifests"
)

// runProgram is main without the hook, which TestMain has already passed.
func runProgram(self sandbox.Self) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	p := program{
		args: os.Args[1:], lookup: os.LookupEnv, self: self,
		in: os.Stdin, out: os.Stdout, errOut: os.Stderr,
	}
	return p.run(ctx)
}

// holdLockAt takes the lock, says so in the file "held" of the working directory, and waits for a signal.
func holdLockAt(root string) error {
	lock, err := manifests.AcquireLock(root, time.Now())
	if err != nil {
		return err
	}
	if err := os.WriteFile("held", []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	<-signals
	return lock.Unlock()
}

// mkkernel makes a small kernel: mkkernel DIR name=version …, the records of the prefix. A package called pip:NAME is
// one that pip installed.
func mkkernel(args []string) error {
	meta := filepath.Join(args[0], "conda-meta")
	if err := os.MkdirAll(meta, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(meta, "history"), nil, 0o644); err != nil {
		return err
	}
	for _, arg := range args[1:] {
		name, version, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("%q is not name=version", arg)
		}
		write := writeRecord
		if pip, ok := strings.CutPrefix(name, "pip:"); ok {
			name, write = pip, writeDistInfo
		}
		if err := write(args[0], name, version); err != nil {
			return err
		}
	}
	return nil
}

const sitePackages = "lib/python3.11/site-packages"

func writeRecord(prefix, name, version string) error {
	record, err := json.MarshalIndent(map[string]any{
		"name": name, "version": version, "build": "0", "build_number": 0,
		"channel": "https://conda.anaconda.org/conda-forge/noarch", "subdir": "noarch",
		"depends": []string{"python"}, "files": []string{sitePackages + "/" + name + "-" + version + ".dist-info/RECORD"},
	}, "", "  ")
	if err != nil {
		return err
	}
	if name == "python" {
		record = []byte(strings.Replace(string(record), `"depends": [`, `"depends": [], "constrains": [`, 1))
	} else if err := os.MkdirAll(filepath.Join(prefix, sitePackages, name+"-"+version+".dist-info"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(prefix, "conda-meta", name+"-"+version+"-0.json"), record, 0o644)
}

func writeDistInfo(prefix, name, version string) error {
	dir := filepath.Join(prefix, sitePackages, name+"-"+version+".dist-info")
	return errors.Join(
		os.MkdirAll(dir, 0o755),
		os.WriteFile(filepath.Join(dir, "METADATA"),
			[]byte("Metadata-Version: 2.1\nName: "+name+"\nVersion: "+version+"\n"), 0o644),
		os.WriteFile(filepath.Join(dir, "RECORD"), nil, 0o644))
}

// standIn is a conda for tests. A file "conda-does" in the prefix says how it behaves; without one it lists the records.
// It deletes records in the way conda does when the behaviour is "delete NAME-VERSION-BUILD.json".
func standIn(args []string) int {
	if len(args) < 4 || args[0] != "list" || args[1] != "--json" || args[2] != "--prefix" {
		fmt.Fprintln(os.Stderr, "usage: conda list --json --prefix PREFIX, not", args)
		return 2
	}
	prefix := args[3]
	behaviour, _ := os.ReadFile(filepath.Join(prefix, "conda-does"))
	verb, rest, _ := strings.Cut(strings.TrimSpace(string(behaviour)), " ")
	switch verb {
	case "hang":
		return hang(prefix)
	case "crash":
		fmt.Fprintln(os.Stderr, "Traceback (most recent call last):\nRuntimeError: out of cheese")
		return 1
	case "garbage":
		fmt.Println("Collecting package metadata: done")
		return 0
	case "nothing":
		return 0
	case "error":
		fmt.Println(`{"error": "EnvironmentLocationNotFound: Not a conda environment", "exception_name": "EnvironmentLocationNotFound", "message": "Not a conda environment"}`)
		return 1
	case "list-and-fail":
		fmt.Println(`[]`)
		return 3
	case "warn":
		fmt.Fprintln(os.Stderr, "WARNING conda.core.prefix_data: Ignoring malformed prefix record")
	case "delete":
		deleteRecord(filepath.Join(prefix, "conda-meta", rest))
	}
	return listRecords(prefix)
}

// hang starts a child that holds stdout open and ignores SIGTERM, and then waits for ever.
func hang(prefix string) int {
	child := exec.Command("sh", "-c", "trap '' TERM; while true; do sleep 0.1; done # standin-child "+prefix)
	child.Stdout = os.Stdout
	if err := child.Start(); err != nil {
		return report(err)
	}
	signal.Ignore(syscall.SIGTERM)
	for {
		time.Sleep(time.Second)
	}
}

// deleteRecord does what conda's unlink_or_rename_to_trash does.
func deleteRecord(path string) {
	_ = os.Chmod(path, 0o644)
	if os.Remove(path) == nil || os.Rename(path, path+".conda_trash") == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "WARNING conda.gateways.disk.delete: Could not remove or rename", path)
}

func listRecords(prefix string) int {
	files, err := filepath.Glob(filepath.Join(prefix, "conda-meta", "*.json"))
	if err != nil {
		return report(err)
	}
	list := []map[string]any{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return report(err)
		}
		var r map[string]any
		if err := json.Unmarshal(data, &r); err != nil {
			return report(err)
		}
		list = append(list, map[string]any{
			"name": r["name"], "version": r["version"], "build_string": r["build"], "channel": "conda-forge",
		})
	}
	return report(json.NewEncoder(os.Stdout).Encode(list))
}
