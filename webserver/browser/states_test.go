//go:build browser

package browser_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// state is one of the seventeen that the page's design names, with what it must show.
type state struct {
	name   string // of the picture
	site   string
	path   string
	status int64
	look   look
	does   func(t *testing.T, b *tab) // what somebody does there
	wants  []string
	shows  string // a selector of what must be there, "" for nothing more
	readme bool   // the README shows it
}

var (
	desk  = look{1280, false, true}
	night = look{1280, true, true}
	phone = look{390, false, true}
	plain = look{1280, false, false}
)

var states = []state{
	{name: "01-home", site: good, path: "/", status: 200, look: desk, readme: true, wants: []string{
		"Campus kernels", "Kernels", "Packages", "Compare", "Changes", "5 kernels", "packages", "indexed", "minutes ago", "Python", "astro",
		"3.11", "332", "Rbioconductor", "ctmm", "pecan",
	}},
	{name: "02-find", site: good, path: find("sf>=1.0, Rcpp>=1.0.12"), status: 200, look: desk, readme: true, wants: []string{
		"1 kernel", "pecan", "1.91", "1.0-20", "1.0.14", "r-sf", "ctmm", "Rcpp 1.0.11 does not satisfy >=1.0.12", command,
	}},
	{name: "03-find-nothing", site: good, path: find("scipy, ggplot2"), status: 200, look: desk, wants: []string{
		"No kernel has", "astro", "ggplot2", "pecan", "scipy", "not installed", "Ask for",
	}},
	{name: "04-version", site: good, path: "/kernels/R/pecan/1.91?q=sf&sort=name", status: 200, look: desk, wants: []string{
		"4.4.3", "755", "Indexed", "ago", "icrn_manager kernels get R pecan 1.91", command, "environment.yml", "Name ▲", "of 755",
	}},
	{name: "05-package", site: good, path: "/packages/sf", status: 200, look: desk, wants: []string{"r-sf", "ctmm", "1.0-14", "pecan", "1.0-20"}},
	{name: "06-compare", site: good, path: "/compare?a=R/pecan/1.9&b=R/pecan/1.91", status: 200, look: desk, wants: []string{
		"600 added", "61 removed", "83 changed", "72 ", "aws-c-auth", "0.9.1", "0.9.0", "▼ downgraded",
	}},
	{name: "07-changes", site: good, path: "/changes", status: 200, look: desk, wants: []string{"pecan", "1.91", "climate", "astro", "First index", "feed"}},
	{name: "08-status", site: broken, path: "/status", status: 200, look: desk, wants: []string{"R/broken/1.0", "failed", "Reason"}},
	{name: "09-docs", site: good, path: "/docs", status: 200, look: desk, wants: []string{"/api/v1/find", "GET"}},
	{name: "10-stale", site: stale, path: "/", status: 200, look: desk, wants: []string{"The index is old", "30 hours ago", "✖"}, shows: ".banner.error"},
	{name: "10-stale-a-little", site: aging, path: "/", status: 200, look: desk, wants: []string{"The index is old", "minutes ago", "⚠"}, shows: ".banner.warning"},
	{name: "11-no-data", site: empty, path: "/kernels", status: 503, look: desk, wants: []string{"no index yet", "kernel-indexer run"}},
	{name: "12-not-found", site: good, path: "/packages/numpyy", status: 404, look: desk, wants: []string{"Did you mean", "numpy"}},
	{name: "13-dark", site: good, path: find("sf>=1.0, Rcpp>=1.0.12"), status: 200, look: night, wants: []string{"pecan"}},
	{name: "14-phone", site: good, path: "/kernels/R/pecan/1.91?q=sf", status: 200, look: phone, wants: []string{"1.0-20"}},
	{name: "15-without-js", site: good, path: find("sf>=1.0, Rcpp>=1.0.12"), status: 200, look: plain, wants: []string{"1.0.14", "Find kernels"}},
	{name: "16-help-dialog", site: good, path: "/", status: 200, look: desk, does: openHelp, shows: "#help-dialog [type=checkbox]"},
	{name: "17-focus", site: good, path: "/kernels/R/pecan/1.91?q=sf", status: 200, look: desk, does: func(t *testing.T, b *tab) {
		b.tabTo(t, "e.closest('thead')")
	}},
	{name: "18-suggestions", site: good, path: "/", status: 200, look: desk, does: suggest},
}

// openHelp opens the dialog of the keys.
func openHelp(t *testing.T, b *tab) {
	b.press(t, "?")
	b.until(t, "document.querySelector('#help-dialog')?.open")
}

// suggest types the beginning of a name and goes to the first suggestion.
func suggest(t *testing.T, b *tab) {
	b.tabTo(t, "e.matches('[role=combobox]')")
	b.enter(t, "num")
	b.until(t, "document.querySelectorAll('[role=listbox] [role=option]').length > 1")
	b.press(t, kb.ArrowDown)
	b.until(t, "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.matches('[role=option][aria-selected=true]')")
}

// The states of the design show what it says they show; `make screenshots` keeps the pictures.
func TestStatesAndScreenshots(t *testing.T) {
	sites, axe, c, folder := newSites(t), axeSource(t), newChrome(t), newPictures(t)
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			b := c.newTab(t, s.look)
			b.open(t, sites[s.site], s.path, s.status)
			if s.does != nil {
				s.does(t, b)
			}
			if s.shows != "" {
				b.until(t, fmt.Sprintf("document.querySelector(%q)?.checkVisibility()", s.shows))
			}
			report(t, b.unsaid(t, s.wants), b.wide(t), b.heard())
			if s.look.scripts { // axe waits for promises, which are scripts
				report(t, b.violations(t, axe))
			}
			folder.save(t, b, picture{s.name, s.readme, s.readme || s.does != nil})
		})
	}
	if len(states) < 17 {
		t.Errorf("%d states are not seventeen", len(states))
	}
}
