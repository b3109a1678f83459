package condacmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kernelindexer/condaenv/sandbox"
)

const (
	// maxStdout bounds the answer, in bytes. A row of conda's list has about 300 of them, so this is 200 000 packages.
	maxStdout = 64 << 20
	// grace is how long conda may take to end after it was told to, and its output to come to an end after that.
	grace = 2 * time.Second
)

// call is one run of a program.
type call struct {
	box       sandbox.Box
	exe       string
	args, env []string
	dir, temp string // temp is where it may write
	timeout   time.Duration
}

// outcome is what came of it.
type outcome struct {
	stdout []byte
	stderr *tail
	state  *os.ProcessState // nil if it was not started
	err    error            // why it was not started, or was ended; else nil
	usage  Usage
}

// run starts the program and waits until it, and all that it started, has ended.
func (c *call) run(ctx context.Context) outcome {
	// The kernel ends the program when the thread that started it ends (Pdeathsig, for the case that this program is
	// killed), so this thread has to stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if c.timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, c.timeout, c.timeoutReason())
		defer stop()
	}
	stdout := limited{max: maxStdout, exceeded: func() { cancel(c.tooLongReason()) }}
	out := outcome{stderr: &tail{}}
	cmd := c.command(ctx, &stdout, out.stderr)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		out.err = c.startReason(ctx, err)
		return out
	}
	awaitExit(cmd.Process.Pid)
	// The process is not reaped yet, so this is still the id of its group and of no other.
	_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
	// What Wait says is in the state; that output did not end (a child left the group) spoils nothing that is complete.
	_ = cmd.Wait()
	out.state = cmd.ProcessState
	if !stdout.cut {
		out.stdout = stdout.buf.Bytes()
	}
	out.usage = usageOf(out.state, time.Since(start))
	if out.err = c.box.Failure(out.state, out.stderr.String()); out.err == nil && ctx.Err() != nil {
		out.err = context.Cause(ctx)
	}
	return out
}

func (c *call) command(ctx context.Context, stdout *limited, stderr *tail) *exec.Cmd {
	cmd := c.box.Command(ctx, c.temp, c.exe, c.args...)
	cmd.Env, cmd.Dir = c.env, c.dir
	cmd.Stdout, cmd.Stderr = stdout, stderr // Stdin stays nil: /dev/null
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	// Politely first, for a conda in a container or behind a script cleans up then. When grace is over the process
	// itself is killed, and run sees to the rest of the group as soon as it has ended.
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGTERM) }
	cmd.WaitDelay = grace
	return cmd
}

// awaitExit waits until a child has ended, and leaves it to be reaped.
func awaitExit(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

func (c *call) timeoutReason() error {
	return reason{fmt.Sprintf("did not answer within %s", c.timeout), ErrTimeout}
}

func (c *call) tooLongReason() error {
	return reason{fmt.Sprintf("printed more than %d MiB", maxStdout>>20), ErrTooLong}
}

func (c *call) startReason(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%s %w in %s: %w", c.exe, ErrStart, c.dir, err)
}

func usageOf(state *os.ProcessState, elapsed time.Duration) Usage {
	u := Usage{Elapsed: elapsed, CPU: state.UserTime() + state.SystemTime()}
	if r, ok := state.SysUsage().(*syscall.Rusage); ok {
		u.Memory = r.Maxrss << 10 // Linux counts KiB
	}
	return u
}

// status says how the program ended.
func (o *outcome) status() string {
	if o.state == nil {
		return ""
	}
	return o.state.String()
}

// limited keeps what is written to it until that is too much.
type limited struct {
	buf      bytes.Buffer
	max      int
	exceeded func()
	cut      bool
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if l.buf.Len()+len(p) > l.max {
		l.cut = true
		l.exceeded()
		return 0, ErrTooLong
	}
	return l.buf.Write(p)
}
