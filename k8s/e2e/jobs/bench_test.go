//go:build e2e && bench

package jobs

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kernelindexer/k8s/e2e/suite"
)

// The tests of this file measure what the README claims of the backend, and fail where it is not so. They print rows of
// the README's table: what, measured, goal.

func row(what, measured, goal string) { fmt.Printf("| %s | %s | %s |\n", what, measured, goal) }

// TestBenchLaunch: from the request to the Job.
func TestBenchLaunch(t *testing.T) {
	const launches = 300
	b := newBackend(t, "launch")
	id := b.register(t, archives["tool"])
	waiting := work(id, "print", "x")
	waiting["queue"] = "none" // the Job is made suspended: what a pod costs the machine is not measured
	b.launch(t, waiting)      // schemas are compiled, rights are known
	var took []time.Duration
	for range launches {
		begin := time.Now()
		b.launch(t, waiting)
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	row("launch: request to Job, p50 / p99", fmt.Sprintf("%.0f / %.0f ms", ms(took[len(took)/2]), ms(p99)), "p99 < 100 ms")
	if p99 > 100*time.Millisecond {
		t.Errorf("p99 is %s", p99)
	}
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }

// TestBenchRuns: two hundred short runs at once, five times. All end with complete logs; the backend takes little of the
// machine, and no more memory after the last than after the second. The Jobs of archived runs go soon: what is cached of
// those that are there is bounded by their number, and is not what is asked.
func TestBenchRuns(t *testing.T) {
	const runs, rounds = 200, 5
	b := newBackend(t, "runs", "--job-ttl", "20s")
	id := b.register(t, archives["tool"])
	pid := b.program.Process.Pid
	var resident []int
	for round := range rounds {
		begin, own, all := time.Now(), cpuOf(t, pid), clusterCPU(t)
		paths := make([]string, runs)
		var group sync.WaitGroup
		slots := make(chan struct{}, 20)
		for i := range paths {
			group.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				got, err := b.request(t, "ada", http.MethodPost, "/projects/"+b.domain+"/process",
					map[string]string{"Content-Type": "application/json"}, strings.NewReader(asJSON(work(id, "print", fmt.Sprint("run ", i), "same", "same", "end"))))
				if err != nil || got.status != http.StatusCreated {
					t.Errorf("launch %d: %d, %v: %s", i, got.status, err, got.body)
				}
				paths[i] = got.location
			})
		}
		group.Wait()
		submitted := time.Since(begin)
		for i, path := range paths {
			b.ended(t, path, "done")
			if got := b.lines(t, path, ""); !slices.Equal(got, []string{fmt.Sprint("run ", i), "same", "same", "end"}) {
				t.Errorf("run %d printed %q", i, got)
			}
		}
		took := time.Since(begin)
		resident = append(resident, memoryOf(t, pid, "VmRSS"))
		t.Logf("round %d: %.0f s, %d MB", round+1, took.Seconds(), resident[round])
		if round == 0 {
			share := 100 * (cpuOf(t, pid) - own) / (clusterCPU(t) - all)
			row(fmt.Sprintf("%d runs at once, all ended with complete logs", runs), fmt.Sprintf("%.0f s, submitted in %.1f s", took.Seconds(), submitted.Seconds()), "all")
			row("the backend's CPU while they ran, of the cluster's", fmt.Sprintf("%.1f %%", share), "< 10 %")
			if share > 10 {
				t.Errorf("the backend takes %.1f %% of the CPU", share)
			}
		}
	}
	row(fmt.Sprintf("resident memory after %d runs, and after each %d more", runs, runs), fmt.Sprint(resident, " MB"), "flat")
	if first, last := resident[1], resident[len(resident)-1]; float64(last) > 1.3*float64(first) {
		t.Errorf("%d MB after two rounds, %d MB after the last", first, last)
	}
}

