package webserver_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kernelindexer/manifests"
	"kernelindexer/webserver"
)

// The page of find says what the answer says: who satisfies, who comes near and why, and how to use what was found.
func TestFindPage(t *testing.T) {
	s := newSite(t, "ours", func(o *webserver.Options) {
		o.UseCommand, o.HelpURL = webserver.DefaultUseCommand, "https://help.example.org/?a=1&b"
	})
	p := s.page(http.StatusOK, "/find?q="+url.QueryEscape("sf>=1.0.20, Rcpp"))
	for _, text := range []string{"1 kernel with all of it", "pecan 1.9", "icrn_manager kernels use R pecan 1.9", "Near misses", "✗ Rcpp", "not installed"} {
		if !p.has(text) {
			t.Errorf("no %q in %q", text, p.words)
		}
	}
	if !slices.Contains(p.links, "/find?spec=Rcpp") {
		t.Errorf("no link without the first spec: %q", p.links)
	}
	p = s.page(http.StatusOK, "/find?q=numpyy")
	if !p.has("No kernel has it") || !slices.Contains(p.links, "/find?spec=NumPy") || !slices.Contains(p.links, "https://help.example.org/?a=1&b") {
		t.Errorf("%q %q", p.words, p.links)
	}
	p = s.page(http.StatusUnprocessableEntity, "/find?spec="+url.QueryEscape("numpy[license=MIT]"))
	if !slices.Contains(p.words, "numpy[") || !slices.Contains(p.words, "license=MIT]") || !p.has("This cannot be read") {
		t.Errorf("%q", p.words)
	}
	if p = s.page(http.StatusOK, "/find?q=+,"); p.has("No kernel has") {
		t.Errorf("nothing was asked for: %q", p.words)
	}
	s.page(http.StatusUnprocessableEntity, "/find?q="+strings.Repeat("a,", 65)+"a")
	s.page(http.StatusUnprocessableEntity, "/find?q="+strings.Repeat("a", 1001))
}

// People write specs in one line; the link to the same question as JSON shows how it was understood.
func TestSpecsInOneLine(t *testing.T) {
	s := newSite(t, "ours")
	for text, want := range map[string][]string{
		"numpy":                     {"numpy"},
		"numpy, scipy":              {"numpy", "scipy"},
		"numpy,scipy":               {"numpy", "scipy"},
		"numpy scipy":               {"numpy", "scipy"},
		"numpy\nscipy\r\nr-sf":      {"numpy", "scipy", "r-sf"},
		"numpy>=2,<3, scipy":        {"numpy>=2,<3", "scipy"},
		"numpy >=2, <3 , scipy":     {"numpy >=2, <3", "scipy"},
		"numpy >= 2 scipy":          {"numpy >= 2", "scipy"},
		"numpy=1.*,scipy":           {"numpy=1.*", "scipy"},
		"numpy 1.8, scipy":          {"numpy 1.8", "scipy"},
		"py[version='>=2, <3'], sf": {"py[version='>=2, <3']", "sf"},
		"a[build=*x*,channel=b] c":  {"a[build=*x*,channel=b]", "c"},
		", a ,, _b,":                {"a", "_b"},
		"numpy 2|3 sf":              {"numpy 2|3", "sf"},
	} {
		w := s.ask(http.MethodGet, "/find?q="+url.QueryEscape(text), browser)
		p := s.parse(text, w.Header(), w.Body.String())
		var got []string
		for _, l := range p.links {
			if query, ok := strings.CutPrefix(l, "/api/v1/find?"); ok {
				values, err := url.ParseQuery(query)
				if err != nil {
					t.Fatal(err)
				}
				got = values["spec"]
			}
		}
		diff(t, text, want, got)
	}
}

