// Package condacmd asks a conda on this machine what a prefix holds: it runs "conda list --json --prefix P" and reads
// the answer. mamba and micromamba are accepted in conda's place.
//
// What the package takes care of is everything that can go wrong around that one call. conda may delete records of the
// environment it lists, so it runs in a sandbox ([sandbox.Box]), or under guard where there is none (package guard).
// It may hang, so there is a time limit, and what it started ends with it: its process group is killed, which a program
// in a sandbox cannot leave. It reads settings that change the answer from the environment, so it gets a clean one. It
// says why it failed in five different ways, all of which end up in one readable error.
//
// The package does not read the prefix itself, knows no kernels, and decides nothing about the packages: the list is
// conda's.
package condacmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kernelindexer/condaenv/condacmd/guard"
	"kernelindexer/condaenv/sandbox"
)

// Package is one row of the list. The texts are as conda printed them: UTF-8, but that a lone surrogate, which conda
// prints as \udXXX, is its generalised three-byte form. Any of them may be empty: a pip package without a name is
// listed under the empty one (conda list, SPEC 6.1).
type Package struct {
	Name, Version, Build, Channel string
}

// Listing is conda's answer.
type Listing struct {
	// Packages are in conda's order, by code point. conda lists a name once; nobody checks that here.
	Packages []Package
	// Warnings are the lines conda wrote to stderr, made printable (the last of them, if they are many; see tail.go),
	// and what was put back.
	Warnings []string
	// Usage is also set if the call failed, but zero if nothing was started.
	Usage Usage
}

// Usage is what one call cost.
type Usage struct {
	Elapsed time.Duration
	CPU     time.Duration // user and system, of conda and the children it waited for, and of our start of it
	Memory  int64         // the largest resident set of one process, in bytes
}

// Lister lists prefixes. Its fields must not be changed while it is in use; then it may be used concurrently.
type Lister struct {
	// Exe is the absolute path of conda, as [Find] returns it.
	Exe string
	// Box is the sandbox, as [sandbox.Self.Probe] returns it. With the zero Box records are held and put back instead.
	Box sandbox.Box
	// Timeout is the time limit of one call; 0 is none.
	Timeout time.Duration
	// Dir is conda's working directory, where relative egg-links begin (conda list, SPEC 6.3); "/" if empty. It should
	// not lie in a kernel: a Python may look for modules there.
	Dir string
	// Env is the environment that conda's is made from (see environ.go); nil is this process's own.
	Env []string
	// Log, if set, is told of each start and end, concurrently.
	Log func(message string)
}

// Protection says what keeps conda from deleting records: "landlock+seccomp", "seccomp" or "guard".
func (l *Lister) Protection() string {
	if l.Box.Mode() == sandbox.None {
		return "guard"
	}
	return l.Box.Mode().String()
}

// Caveat says in what respect the program's lists are known to fall short of conda's; it is empty for conda.
func (l *Lister) Caveat() string {
	if !l.isMamba() {
		return ""
	}
	return l.name() + " finds pip packages by running the environment's own python, which an indexer must not do; " +
		"it is told to leave them out"
}

// List returns what conda says of the environment at prefix, an absolute path of the host.
//
// Errors are [*Error] and wrap one of the errors in errors.go, [sandbox.ErrSetUp], or [guard.ErrNotRestored]; if ctx
// was the reason, its cause. They name the program, not the prefix. Even a failed call may have Warnings.
func (l *Lister) List(ctx context.Context, prefix string) (listing Listing, err error) {
	temp, remove := privateFolder()
	defer remove()
	env := l.environ(temp)
	if err := checkPrefix(prefix, env); err != nil {
		return Listing{}, l.failed(err)
	}
	if l.Box.Mode() == sandbox.None {
		records, holdErr := guard.Hold(prefix)
		if holdErr != nil {
			return Listing{}, l.failed(holdErr)
		}
		// Also after a panic: the records of a centre outweigh our own trouble.
		defer func() { err = l.release(records, &listing, err) }()
	}
	c := call{box: l.Box, exe: l.Exe, args: l.arguments(prefix), env: env, dir: l.dir(), temp: temp, timeout: l.Timeout}
	l.log("%s starts: %q (%s)", l.name(), c.args, l.Protection())
	out := c.run(ctx)
	l.log("%s ended: %s after %s, CPU %s", l.name(), out.status(), out.usage.Elapsed, out.usage.CPU)
	listing.Usage = out.usage
	listing.Warnings = out.stderr.lines()
	if listing.Packages, err = out.packages(); err != nil {
		return listing, &Error{Program: l.name(), Reason: err, Status: out.status(), Stderr: out.stderr.end()}
	}
	return listing, nil
}

// release puts back what conda removed and says so in the listing, which is void if that fails.
func (l *Lister) release(records *guard.Records, listing *Listing, err error) error {
	notes, restoreErr := records.Restore()
	listing.Warnings = append(listing.Warnings, notes...)
	if restoreErr = errors.Join(restoreErr, records.Close()); restoreErr != nil {
		listing.Packages = nil
		return errors.Join(err, l.failed(restoreErr))
	}
	return err
}

func (l *Lister) arguments(prefix string) []string {
	args := []string{"list", "--json", "--prefix", prefix}
	if l.isMamba() {
		// mamba 2 runs "PREFIX/bin/python -m pip inspect" otherwise (libmamba's PrefixData::load_site_packages), and
		// nothing inside a kernel is ever executed.
		args = append(args, "--no-pip")
	}
	return args
}

func (l *Lister) isMamba() bool {
	return l.name() == "mamba" || l.name() == "micromamba"
}

func (l *Lister) name() string { return filepath.Base(l.Exe) }

func (l *Lister) dir() string {
	if l.Dir == "" {
		return "/"
	}
	return l.Dir
}

func (l *Lister) failed(err error) error { return &Error{Program: l.name(), Reason: err} }

func (l *Lister) log(format string, args ...any) {
	if l.Log != nil {
		l.Log(fmt.Sprintf(format, args...))
	}
}

// privateFolder makes the folder for conda's temporary files. Where none can be made, as in a container with a
// read-only root, conda has to do without, and does.
func privateFolder() (path string, remove func()) {
	path, err := os.MkdirTemp("", "kernel-indexer-conda-")
	if err != nil {
		return "", func() {}
	}
	return path, func() { os.RemoveAll(path) }
}
