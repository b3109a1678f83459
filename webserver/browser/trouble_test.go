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
<div id="wide" style="width:2000px">Wide</div>
<script>console.error('complaint'); alert('hello'); throw new Error('thrown')</script>
</main></body></html>`

// What the other tests look for is found where it is.
func TestTroubleIsSeen(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "font-src 'none'; connect-src 'none'; frame-src 'none'; script-src 'unsafe-inline'")
		io.WriteString(w, badPage+`<iframe title="framed" src="/framed"></iframe>`) //nolint:errcheck // the test fails if it is not all there
	}))
	defer server.Close()
	axe, c := axeSource(t), newChrome(t)
	b := c.newTab(t, look{width: 390, scripts: true})
	b.open(t, server.URL, "/", http.StatusOK)
	troubles := append(append(b.wide(t), b.violations(t, axe)...), b.unsaid(t, []string{"Good"})...)
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline) && len(troubles) < 12; time.Sleep(50 * time.Millisecond) {
		troubles = append(troubles, b.heard()...)
	}
	all := strings.Join(troubles, "\n")
	for _, want := range []string{
		"asked another server: http://elsewhere.example.org/pixel.png", "wider than the window of 390 px: div", "axe: color-contrast",
		"axe: image-alt", "console.error: \"complaint\"", "exception: Uncaught", "dialog: hello", "ContentSecurityPolicyIssue", `does not say "Good"`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("not seen: %s, in\n%s", want, all)
		}
	}
}
