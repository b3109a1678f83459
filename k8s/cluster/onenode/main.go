package onenode

import (
	"fmt"
	"os"
)

// The agreement between a program and itself, started again: argv is marker, stage, cluster's directory, directory of
// the Kubernetes programs; the keeper gets one argument more, see keep.
const (
	marker       = "kernel-indexer-cluster"
	stageKeeper  = "keeper"
	stageInside  = "node"
	exitStage    = 1
	fdListener   = 3 // of both stages: the API server's port on this machine
	fdLock       = 4 // of both stages: held for their lives
	fdLifeline   = 5 // of the keeper of a tied cluster: ends with the starter
	argumentTied = "tied"
)

// Self stands for a program whose main is [Main]. Only such a program may start itself again.
type Self struct{ hooked bool }

// Main runs a program's real main, or, in a process that was started to hold a cluster, that. It returns the exit code.
// Every main (and TestMain) of a program that starts clusters is
//
//	os.Exit(onenode.Main(func(self onenode.Self) int { … }))
//
// with nothing before it.
func Main(run func(Self) int) int {
	if len(os.Args) == 0 || os.Args[0] != marker {
		return run(Self{hooked: true})
	}
	if err := stage(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", marker, err)
		return exitStage
	}
	return 0
}

func stage(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("want 4 arguments, got %q", args)
	}
	l, bin := layout{args[1]}, args[2]
	switch args[0] {
	case stageKeeper:
		return keep(l, bin, args[3] == argumentTied)
	case stageInside:
		return live(l, bin)
	}
	return fmt.Errorf("no stage %q", args[0])
}
