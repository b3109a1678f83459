package serve

import "sync/atomic"

// Gate tells whether the server still wants new clients. The zero Gate is open. It may be used concurrently.
type Gate struct{ closed atomic.Bool }

// Close closes the gate for good.
func (g *Gate) Close() { g.closed.Store(true) }

// Closed reports whether the end has begun: /readyz should say so.
func (g *Gate) Closed() bool { return g.closed.Load() }
