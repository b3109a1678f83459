//go:build browser

package browser_test

import (
	"net/url"
	"strings"
	"testing"

	"kernelindexer/testrepo"
)

// The names of kernels and packages that want to be more than text. A name of a folder has no slash.
var (
	hostileName    = `"><img id=injected src=x onerror=alert(1)><script id=injected>alert(1)`
	hostilePackage = `'"><svg id=injected onload=alert(2)>{{7*7}}${alert(2)}`
	hostileRight   = "\u202egnp.exe\u202c\u200f\u2067abc"
	hostileLong    = strings.Repeat("W", 200)
	hostileText    = `</p></script><script id=injected>alert(3)</script><img id=injected src=x onerror=alert(3)>`
)

// newHostile makes a kernel of those names.
func newHostile(path string) *builder {
	b := newR(path, "4.4.3")
	b.conda("", hostilePackage, hostileRight, "lib"+hostileLong[:100])
	b.Add(testrepo.Recipe{Kind: testrepo.Library, Name: "long-version", Version: "1." + strings.Repeat("2", 180), Files: 4})
	b.library("plain")
	return b.describe("description: '"+strings.ReplaceAll(hostileText, "'", "''")+"'", "maintainer: '"+hostileLong+hostileRight+"'",
		"deprecated: true", "deprecation_note: '"+hostileText+"'")
}

// No name becomes markup, runs, or breaks the page out of its window.
func TestHostileNames(t *testing.T) {
	root := t.TempDir()
	paths := []string{"R/" + hostileName + "/1.0", "R/" + hostileRight + "/" + hostileName, "R/" + hostileLong + "/" + hostileLong}
	made := map[string]*builder{pecan9: newPecan9()}
	for _, path := range paths {
		made[path] = newHostile(path)
	}
	write(t, root, map[string]*builder{pecan9: made[pecan9]})
	index(t, root, 0)
	write(t, root, made)
	index(t, root, 0)
	origin, axe, c := serve(t, root), axeSource(t), newChrome(t)

	targets := map[string]int64{
		"/": 200, "/kernels": 200, "/packages": 200, "/changes": 200, "/status": 200,
		find(hostileText): 422, find(hostileName + ", numpy"): 422, find("long-version, plain"): 200, find("long-version, absent"): 200,
		"/packages?q=" + url.QueryEscape(hostileText): 200, "/kernels?q=" + url.QueryEscape(hostileText): 200,
		"/kernels?has=" + url.QueryEscape(hostilePackage): 200,
		"/packages/" + url.PathEscape(hostilePackage):     200, "/packages/" + url.PathEscape(hostileRight): 200,
		"/packages/" + url.PathEscape(hostileText): 404, "/kernels/R/" + url.PathEscape(hostileName+"x") + "/1": 404,
		"/compare?" + url.Values{"a": {paths[0]}, "b": {paths[2]}, "show": {"all"}}.Encode(): 200,
		"/compare?" + url.Values{"a": {hostileText}, "b": {hostileName}}.Encode():            422,
	}
	for _, path := range paths {
		parts := strings.Split(path, "/")
		for i := range parts {
			parts[i] = url.PathEscape(parts[i])
		}
		targets["/kernels/"+strings.Join(parts, "/")] = 200
		targets["/kernels/"+strings.Join(parts[:2], "/")] = 200
	}
	for _, l := range []look{{320, false, true}, {1280, true, true}} {
		b := c.newTab(t, l)
		for target, status := range targets {
			t.Run(l.String()+target[:min(len(target), 60)], func(t *testing.T) {
				b.open(t, origin, target, status)
				report(t, b.wide(t), b.injected(t), b.violations(t, axe), b.heard())
			})
		}
	}
}

// injected returns what came out of names as elements.
func (b *tab) injected(t *testing.T) []string {
	t.Helper()
	return ask[[]string](t, b, `[...document.querySelectorAll('#injected, [onerror], [onload], body script:not([src]), img[src=x]')].map((e) => 'injected: ' + e.outerHTML)`)
}
