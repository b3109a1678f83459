package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"kernelindexer/manifests"
)

// web measures the web server: against nginx, while pairs are replaced, and with a large repository.
func (b *bench) web() error {
	t, err := findTools()
	if err != nil {
		return err
	}
	for _, measure := range []func(tools) error{b.webRate, b.webReload, b.webFresh, b.webLarge} {
		if err := measure(t); err != nil {
			return err
		}
	}
	return nil
}

// webRate compares the requests a second of searches with those of nginx serving the same bytes as files.
func (b *bench) webRate(t tools) error {
	pair, err := b.samplePair()
	if err != nil {
		return err
	}
	server, err := b.startWeb(pair)
	if err != nil {
		return err
	}
	defer server.stop()
	root := filepath.Join(b.temp, "nginx")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	queries, err := queriesFor(pair, 1, 400)
	if err != nil {
		return err
	}
	for i, q := range queries {
		body, err := get(server.url(q.path()))
		if err != nil {
			return err
		}
		queries[i].bytes = len(body)
		if err := os.WriteFile(filepath.Join(root, fmt.Sprint(q.hits)), body, 0o644); err != nil {
			return err
		}
	}
	nginx, err := b.startNginx(t.nginx, root)
	if err != nil {
		return err
	}
	defer nginx.stop()
	for _, q := range queries {
		var theirs, ours load
		for range webRounds { // by turns, for the machine is not always equally busy
			if err := b.better(&theirs, t, nginx.url(fmt.Sprint("/", q.hits)), 32, ""); err != nil {
				return err
			}
			if err := b.better(&ours, t, server.url(q.path()), 32, ""); err != nil {
				return err
			}
		}
		row(fmt.Sprintf("search of %d hits (%d bytes), requests a second against one nginx worker with the bytes as a file", q.hits, q.bytes),
			"0.5 x", "%.2f x (%.0f against %.0f)", ours.rate/theirs.rate, ours.rate, theirs.rate)
	}
	return nil
}

// webRounds is how often a load is put on; as everywhere here, the best counts.
const webRounds = 3

// reloadConnections is how many clients ask while pairs are replaced: enough to be felt, and not so many that they wait
// for each other rather than for the server.
const reloadConnections = 4

// webReload compares the latency of searches while one pair after the other is loaded with that in quiet.
func (b *bench) webReload(t tools) error {
	const kernels = 1000
	var pairs [2]string
	for i := range pairs {
		pairs[i] = filepath.Join(b.temp, fmt.Sprint("pair", i))
		if err := publish(pairs[i], kernels, i); err != nil {
			return err
		}
	}
	served := filepath.Join(b.temp, "reloaded")
	if err := errors.Join(os.Mkdir(served, 0o755), replacePair(pairs[0], served)); err != nil {
		return err
	}
	server, err := b.startWeb(served)
	if err != nil {
		return err
	}
	defer server.stop()
	search := server.url(search("package-0042"))
	var quiet, busy load
	reloads := 0
	for range webRounds {
		if err := b.better(&quiet, t, search, reloadConnections, ""); err != nil {
			return err
		}
		replaced := make(chan error)
		ctx, stop := context.WithCancel(context.Background())
		go func() { // one pair after the other, each as soon as the one before is served
			var err error
			for ; ctx.Err() == nil && err == nil; reloads++ {
				_, err = server.replace(pairs[(reloads+1)%2], served)
			}
			replaced <- err
		}()
		err := b.better(&busy, t, search, reloadConnections, "")
		stop()
		if err := errors.Join(err, <-replaced); err != nil {
			return err
		}
	}
	row(fmt.Sprintf("p99 of a search while %d kernels are loaded again and again (%d times), against none", kernels, reloads), "2 x",
		"%.2f x (%v against %v)", ratio(busy.p99, quiet.p99), busy.p99, quiet.p99)
	row("the same: failed requests", "0", "%d of %d", busy.failed+quiet.failed, busy.requests+quiet.requests)
	return nil
}