// A name is one word of a command, whatever is in it.
func TestCommandsAreQuoted(t *testing.T) {
	s := newSite(t, "ours", func(o *webserver.Options) {
		o.GetCommand, o.UseCommand = "get {name}@{version}", "use {language} {name} {version}"
	})
	p := s.page(http.StatusOK, "/kernels/R/"+url.PathEscape(`<img src=x onerror="alert(1)">`)+"/1")
	for _, want := range []string{`get '<img src=x onerror="alert(1)">'@1`, `use R '<img src=x onerror="alert(1)">' 1`} {
		if !slices.Contains(p.words, want) {
			t.Errorf("no %q in %q", want, p.words)
		}
	}
	if p = newSite(t, "ours").page(http.StatusOK, "/kernels/R/pecan/1.9"); p.has("Use this kernel") {
		t.Error("commands that nobody has set are shown")
	}
}

// The filter of the packages stays when they are sorted, and says how many there are.
func TestVersionPage(t *testing.T) {
	s := newSite(t, "ours")
	p := s.page(http.StatusOK, "/kernels/R/pecan/1.9?q=S&source=r&sort=-name")
	if !p.has("2 of 4 packages") || !slices.Contains(p.links, "/kernels/R/pecan/1.9?q=S&source=r&sort=name") {
		t.Errorf("%q %q", p.words, p.links)
	}
	if at := slices.Index(p.words, "sf"); at < 0 || slices.Index(p.words, "openssl") < at {
		t.Errorf("not in falling order: %q", p.words)
	}
	p = s.page(http.StatusOK, "/kernels/R/pecan/1.10")
	for _, want := range []string{"PEcAn <b>&\u2028é", "Deprecated.", "use 1.9", "Ann", "Changes since version 1.9", "this is the default"} {
		if !p.has(want) {
			t.Errorf("no %q in %q", want, p.words)
		}
	}
	if !slices.Contains(p.links, "/compare?a=R%2Fpecan%2F1.9&b=R%2Fpecan%2F1.10") {
		t.Errorf("%q", p.links)
	}
}

func TestComparePage(t *testing.T) {
	s := newSite(t, "ours")
	p := s.page(http.StatusOK, "/compare?a=R/pecan/1.9&b=R/pecan/1.10")
	for _, want := range []string{"1 changed", "1 added", "2 removed", "1 same", "1.0-20", "1.0-21", "▲ upgraded"} {
		if !p.has(want) {
			t.Errorf("no %q in %q", want, p.words)
		}
	}
	if p.has("Rcpp") || !s.page(http.StatusOK, "/compare?a=R/pecan/1.9&b=R/pecan/1.10&show=removed").has("Rcpp") {
		t.Error("what was removed is shown where it should not be, or the other way round")
	}
}

// What is wrong with the index stands on every page.
func TestBanners(t *testing.T) {
	old := func(age time.Duration) func(*webserver.Options) {
		return func(o *webserver.Options) { o.StaleAfter = age }
	}
	for _, test := range []struct {
		stale, later time.Duration
		want         string
	}{
		{0, 0, ""},
		{6 * time.Hour, 0, ""},
		{5 * time.Hour, 0, "⚠ Note:"},
		{time.Hour, 0, "⚠ Note:"},
		{5 * time.Hour, 18 * time.Hour, "⚠ Note:"}, // 24 hours less 5 minutes
		{5 * time.Hour, 18*time.Hour + 10*time.Minute, "✖ Problem:"},
		{72 * time.Hour, 48 * time.Hour, ""}, // who indexes once a week says so
		{72 * time.Hour, 72 * time.Hour, "⚠ Note:"},
		{72 * time.Hour, 144 * time.Hour, "✖ Problem:"},
		{0, 1000 * time.Hour, ""},
	} {
		p := newSite(t, "ours", old(test.stale), func(o *webserver.Options) {
			o.Now = func() time.Time { return testNow.Add(test.later) }
		}).page(http.StatusOK, "/packages")
		if shown := p.has("The index is old"); shown != (test.want != "") || !p.has(test.want) {
			t.Errorf("after %v: %q", test.stale, p.words)
		}
	}
	s := newSite(t, "ours")
	s.write(manifests.StatusName, `{"start":"2026-01-31T09:00:00Z","end":"2026-01-31T09:01:00Z","exit_code":1,"phase":"index",`+
		`"kernels":6,"indexed":0,"reused":5,"packages":9,"failed_kernel":"R/<b>/1","error":"no <i>conda"}`)
	s.refresh()
	if p := s.page(http.StatusOK, "/help"); !p.has("The last run of the indexer failed at kernel R/<b>/1: 1 of 6 kernels could not be indexed.") {
		t.Errorf("%q", p.words)
	}
	if p := s.page(http.StatusOK, "/status"); !p.has("no <i>conda") || !p.has("failed with exit code 1") {
		t.Errorf("%q", p.words)
	}
	s.write(manifests.CollatedName, "{")
	if err := s.pair.Refresh(t.Context()); err == nil {
		t.Fatal("a bad document was taken")
	}
	if p := s.page(http.StatusOK, "/find?q=sf"); !p.has("this is the last good one") || !p.has("pecan 1.9") {
		t.Errorf("%q", p.words)
	}
}

