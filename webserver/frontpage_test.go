package webserver_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kernelindexer/webserver"
)

// everyPage is one of each.
var everyPage = []string{
	"/", "/find", "/find?q=sf", "/kernels", "/kernels/R/pecan", "/kernels/R/pecan/1.9", "/packages", "/packages/sf",
	"/compare", "/compare?a=R/pecan/1.9&b=R/pecan/1.10", "/status", "/help", "/docs",
}

// Every page has what scripts take hold of and what works without them: the theme, the keys and their dialog, a place for
// the base path and for the tag that is compared with the server's.
func TestEveryPageHasItsTools(t *testing.T) {
	s := newSite(t, "ours", basePath("/base"))
	tag := s.get(http.StatusOK, "/api/v1/kernels?limit=1").Header().Get("ETag")
	titles := map[string]string{}
	for _, target := range everyPage {
		body := s.get(http.StatusOK, target, browser).Body.String()
		for _, want := range []string{
			`data-base="/base"`, `data-tag="` + strings.ReplaceAll(tag, `"`, "&#34;") + `"`, `<label for="theme">`, `<select id="theme">`,
			`<dialog id="help-dialog" aria-labelledby="help-title">`, `<a id="open-help" class="key" href="/base/help#keys"`,
			`<input id="single-keys" type="checkbox" checked>`, `<a class="skip" href="#main">`, `<main id="main"`,
		} {
			if !strings.Contains(body, want) {
				t.Errorf("%s has no %s", target, want)
			}
		}
		title := regexp.MustCompile(`<title>(.*)</title>`).FindStringSubmatch(body)[1]
		if other, taken := titles[title]; taken && target != "/find" && target != "/compare" {
			t.Errorf("%s and %s are both called %q", target, other, title)
		}
		titles[title] = target
	}
}

// A page leads to the same as JSON, and a list also as CSV: a link to see, and one for programs.
func TestTwins(t *testing.T) {
	s := newSite(t, "ours")
	for target, want := range map[string][]string{
		"/kernels?q=pecan":        {"/api/v1/kernels?name=pecan&amp;sort=language", "/kernels?q=pecan&amp;format=csv"},
		"/packages/sf":            {"/api/v1/packages/sf", "/packages/sf?format=csv"},
		"/find?q=sf,+Rcpp":        {"/api/v1/find?spec=sf&amp;spec=Rcpp", "/find?spec=sf&amp;spec=Rcpp&amp;format=csv"},
		"/kernels/R/pecan/1.9":    {"/api/v1/kernels/R/pecan/1.9", "/kernels/R/pecan/1.9?format=csv"},
		"/kernels?jupyter=1&q=pe": {"/kernels?q=pe&amp;jupyter=1&amp;format=csv"}, // the API has no such filter
		"/docs":                   {"/openapi.json"},
		"/status":                 {"/api/v1/status"},
	} {
		body := s.get(http.StatusOK, target, browser).Body.String()
		links := regexp.MustCompile(`<link rel="alternate" type="(?:application/json|text/csv)" href="([^"]*)">`).FindAllStringSubmatch(body, -1)
		var got []string
		for _, l := range links {
			got = append(got, l[1])
			if !strings.Contains(body, `" href="`+l[1]+`">`) || strings.Count(body, `"`+l[1]+`"`) < 2 {
				t.Errorf("%s: the link to %s cannot be seen", target, l[1])
			}
		}
		diff(t, target, want, got)
	}
}

// Kernels in lists carry the command that uses them, to copy; without a command there is no column for it.
func TestUseCommandInLists(t *testing.T) {
	s := newSite(t, "ours", func(o *webserver.Options) { o.UseCommand = "use {name}/{version}" })
	for _, target := range []string{"/", "/kernels", "/find?q=sf"} {
		if body := s.get(http.StatusOK, target).Body.String(); !strings.Contains(body, "data-copy") || !strings.Contains(body, "use pecan/1.9<") {
			t.Errorf("%s has no command", target)
		}
		if newSite(t, "ours").page(http.StatusOK, target).has("Use ") {
			t.Errorf("%s has a column for no command", target)
		}
	}
}

// Each format can be looked at, copied and saved, and says which command takes it.
func TestExportsOfAPage(t *testing.T) {
	s := newSite(t, "ours")
	body := s.get(http.StatusOK, "/kernels/R/pecan/1.9").Body.String()
	for format, want := range map[string][2]string{
		"environment":  {"environment.yml", "conda env create -f environment.yml"},
		"requirements": {"requirements.txt", "pip install -r requirements.txt"},
		"cyclonedx":    {"bom.cdx.json", "grype sbom:bom.cdx.json"},
	} {
		url := "/api/v1/kernels/R/pecan/1.9/export?format=" + format
		for _, part := range []string{
			`<a href="` + url + `" aria-label="View `, ` data-copy-url="` + url + `"`, `<a href="` + url + `" download="` + want[0] + `"`,
			"<code data-copy>" + want[1] + "</code>",
		} {
			if !strings.Contains(body, part) {
				t.Errorf("%s: no %s", format, part)
			}
		}
		s.get(http.StatusOK, url)
	}
}

