package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kernelindexer/cli"
	"kernelindexer/k8s/runner"
)

// terminationLog is the file that Kubernetes mounts for the last words of a container.
const terminationLog = "/dev/termination-log"

// kit is what the two commands for images have in common.
type kit struct{ python, group string }

func (k *kit) flags(f *pflag.FlagSet) {
	f.StringVar(&k.python, "python", "", "the Python that the process types are installed for (default: python or python3 in PATH)")
	cli.Env(f, "python", "RUNNER_PYTHON")
	f.StringVar(&k.group, "group", runner.DefaultGroup, "group of entry points that process types are registered in")
	cli.Env(f, "group", "PROCESS_TYPES_GROUP")
}

func (k *kit) of(p *program) *runner.Python {
	return &runner.Python{Interpreter: k.python, Group: k.group, Env: p.env, Stdin: p.in, Stdout: p.out, Stderr: p.errOut}
}

func (p *program) runnerCommand() *cobra.Command {
	var k kit
	var result string
	cmd := &cobra.Command{
		Use:   "runner [COMMAND [ARG...]]",
		Short: "Run a process type; the entrypoint of an environment's image",
		Long: `runner runs the process type that the environment names, with the Python of the
image it is in. With a command, it becomes that command instead, as entrypoints do:
runs that are lists of commands work in the same image.

The backend sets these variables for a process type:

  PROCESS_TYPE       name of an entry point in the group, exactly
  PARAMETERS_JSON    the arguments of run(), a JSON object; or
  PARAMETERS_FILE    a file with them
  PROCESS_ID, PROJECT_ID, STORAGE_BASE
                     what run() gets as storage_context, with storage_kwargs made of
                     STORAGE_ENDPOINT, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,
                     or taken from STORAGE_KWARGS_JSON

What the process type prints comes out at once, and SIGTERM is passed on to it. If
it returns outputs, they are written to --result-file; into the one that
Kubernetes mounts only if its 4096 bytes hold them all.

Exit codes: 0 done, 1 the process type failed (the error and its traceback are on
stderr), is unknown, or the environment is not complete; another if it ended
itself with one; 128+n for a signal; 126 or 127 for a Python or a command that
cannot be started.`,
		Example: `  docker run --rm -e PROCESS_TYPE=spectrum -e PROCESS_ID=p1 -e STORAGE_BASE=file:///tmp \
    -e PARAMETERS_JSON='{"samples":[0,1,0,-1]}' signals:1.0.0
  docker run --rm signals:1.0.0 python3 -c 'print(6 * 7)'`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return ended(runner.Become(args, p.env))
			}
			return ended(k.of(p).Run(resultFile(result)))
		},
	}
	cmd.Flags().SetInterspersed(false) // what follows the command is the command's
	k.flags(cmd.Flags())
	cmd.Flags().StringVar(&result, "result-file", "", "where outputs are reported (default: "+terminationLog+" if it exists)")
	cli.Env(cmd.Flags(), "result-file", "RESULT_FILE")
	return cmd
}

// ended gives the program the exit code of a run.
func ended(err error) error {
	var exit *runner.ExitError
	if errors.As(err, &exit) {
		return &cli.ExitError{Code: exit.Code, Told: exit.Err == nil, Err: err}
	}
	return err
}

// resultFile is where a run reports its outputs. Only the message that Kubernetes keeps is bounded.
func resultFile(path string) runner.Result {
	if path == "" {
		if _, err := os.Stat(terminationLog); err != nil {
			return runner.Result{}
		}
		path = terminationLog
	}
	if path == terminationLog {
		return runner.Result{File: path, Limit: runner.MaxMessage}
	}
	return runner.Result{File: path}
}
