package serve

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// UntilSignal returns a context that ends with the first SIGTERM or SIGINT. The latter comes from a person at a
// terminal, for whom nothing has to be drained: its cause is [ErrAtOnce]. A second signal ends the process as it would a
// program that does not care. The function has to be called when there is nothing left to end.
func UntilSignal(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		defer signal.Stop(signals)
		select {
		case s := <-signals:
			if s == syscall.SIGINT {
				cancel(ErrAtOnce)
			}
			cancel(nil)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}
