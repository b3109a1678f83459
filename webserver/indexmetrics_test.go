package webserver_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
	"kernelindexer/webserver"
	"kernelindexer/webserver/reload"
)

// fixedPair is a pair that does not change.
type fixedPair struct {
	view  *reload.View
	state reload.State
}

func (f fixedPair) Refresh(context.Context) error { return nil }
func (f fixedPair) Current() *reload.View         { return f.view }
func (f fixedPair) State() reload.State           { return f.state }

var testTime = time.Date(2026, 1, 31, 4, 5, 6, 0, time.UTC)

// testView publishes two R kernels and a Python kernel and loads them.
func testView(t *testing.T) *reload.View {
	t.Helper()
	dir, err := manifests.OpenDir(t.TempDir(), manifests.Atomic)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	entries := func(yield func(manifests.Entry, error) bool) {
		for _, key := range []manifests.KernelKey{
			{Language: "Python", Name: "astro", Version: "1.0"}, {Language: "R", Name: "pecan", Version: "1.9"}, {Language: "R", Name: "pecan", Version: "1.91"},
		} {
			source := manifests.SourcePython
			if key.Language == "R" {
				source = manifests.SourceR
			}
			if !yield(manifests.NewEntry(manifests.Manifest{
				Language: key.Language, KernelName: key.Name, KernelVersion: key.Version, LanguageVersion: "4.5.1",
				IndexedDate: manifests.FormatTime(testTime),
				Packages:    []manifests.Package{{Name: "sf", Version: "1", Source: source}, {Name: key.Name, Version: "1", Source: source}},
			}), nil) {
				return
			}
		}
	}
	names := manifests.Publication{Collated: manifests.CollatedName, Index: manifests.PackageIndexName}
	if _, err := dir.Publish(t.Context(), entries, testTime, names); err != nil {
		t.Fatal(err)
	}
	collated, index := manifests.PairIn(dir.FS())
	c, err := catalog.Load(context.Background(), collated, index)
	if err != nil {
		t.Fatal(err)
	}
	return &reload.View{Catalog: c, Loaded: testTime}
}

func TestIndexMetrics(t *testing.T) {
	view := testView(t)
	at := func(d time.Duration) time.Time { return testTime.Add(d) }
	status := &manifests.Status{End: "2026-01-31T05:05:06Z", ExitCode: 4}
	for _, c := range []struct {
		name string
		pair fixedPair
		want string
	}{
		{"before the first good pair", fixedPair{state: reload.State{
			Looked: at(0), Tried: at(0), Failures: 3, Unchanged: 2, Err: &reload.LoadError{Err: errors.New("bad")}, Status: status,
		}}, `
kernel_web_indexer_last_run_exit_code 4
kernel_web_indexer_last_run_timestamp_seconds 1.769835906e+09
kernel_web_reload_failing 1
kernel_web_reloads_total{result="failed"} 3
kernel_web_reloads_total{result="loaded"} 0
kernel_web_reloads_total{result="unchanged"} 2
`},
		{"with a pair", fixedPair{view: view, state: reload.State{Success: at(1500 * time.Millisecond), Loads: 1}}, `
kernel_web_index_age_seconds 7200
kernel_web_index_info{generation="` + view.Catalog.Generation() + `"} 1
kernel_web_index_kernels{language="Python"} 1
kernel_web_index_kernels{language="R"} 2
kernel_web_index_package_rows 6
kernel_web_index_packages 3
kernel_web_index_timestamp_seconds 1.769832306e+09
kernel_web_reload_failing 0
kernel_web_reload_last_success_timestamp_seconds 1.7698323075e+09
kernel_web_reloads_total{result="failed"} 0
kernel_web_reloads_total{result="loaded"} 1
kernel_web_reloads_total{result="unchanged"} 0
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			registry := prometheus.NewPedanticRegistry()
			registry.MustRegister(webserver.IndexMetrics(c.pair, func() time.Time { return at(2 * time.Hour) }))
			if diff := cmp.Diff(strings.TrimSpace(c.want), samples(t, registry)); diff != "" {
				t.Error(diff)
			}
			if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
				t.Errorf("%v %v", problems, err)
			}
		})
	}
}

// samples returns the lines of an exposition without its comments.
func samples(t *testing.T, from prometheus.Gatherer) string {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			t.Fatal(err)
		}
	}
	var kept []string
	for line := range strings.Lines(text.String()) {
		if !strings.HasPrefix(line, "#") {
			kept = append(kept, strings.TrimSpace(line))
		}
	}
	return strings.Join(kept, "\n")
}