// webFresh times how long a new pair takes from its second rename until an answer comes from it.
func (b *bench) webFresh(tools) error {
	pair, err := b.samplePair()
	if err != nil {
		return err
	}
	other, served := filepath.Join(b.temp, "other"), filepath.Join(b.temp, "fresh")
	if err := errors.Join(publish(other, 14, 1), os.Mkdir(served, 0o755), replacePair(pair, served)); err != nil {
		return err
	}
	server, err := b.startWeb(served)
	if err != nil {
		return err
	}
	defer server.stop()
	var longest, sum time.Duration
	const rounds = 20
	for i := range rounds {
		took, err := server.replace([]string{other, pair}[i%2], served)
		if err != nil {
			return err
		}
		longest, sum = max(longest, took), sum+took
		time.Sleep(50 * time.Millisecond)
	}
	row(fmt.Sprintf("a new pair is served after its rename, longest of %d", rounds), "200 ms", "%v (mean %v)", ms(longest), ms(sum/rounds))
	return nil
}

// webLarge weighs the server with a large repository.
func (b *bench) webLarge(t tools) error {
	pair := filepath.Join(b.temp, "large")
	if err := publish(pair, b.many, 0); err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(pair, manifests.CollatedName))
	if err != nil {
		return err
	}
	jq, err := fastest(2, func() *exec.Cmd {
		return exec.Command(t.jq, "-c", "length", filepath.Join(pair, manifests.CollatedName))
	})
	if err != nil {
		return err
	}
	var server *process
	var ready time.Duration
	for range 2 {
		if server != nil {
			server.stop()
		}
		begin := time.Now()
		if server, err = b.startWeb(pair); err != nil {
			return err
		}
		if took := time.Since(begin); ready == 0 || took < ready {
			ready = took
		}
	}
	defer server.stop()
	time.Sleep(time.Second) // it gives memory back when it is ready
	memory, err := server.resident()
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d kernels of 300 packages: ", b.many)
	row(what+"resident memory after load, against the size of "+manifests.CollatedName, "0.33 x",
		"%.2f x (%d MB against %d MB)", float64(memory)/float64(info.Size()), memory/1e6, info.Size()/1e6)
	row(what+"from start to ready, against `jq -c length` of that file", "2 x",
		"%.2f x (%v against %v)", ratio(ready, jq.wall), ms(ready), ms(jq.wall))
	for _, load := range []struct{ what, goal, script string }{
		{"p99 of searches, each for another of 3,000 names", "5 ms", randomSearches},
		{"p99 of `find` over HTTP, each for 5 others of 3,000 names", "20 ms", randomFinds},
	} {
		if err := b.randomLoad(t, server, what+load.what, load.goal, load.script); err != nil {
			return err
		}
	}
	return nil
}

// randomLoad asks what a script makes up, one request at a time.
func (b *bench) randomLoad(t tools, server *process, what, goal, requests string) error {
	script := filepath.Join(b.temp, "requests.lua")
	if err := os.WriteFile(script, []byte(requests), 0o600); err != nil {
		return err
	}
	var l load
	for range webRounds {
		if err := b.better(&l, t, server.url("/"), 1, script); err != nil {
			return err
		}
	}
	row(what, goal, "%v (median %v, %.0f KB an answer, %d failed)",
		l.p99, l.p50, float64(l.bytes)/float64(max(l.requests, 1))/1e3, l.failed)
	return nil
}

// randomSearches has wrk ask for another package each time.
const randomSearches = `request = function()
  return wrk.format("GET", string.format("/api/packages/search?query=package-%04d", math.random(0, 2999)))
end
`

// randomFinds has wrk ask for the kernels that have five packages; a kernel has every tenth.
const randomFinds = `request = function()
  local path, first = "/api/v1/find?limit=50", math.random(0, 9)
  for i = 1, 5 do
    path = path .. string.format("&spec=package-%04d%s", first + 10 * math.random(0, 299), ({"%3E%3D1", "", "%3C4", "%3E0.5,%3C9", ""})[i])
  end
  return wrk.format("GET", path)
end
`
