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

// patience is how long one step of a test may take.
const patience = 20 * time.Second

// tab is one page after the other, each with what went wrong while it was open.
type tab struct {
	ctx  context.Context
	look look

	mu       sync.Mutex
	origin   string // of the server that may be asked
	expected string // the address whose status is no success
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
		if !strings.HasPrefix(e.Request.URL, b.origin+"/") {
			b.note("asked another server: " + e.Request.URL)
		}
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

func (b *tab) note(trouble string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.troubles = append(b.troubles, trouble)
}

// open loads a page and returns the status of the answer.
func (b *tab) open(t *testing.T, origin, path string, status int64) {
	t.Helper()
	b.mu.Lock()
	b.origin, b.expected, b.troubles = origin, "", nil
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
