// Command pause is what keeps the namespaces of a pod alive in the test cluster: the only program of the sandbox
// container. It does nothing until it is told to end, and, being process 1 of pods that share a process namespace,
// collects orphans. It is linked statically and is the whole of its image.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
}