// TestBenchUpload: an image of 1 GB, against sha256sum over the same file.
func TestBenchUpload(t *testing.T) {
	const metrics = "8190"
	b := newBackend(t, "upload", "--metrics-port", metrics)
	dir := t.TempDir()
	var sums, uploads []float64
	before := memoryOf(t, b.program.Process.Pid, "VmHWM")
	for i := range 3 {
		archive := filepath.Join(dir, fmt.Sprintf("large-%d.tar", i))
		writeLarge(t, archive, fmt.Sprintf("large:%d", i), 1<<30)
		syscall.Sync() // writing the archive is no part of uploading it
		begin := time.Now()
		if err := suite.Execute(t.Context(), "", nil, "sha256sum", archive); err != nil {
			t.Fatal(err)
		}
		sums = append(sums, time.Since(begin).Seconds())
		node, err := nodeProcess()
		if err != nil {
			t.Fatal(err)
		}
		begin = time.Now()
		out, err := exec.CommandContext(t.Context(), "nsenter", "--net=/proc/"+strconv.Itoa(node)+"/ns/net", "--", "curl", "-sS", "-w", " %{http_code}",
			"-H", "Authorization: Bearer "+b.tokens["ada"], "-F", "environmentImage=@"+archive, "-F", "domainId="+b.domain,
			"http://"+b.address+"/api/v1/environment").CombinedOutput()
		uploads = append(uploads, time.Since(begin).Seconds())
		if err != nil || !bytes.HasSuffix(out, []byte(" 201")) {
			t.Fatalf("%v: %s", err, out)
		}
		if err := os.Remove(archive); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := b.client.Get("http://127.0.0.1:" + metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "upload_seconds_sum") {
			t.Logf("seconds of all uploads: %s", strings.TrimSpace(line))
		}
	}
	peak := memoryOf(t, b.program.Process.Pid, "VmHWM")
	speed := slices.Min(sums) / slices.Min(uploads)
	row("upload of 1 GB to a registry, of the speed of sha256sum", fmt.Sprintf("%.2f x (%.1f s, sha256sum %.1f s)", speed, slices.Min(uploads), slices.Min(sums)), "≥ 0.5 x")
	row("peak memory before and after", fmt.Sprintf("%d, %d MB", before, peak), "constant")
	if speed < 0.5 {
		t.Errorf("an upload has %.2f times the speed of sha256sum", speed)
	}
	if peak > before+150 {
		t.Errorf("the peak of memory went from %d to %d MB", before, peak)
	}
}

// writeLarge writes an archive as docker save does, of an image of one layer that cannot be compressed.
func writeLarge(t *testing.T, file, tag string, size int64) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	layer, err := os.Create(file + ".layer")
	check(err)
	defer os.Remove(layer.Name())
	hash := sha256.New()
	out := tar.NewWriter(io.MultiWriter(layer, hash))
	random := rand.NewChaCha8(sha256.Sum256([]byte(tag)))
	const each = 64 << 20
	for i := range size / each {
		check(out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf("data/%d", i), Mode: 0o644, Size: each}))
		_, err := io.CopyN(out, random, each)
		check(err)
	}
	check(out.Close())
	info, err := layer.Stat()
	check(err)
	config := []byte(`{"os":"linux","architecture":"amd64","config":{"Entrypoint":["/x"],"User":"1:1"},"rootfs":{"type":"layers","diff_ids":["sha256:` +
		hex.EncodeToString(hash.Sum(nil)) + `"]}}`)
	manifest, err := json.Marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{tag}, "Layers": []string{"layer.tar"}}})
	check(err)
	to, err := os.Create(file)
	check(err)
	defer to.Close()
	saved := tar.NewWriter(to)
	for name, text := range map[string][]byte{"config.json": config, "manifest.json": manifest} {
		check(saved.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(text))}))
		_, err := saved.Write(text)
		check(err)
	}
	check(saved.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "layer.tar", Mode: 0o644, Size: info.Size()}))
	_, err = layer.Seek(0, io.SeekStart)
	check(err)
	_, err = io.Copy(saved, layer)
	check(err)
	check(saved.Close())
	check(to.Close())
	check(layer.Close())
}

// memoryOf is a line of /proc/PID/status, in MB.
func memoryOf(t *testing.T, pid int, name string) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kb, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kb >> 10
		}
	}
	t.Fatalf("no %s of process %d", name, pid)
	return 0
}

// usage is what /proc/PID/stat says of a process: its parent, and its CPU time in clock ticks, that of its children that
// have ended apart.
type usage struct {
	parent          int
	own, ofChildren float64
}

func usageOf(pid int) (usage, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, false
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	numbers := make([]float64, len(fields))
	for i, field := range fields[1:] {
		numbers[i+1], _ = strconv.ParseFloat(field, 64)
	}
	return usage{int(numbers[1]), numbers[11] + numbers[12], numbers[13] + numbers[14]}, true
}

func cpuOf(t *testing.T, pid int) float64 {
	t.Helper()
	used, ok := usageOf(pid)
	if !ok {
		t.Fatalf("no process %d", pid)
	}
	return used.own
}

// clusterCPU is the time of all processes of the cluster, and of those that it had.
func clusterCPU(t *testing.T) (sum float64) {
	t.Helper()
	node, err := nodeProcess()
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	all := map[int]usage{}
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if used, ok := usageOf(pid); err == nil && ok {
			all[pid] = used
		}
	}
	for pid, used := range all {
		for at := pid; at > 1; at = all[at].parent {
			if at == node {
				sum += used.own + used.ofChildren
				break
			}
		}
	}
	return sum
}