// A version can be compared with the others of its kernel, the newest first, or with any other kernel.
func TestComparePicker(t *testing.T) {
	s := newSite(t, "ours")
	body := s.get(http.StatusOK, "/kernels/R/pecan/1.9").Body.String()
	for _, want := range []string{
		`<select id="a" name="a"><option value="R/pecan/1.10">`, `<input type="hidden" name="b" value="R/pecan/1.9">`, `href="/compare?b=R%2fpecan%2f1.9"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	if p := s.page(http.StatusOK, "/compare?b=R/pecan/1.9"); p.has("✖") || p.has("A kernel is written") {
		t.Errorf("half a question is wrong: %q", p.words)
	}
	if body := s.get(http.StatusOK, "/kernels/Python/astro/1.0").Body.String(); !strings.Contains(body, `<input id="a" name="a"`) {
		t.Error("the only version cannot be compared")
	}
}

// Who swaps the kernels sees the same packages, which were added where they were removed.
func TestSwap(t *testing.T) {
	s := newSite(t, "ours")
	for show, want := range map[string]string{"": "changed", "added": "removed", "removed": "added", "upgraded": "downgraded", "same": "same", "x": "changed"} {
		p := s.page(http.StatusOK, "/compare?a=R/pecan/1.9&b=R/pecan/1.10&show="+show)
		if swap := "/compare?a=R%2Fpecan%2F1.10&b=R%2Fpecan%2F1.9&show=" + want; !slices.Contains(p.links, swap) {
			t.Errorf("%q: no %s in %q", show, swap, p.links)
		}
	}
}

// The packages of a usual kernel are on one page, which says how many there are: scripts then filter and sort by
// themselves. A filter that leaves nothing keeps the table for them, hidden.
func TestAllPackagesOfAKernelAreOnThePage(t *testing.T) {
	s := newSite(t, "ours")
	body := s.get(http.StatusOK, "/kernels/R/pecan/1.9").Body.String()
	if !strings.Contains(body, `<table data-total="4">`) || strings.Count(body, "<td data-label=\"Source\">") != 4 ||
		!strings.Contains(body, `<p class="empty" hidden>`) {
		t.Error(body)
	}
	body = s.get(http.StatusOK, "/kernels/R/pecan/1.9?q=none").Body.String()
	if !strings.Contains(body, `<table data-total="4" hidden>`) || !strings.Contains(body, `<p class="empty">`) || !strings.Contains(body, ">0 of 4 packages<") {
		t.Error(body)
	}
	body = s.get(http.StatusOK, "/kernels/R/pecan/1.9?sort=-name&q=s").Body.String()
	if !strings.Contains(body, `aria-sort="descending" data-sort="name"><a href="/kernels/R/pecan/1.9?q=s&amp;sort=name">Name <span class="arrow" aria-hidden="true">▼</span>`) {
		t.Error(body)
	}
}

// Packages are by name, or by how many entries there are of them; the filter stays.
func TestSortedPackages(t *testing.T) {
	s := newSite(t, "ours")
	for sort, want := range map[string]string{"-entries": "openssl", "-name": "zlib", "": "", "entries": ""} {
		body := s.get(http.StatusOK, "/packages?q=l&sort="+sort).Body.String()
		first := regexp.MustCompile(`<th scope="row"><a href="/packages/([^"]*)">`).FindStringSubmatch(body)
		if first == nil || want != "" && first[1] != want {
			t.Errorf("%s: first is %q, want %s", sort, first, want)
		}
		if !strings.Contains(body, "/packages?q=l&amp;sort=") {
			t.Errorf("%s: the filter is lost", sort)
		}
	}
}

// Without an index, users are told in plain words, and those who run the service which file is wrong and what to run.
func TestWhatIsMissing(t *testing.T) {
	s := newSite(t, "")
	for target, status := range map[string]int{"/": 200, "/kernels": 503, "/find?q=a": 503} {
		p := s.page(status, target)
		if !p.has("kernel-indexer run") || !p.has("collated_manifests.json") || !p.has("try again later") || p.has(s.dir) {
			t.Errorf("%s: %q", target, p.words)
		}
	}
}
