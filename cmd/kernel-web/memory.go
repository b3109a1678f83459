package main

import (
	"runtime/debug"
	"runtime/metrics"

	"kernelindexer/webserver/reload"
)

// garbage is how much may gather before it is collected, in bytes, where a catalog is smaller than that. By default it
// is as much as the catalog takes, and the collector would run a hundred times a second for a small one.
const garbage = 24 << 20

// settleMemory is told of each look at the files. After a load it gives back what that has used, which is more than what
// is served, for the next load may be a day away; and it sets the pace of the collector, unless GOGC does.
func (p *program) settleMemory(o reload.Outcome) {
	if o.Result != reload.Loaded {
		return
	}
	debug.FreeOSMemory()
	if own, _ := p.lookup("GOGC"); own != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(collectorPercent(live[0].Value.Uint64()))
}

// collectorPercent returns how much garbage may gather, in percent of what is in use.
func collectorPercent(live uint64) int {
	return int(max(100, garbage*100/max(live, 1<<20)))
}
