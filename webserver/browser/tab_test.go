//go:build browser

package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// look is how a reader looks at the pages.
type look struct {
	width   int64 // CSS pixels
	dark    bool
	scripts bool // JavaScript is on
}

func (l look) String() string {
	name := fmt.Sprintf("%dpx-light", l.width)
	if l.dark {
		name = strings.Replace(name, "light", "dark", 1)
	}
	if !l.scripts {
		name += "-without-js"
	}
	return name
}

// height is that of every window.
const height = 800

// patience is how long one step of a test may take, on a machine that is busy with other things.
const patience = time.Minute

// tab is one page after the other, each with what went wrong while it was open.
type tab struct {
	ctx  context.Context
	look look

	mu       sync.Mutex
	origins  []string // of the servers that may be asked: those that the tab was at
	expected string   // the address whose status is no success
	troubles []string
}

// newTab opens a tab that closes with the test.
func (c *chrome) newTab(t *testing.T, l look) *tab {
	t.Helper()
	ctx, leave := chromedp.NewContext(c.ctx)
	t.Cleanup(leave)
	b := &tab{ctx: ctx, look: l}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	call(t, b, network.Enable, network.EnableParams{})
	call(t, b, log.Enable, cdp.Empty{})
	call(t, b, audits.Enable, cdp.Empty{})
	call(t, b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	call(t, b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !l.scripts})
	b.resize(t, l.width, height)
	return b
}

// call sends one command of the protocol, and ends the test if it fails.
func call[P, R any](t *testing.T, b *tab, command cdp.Command[P, R], params P) R {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// resize makes the window another.
func (b *tab) resize(t *testing.T, width, height int64) {
	t.Helper()
	call(t, b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1,
	})
}

// hear notes what must not happen.
func (b *tab) hear(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.asked(e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.note("exception: " + e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		var words []string
		for _, a := range e.Args {
			words = append(words, string(a.Value)+a.Description)
		}
		b.note(fmt.Sprintf("console.%s: %s", e.Type, strings.Join(words, " ")))
	case *log.EventEntryAdded:
		// A page that answers 404 is logged as a resource that could not be loaded.
		if e.Entry.Source != log.EntrySourceNetwork || e.Entry.URL != b.expected {
			b.note(fmt.Sprintf("console, %s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *audits.EventIssueAdded:
		details, err := json.Marshal(e.Issue.Details)
		if err != nil {
			details = []byte(err.Error())
		}
		b.note(fmt.Sprintf("issue %s: %s", e.Issue.Code, details))
	case *page.EventJavascriptDialogOpening:
		b.note("dialog: " + e.Message)
		go chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{}) // it fails already
	}
}

// asked notes a request to a server that the tab was not sent to.
func (b *tab) asked(url string) {
	b.mu.Lock()
	home := slices.ContainsFunc(b.origins, func(origin string) bool { return strings.HasPrefix(url, origin+"/") })
	b.mu.Unlock()
	if !home {
		b.note("asked another server: " + url)
	}
}

func (b *tab) note(trouble string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.troubles = append(b.troubles, trouble)
}

// open loads a page and returns the status of the answer.
func (b *tab) open(t *testing.T, origin, path string, status int64) {
	t.Helper()
	b.mu.Lock()
	b.origins = append(b.origins, origin) // an icon of the page before may still be asked for
	b.expected, b.troubles = "", nil
	if status >= 400 {
		b.expected = origin + path
	}
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, chromedp.Navigate(origin+path))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if response.Status != status {
		t.Errorf("%s answers %d, want %d", path, response.Status, status)
	}
}

// heard returns what went wrong since the page was opened, and forgets it.
func (b *tab) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	troubles := b.troubles
	b.troubles = nil
	return troubles
}

// ask evaluates an expression in the page, also where its own scripts are off.
func ask[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return answer
}

// wide returns what is wider than the window.
func (b *tab) wide(t *testing.T) []string {
	t.Helper()
	var troubles []string
	for _, element := range ask[[]string](t, b, wideScript) {
		troubles = append(troubles, fmt.Sprintf("wider than the window of %d px: %s", b.look.width, element))
	}
	return troubles
}

// wideScript names the elements that make the page scroll sideways; of what scrolls by itself, only the box counts.
const wideScript = `(() => {
	const room = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= room) return [];
	const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > room + 0.5);
	return [document.documentElement.scrollWidth + ' of ' + room,
		...wide.slice(0, 5).map((e) => e.tagName.toLowerCase() + (e.className ? '.' + e.className : '') + ' ' + e.textContent.slice(0, 40))];
})()`

// pale returns the placeholders that can hardly be read, which axe does not look at (WCAG 1.4.3: 4.5 to 1).
func (b *tab) pale(t *testing.T) []string {
	t.Helper()
	return ask[[]string](t, b, contrastScript+`[...document.querySelectorAll('input[placeholder]')]
		.filter((e) => e.checkVisibility())
		.map((e) => [contrast(getComputedStyle(e, '::placeholder').color, e), e])
		.filter(([ratio]) => ratio < 4.5)
		.map(([ratio, e]) => 'a placeholder has a contrast of ' + ratio.toFixed(2) + ': ' + e.placeholder)`)
}

// contrastScript is a function for the contrast of a colour and the first background behind an element that is not
// transparent (WCAG 2.2, "contrast ratio").
const contrastScript = `const contrast = (color, element) => {
	const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d', {willReadFrequently: true});
	const rgba = (color) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
		.map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
		.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
	let around = [255, 255, 255];
	for (let e = element; e; e = e.parentElement) {
		const back = rgba(getComputedStyle(e).backgroundColor);
		if (back[3] === 255) { around = back; break; }
	}
	const [high, low] = [light(rgba(color)), light(around)].sort((x, y) => y - x);
	return (high + 0.05) / (low + 0.05);
};
`

// unsaid returns what the page should say and does not. Spaces and line ends are all the same.
func (b *tab) unsaid(t *testing.T, wants []string) []string {
	t.Helper()
	text := strings.Join(strings.Fields(ask[string](t, b, `document.title + '\n' + document.body.innerText`)), " ")
	var troubles []string
	for _, want := range wants {
		if !strings.Contains(text, want) {
			troubles = append(troubles, fmt.Sprintf("the page does not say %q: %.1500s", want, text))
		}
	}
	return troubles
}

// report makes errors of troubles.
func report(t *testing.T, troubles ...[]string) {
	t.Helper()
	for _, trouble := range slices.Concat(troubles...) {
		t.Error(trouble)
	}
}