func TestSiteOptions(t *testing.T) {
	s := newSite(t, "ours", func(o *webserver.Options) {
		o.SiteTitle, o.Organization, o.HelpURL = "Our <Kernels>", "Centre & Co", "mailto:help@example.org"
	})
	for _, target := range []string{"/", "/help", "/kernels", "/status"} {
		p := s.page(http.StatusOK, target)
		if !strings.HasSuffix(p.title, "– Our <Kernels>") || !p.has("Centre & Co") || !slices.Contains(p.links, "mailto:help@example.org") {
			t.Errorf("%s: %q %q", target, p.title, p.links)
		}
	}
	if p := s.page(http.StatusOK, "/docs"); !strings.HasSuffix(p.title, "– Our <Kernels>") || !slices.Contains(p.words, "Our <Kernels>") {
		t.Errorf("docs: %q", p.title)
	}
	for _, bad := range []string{"javascript:alert(1)", "/help", "help.example.org", "data:text/html,x", "ht tp://x", ":"} {
		if _, err := webserver.New(webserver.Options{Pair: &fakePair{}, HelpURL: bad}); err == nil {
			t.Errorf("%q was taken for a place to get help", bad)
		}
	}
}

// Part after part of a long list is shown, and a part that is no longer there is the last one.
func TestPartsOfAPage(t *testing.T) {
	s := newSite(t, "ours")
	for _, offset := range []string{"0", "1", "99999", "-1", "x", "9999999999999999999"} {
		for _, target := range []string{"/kernels?offset=", "/packages?offset=", "/packages/sf?offset=", "/kernels/R/pecan/1.9?offset=", "/find?spec=sf&offset="} {
			if p := s.page(http.StatusOK, target+offset); !slices.ContainsFunc(p.words, func(w string) bool { return strings.Contains(w, "pecan") || w == "sf" }) {
				t.Errorf("%s%s: nothing is listed in %q", target, offset, p.words)
			}
		}
	}
}

// Ages are told in the unit that people would take, and numbers agree with what they count.
func TestAges(t *testing.T) {
	made := time.Date(2026, 1, 31, 4, 5, 6, 0, time.UTC)
	for age, want := range map[time.Duration]string{
		-time.Hour: "just now", 0: "just now", 59 * time.Second: "just now", time.Minute: "1 minute ago", 119 * time.Minute: "119 minutes ago",
		2 * time.Hour: "2 hours ago", 47 * time.Hour: "47 hours ago", 48 * time.Hour: "2 days ago", 1500 * 24 * time.Hour: "1,500 days ago",
	} {
		s := newSite(t, "ours", func(o *webserver.Options) { o.Now = func() time.Time { return made.Add(age) } })
		if p := s.page(http.StatusOK, "/help"); !p.has("(" + want + ")") {
			t.Errorf("%v: no %q in %q", age, want, p.words)
		}
	}
	s := newSite(t, "ours")
	for target, want := range map[string]string{
		"/packages/sf": "2 entries", "/packages/Rcpp": "1 entry", "/kernels": "6 of 6 kernels", "/kernels?q=astro": "1 of 6 kernels",
		"/packages": "11 of 11 packages", "/packages?q=none": "0 of 11 packages",
	} {
		if p := s.page(http.StatusOK, target); !slices.Contains(p.words, want) {
			t.Errorf("%s: no %q in %q", target, want, p.words)
		}
	}
}
