package onenode

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cgroupRoot is where the machine's cgroups are mounted: one hierarchy (version 2) or one a controller (version 1).
const cgroupRoot = "/sys/fs/cgroup"

// sweepWait is how long processes that the kernel is killing may take to be gone.
const sweepWait = 10 * time.Second

// sweep removes a cluster's cgroups and directory. The cluster must have ended, and the caller holds its lock.
func sweep(l layout) error {
	if err := nothingMounted(l); err != nil {
		return err
	}
	return errors.Join(removeCgroup(l.cgroup()), os.RemoveAll(l.dir))
}

// nothingMounted is to be asked before a directory is removed: what is mounted there would be removed with it, and it
// would not be the cluster's, whose mounts are not seen here and have gone with it.
func nothingMounted(l layout) error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], l.dir+"/") {
			return fmt.Errorf("%s is left: something is mounted at %s", l.dir, fields[1])
		}
	}
	return nil
}

// hierarchies returns the roots of this machine's cgroup hierarchies.
func hierarchies() ([]string, error) {
	if _, err := os.Stat(filepath.Join(cgroupRoot, "cgroup.controllers")); err == nil {
		return []string{cgroupRoot}, nil
	}
	found, err := filepath.Glob(filepath.Join(cgroupRoot, "*", "cgroup.procs"))
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("no cgroups below %s: %w", cgroupRoot, errors.Join(err, fs.ErrNotExist))
	}
	for i, file := range found {
		found[i] = filepath.Dir(file)
	}
	return found, nil
}

// makeCgroup makes the cgroup below which the kubelet puts its own, in every hierarchy: it does not start without.
func makeCgroup(name string) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	for _, root := range roots {
		if root == cgroupRoot {
			handDown()
		}
		if err := os.Mkdir(root+name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("cgroup: %w", err)
		}
		// Version 1 leaves these empty, and nothing can run in such a cgroup. Where they do not exist there is no need.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			value, err := os.ReadFile(filepath.Join(root, file))
			if err != nil {
				continue
			}
			if err := os.WriteFile(filepath.Join(root+name, file), value, 0); err != nil {
				return fmt.Errorf("cgroup: %w", err)
			}
		}
	}
	return nil
}

// handDown lets cgroups of version 2 have all controllers, as the container runtime does when it makes one: the kubelet
// looks before that. A controller that cannot be had below now cannot be had later either, and the kubelet says which
// it misses.
func handDown() {
	controllers, err := os.ReadFile(filepath.Join(cgroupRoot, "cgroup.controllers"))
	if err != nil {
		return
	}
	for controller := range strings.FieldsSeq(string(controllers)) {
		_ = os.WriteFile(filepath.Join(cgroupRoot, "cgroup.subtree_control"), []byte("+"+controller), 0)
	}
}

// removeCgroup removes a cgroup and all below it, as soon as the last process in it is gone.
func removeCgroup(name string) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	var failed []error
	for _, root := range roots {
		failed = append(failed, removeCgroupTree(root+name))
	}
	return errors.Join(failed...)
}

func removeCgroupTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() { // its files go with it
			if err := removeCgroupTree(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	for begin := time.Now(); ; time.Sleep(pollPause / 10) {
		err := unix.Rmdir(dir)
		if err == nil || errors.Is(err, unix.ENOENT) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) || time.Since(begin) > sweepWait {
			return fmt.Errorf("remove cgroup %s: %w", dir, err)
		}
	}
}
