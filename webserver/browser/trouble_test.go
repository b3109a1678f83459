//go:build browser

package browser_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// badPage has one of each thing that must not be, under a policy that it violates.
const badPage = `<!doctype html><html lang="en"><head><title>Bad</title></head><body><main><h1>Bad</h1>
<img src="http://elsewhere.example.org/pixel.png">
<p style="color:#ccc;background:#fff">Hardly to be seen</p>
<a href="/a" style="outline:none">No ring</a> <a href="/b" style="outline:2px solid #eee">Pale ring</a>
<button inert>Unreachable</button> <a href="/c">c</a>
<div id="wide" style="width:2000px">Wide</div>
<script>console.error('complaint'); alert('hello'); throw new Error('thrown')</script>
</main></body></html>`

// What the other tests look for is found where it is.
func TestTroubleIsSeen(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "font-src 'none'; connect-src 'none'; frame-src 'none'; script-src 'unsafe-inline'")
		io.WriteString(w, badPage+`<iframe title="framed" src="/framed"></iframe>`) // the test fails if it is not all there
	}))
	defer server.Close()
	axe, c := axeSource(t), newChrome(t)
	b := c.newTab(t, look{width: 390, scripts: true})
	b.open(t, server.URL, "/", http.StatusOK)
	troubles := append(append(b.wide(t), b.violations(t, axe)...), b.unsaid(t, []string{"Good"})...)
	troubles = append(troubles, b.walk(t)...)
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline) && len(troubles) < 20; time.Sleep(50 * time.Millisecond) {
		troubles = append(troubles, b.heard()...)
	}
	all := strings.Join(troubles, "\n")
	for _, want := range []string{
		"asked another server: http://elsewhere.example.org/pixel.png", "wider than the window of 390 px: div", "axe: color-contrast",
		"axe: image-alt", "console.error: \"complaint\"", "exception: Uncaught", "dialog: hello", "ContentSecurityPolicyIssue", `does not say "Good"`,
		"no focus is to be seen at <a href=\"/a\"", "the outline 2px has a contrast of 1.16 at <a href=\"/b\"",
		"Tab does not lead to <button", "Tab leads to 4 places only",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("not seen: %s, in\n%s", want, all)
		}
	}
}
