package webserver

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kernelindexer/webserver/reload"
)

// MetricsNamespace is what the names of the metrics of the web server begin with.
const MetricsNamespace = "kernel_web"

// indexMetrics shows what is served and how reloading goes. It asks when it is asked, so that nothing of an old pair,
// such as a language that is gone, stays.
type indexMetrics struct {
	pair Pair
	now  func() time.Time
}

// IndexMetrics returns the metrics of what is served and of how reloading goes. now is time.Now where no test asks.
func IndexMetrics(pair Pair, now func() time.Time) prometheus.Collector {
	return &indexMetrics{pair, now}
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(MetricsNamespace, "", name), help, labels, nil)
}

var (
	kernelsDesc  = describe("index_kernels", "Kernels in the index that is served, each version counted.", "language")
	packagesDesc = describe("index_packages", "Different package names in the index that is served.")
	rowsDesc     = describe("index_package_rows", "Packages of all kernels together.")
	infoDesc     = describe("index_info", "1, labelled with the generation that is served, which is empty for files of the original.", "generation")
	datedDesc    = describe("index_timestamp_seconds", "When the index that is served was made.")
	ageDesc      = describe("index_age_seconds", "Time since a run of the indexer last made the index, or found it to be still right.")
	reloadsDesc  = describe("reloads_total", "Looks at the files, by what they came to.", "result")
	successDesc  = describe("reload_last_success_timestamp_seconds", "When the files were last read and taken.")
	failingDesc  = describe("reload_failing", "1 if the files as they are now are not served.")
	runEndDesc   = describe("indexer_last_run_timestamp_seconds", "When the last run of the indexer ended.")
	runCodeDesc  = describe("indexer_last_run_exit_code", "Exit code of the last run of the indexer.")
)

// Describe implements prometheus.Collector.
func (m *indexMetrics) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, to) }

// Collect implements prometheus.Collector.
func (m *indexMetrics) Collect(to chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	state := m.pair.State()
	for result, n := range map[reload.Result]uint64{
		reload.Loaded: state.Loads, reload.Failed: state.Failures, reload.Unchanged: state.Unchanged,
	} {
		to <- prometheus.MustNewConstMetric(reloadsDesc, prometheus.CounterValue, float64(n), string(result))
	}
	failing := 0.
	if state.Err != nil {
		failing = 1
	}
	gauge(failingDesc, failing)
	if !state.Success.IsZero() {
		gauge(successDesc, seconds(state.Success))
	}
	if s := state.Status; s != nil {
		gauge(runCodeDesc, float64(s.ExitCode))
		if end, err := time.Parse(time.RFC3339, s.End); err == nil {
			gauge(runEndDesc, seconds(end))
		}
	}
	view := m.pair.Current()
	if view == nil {
		return
	}
	stats := view.Catalog.Stats()
	gauge(packagesDesc, float64(stats.Packages))
	gauge(rowsDesc, float64(stats.Rows))
	gauge(infoDesc, 1, strings.ToValidUTF8(view.Catalog.Generation(), "\uFFFD"))
	kernels := map[string]int{} // a label must be UTF-8, and may be given once
	for language := range view.Catalog.Languages() {
		kernels[strings.ToValidUTF8(language.Name(), "\uFFFD")] += language.Len()
	}
	for language, n := range kernels {
		gauge(kernelsDesc, float64(n), language)
	}
	if dated, err := time.Parse(time.RFC3339, view.Catalog.IndexedDate()); err == nil {
		gauge(datedDesc, seconds(dated))
	}
	if confirmed := view.Confirmed(); !confirmed.IsZero() {
		gauge(ageDesc, m.now().Sub(confirmed).Seconds())
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1e3 }
