//go:build browser

package browser_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// visit is a page to look at.
type visit struct {
	name   string
	site   string // the server that has it, by a name of [newSites]
	path   string
	status int64
	wants  []string // what the page must say, with JavaScript and without
}

// The sites that pages are asked of.
const (
	good   = "good"   // all is well
	stale  = "stale"  // the index is older than a day
	aging  = "aging"  // the index is older than this site wants it
	broken = "broken" // the newest index cannot be used, the last run failed
	empty  = "empty"  // there is no index
)

// large is the page with hundreds of rows.
const large = "version whole"

// visits are the pages; what each says is what ECOSYSTEM calls its state.
var visits = []visit{
	{"home", good, "/", 200, []string{"5 kernels", "packages", "astro", "pecan", "1.91", "minutes ago"}},
	{"find", good, find("sf>=1.0, Rcpp>=1.0.12"), 200, []string{"pecan", "1.0.14", "1.0-20", "Rcpp 1.0.11 does not satisfy >=1.0.12"}},
	{"find nothing", good, find("scipy, ggplot2"), 200, []string{"No kernel has", "ggplot2", "astro", "Near misses"}},
	{"find unknown", good, find("numpyy"), 200, []string{"No kernel has", "Did you mean", "numpy"}},
	{"find invalid", good, find("numpy>=1,,!>2"), 422, []string{"cannot be read"}},
	{"kernels", good, "/kernels", 200, []string{"5 kernels", "Rbioconductor", "3.20"}},
	{"kernels filtered", good, "/kernels?language=R&q=pec&has=sf", 200, []string{"1 of 5 kernels", "1.91"}},
	{"kernels none", good, "/kernels?q=nothing", 200, []string{"No kernel fits", "Show all"}},
	{"kernel", good, "/kernels/R/pecan", 200, []string{"1.91", "1.9", "Compare"}},
	{"version", good, "/kernels/R/pecan/1.91?q=sf", 200, []string{"755", "icrn_manager kernels use R pecan 1.91", "1.0-20", "environment.yml"}},
	{large, good, "/kernels/R/pecan/1.91", 200, []string{"755 of 755"}},
	{"packages", good, "/packages?q=num", 200, []string{"numpy", "numba"}},
	{"packages none", good, "/packages?q=numpyy", 200, []string{"No package", "numpy"}},
	{"package", good, "/packages/sf", 200, []string{"1.0-14", "1.0-20", "r-sf", "ctmm"}},
	{"compare", good, "/compare?a=R/pecan/1.9&b=R/pecan/1.91", 200, []string{"600 added", "61 removed", "83 changed", "72 same", "aws-c-auth", "downgraded"}},
	{"compare none", good, "/compare", 200, []string{"From", "To"}},
	{"compare unknown", good, "/compare?a=R/pecan/1.8&b=R/pecan/1.91", 404, []string{"R/pecan/1.8", "Did you mean"}},
	{"changes", good, "/changes", 200, []string{"pecan", "1.91", "climate", "astro"}},
	{"status", good, "/status", 200, []string{"Generation", "Kernels"}},
	{"status failed", broken, "/status", 200, []string{"R/broken/1.0", "failed"}},
	{"help", good, "/help", 200, []string{"What to ask for", "kernels find"}},
	{"docs", good, "/docs", 200, []string{"/api/v1/find"}},
	{"404 kernel", good, "/kernels/R/pecann/1.9", 404, []string{"Did you mean", "R/pecan/1.9"}},
	{"404 package", good, "/packages/numpyy", 404, []string{"Did you mean", "numpy"}},
	{"404", good, "/nowhere", 404, []string{"nothing here"}},
	{"410", good, "/kernels/R/climate/0.9", 410, []string{"climate", "0.9"}},
	{"503", empty, "/kernels", 503, []string{"no index yet"}},
	{"home without an index", empty, "/", 200, []string{"no index yet"}},
	{"stale", stale, "/", 200, []string{"The index is old", "5 kernels"}},
	{"newest unusable", broken, "/", 200, []string{"cannot be used", "R/broken/1.0"}},
}

func find(specs string) string { return "/find?" + url.Values{"q": {specs}}.Encode() }

// newSites starts the servers, and returns where they answer.
func newSites(t *testing.T) map[string]string {
	t.Helper()
	sites := map[string]string{
		good: serve(t, repository(t)), empty: serve(t, t.TempDir()), aging: serve(t, repository(t), "--stale-after", "10m"),
	}
	old := copied(t)
	age(t, old, 30*time.Hour)
	sites[stale] = serve(t, old)
	sites[broken] = serveBroken(t)
	return sites
}

// serveBroken serves an index; then the indexer fails at a kernel, and the documents are damaged.
func serveBroken(t *testing.T) string {
	t.Helper()
	root := copied(t)
	origin := serve(t, root)
	history := filepath.Join(root, "R/broken/1.0/conda-meta/history")
	record := filepath.Join(filepath.Dir(history), "sf-1.0-0.json")
	if err := os.MkdirAll(filepath.Dir(history), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{history: "", record: `{"name": "sf", `} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	index(t, root, 4)
	if err := os.WriteFile(filepath.Join(root, documents[0]), []byte(`{"indexed_date": `), 0o600); err != nil {
		t.Fatal(err)
	}
	await(t, origin)
	return origin
}

// Every page is accessible, fits, keeps quiet and stays at home, in light and dark, on a telephone and a screen.
func TestEveryPage(t *testing.T) {
	axe, sites, c := axeSource(t), newSites(t), newChrome(t)
	for _, l := range []look{{390, false, true}, {390, true, true}, {1280, false, true}, {1280, true, true}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := c.newTab(t, l)
			for _, v := range visits {
				t.Run(v.name, func(t *testing.T) {
					b.open(t, sites[v.site], v.path, v.status)
					report(t, b.unsaid(t, v.wants), b.wide(t), b.pale(t), b.heard())
					if v.name != large { // its rows are those of version, but axe would take as long for them as for all else
						report(t, b.violations(t, axe), b.heard())
					}
				})
			}
		})
	}
}

// Every page says the same without JavaScript, and still fits; so it does where text is four times as large, which is
// what a window of 320 px stands for (WCAG 1.4.10).
func TestEveryPageWithoutJavaScript(t *testing.T) {
	sites, c := newSites(t), newChrome(t)
	for _, l := range []look{{320, false, false}, {390, true, false}, {1280, false, false}, {1280, true, false}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := c.newTab(t, l)
			for _, v := range visits {
				t.Run(v.name, func(t *testing.T) {
					b.open(t, sites[v.site], v.path, v.status)
					report(t, b.unsaid(t, v.wants), b.wide(t), b.heard())
				})
			}
		})
	}
}
