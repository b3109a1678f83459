//go:build browser

package browser_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keys presses keys, as a person would who has no mouse.
//
// A key is one event that goes down with its text, as those of a keyboard are. chromedp's own keys are two, down and
// typed, and what is typed comes even where the page took the key for itself.
func keys(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, r := range text {
			events := kb.Encode(r)
			down, up := *events[0], *events[len(events)-1]
			if len(events) == 3 {
				down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
			}
			for _, event := range []input.DispatchKeyEventParams{down, up} {
				if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, event); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// press presses keys.
func (b *tab) press(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, keys(text)); err != nil {
		t.Fatal(err)
	}
}

// submit presses Enter and waits for the page that comes.
func (b *tab) submit(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, keys(kb.Enter)); err != nil {
		t.Fatal(err)
	}
}

// tabTo presses Tab until an expression, of the focused element e, is true.
func (b *tab) tabTo(t *testing.T, condition string) {
	t.Helper()
	for range 150 {
		b.press(t, kb.Tab)
		if ask[bool](t, b, "((e) => Boolean("+condition+"))(document.activeElement)") {
			return
		}
	}
	t.Fatalf("Tab does not lead to where %s", condition)
}

// until waits for an expression to be true.
func (b *tab) until(t *testing.T, condition string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ask[bool](t, b, "Boolean("+condition+")"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not come to be that %s; the page says: %.600s", condition, ask[string](t, b, "document.body.innerText"))
		}
	}
}

// stop is one place that Tab leads to.
type stop struct {
	Element string
	Known   bool    // it has been here before
	Nowhere bool    // nothing has the focus
	Ring    string  // what shows the focus, "" if nothing does
	Ratio   float64 // the contrast of the ring and what is around it
	Hidden  bool    // the element cannot be seen, though it has the focus
}

// stopScript describes the focused element. A ring is an outline or a shadow of at least two pixels; the contrast is that
// of WCAG 2.2 between its colour and the first background behind it that is not transparent.
const stopScript = `(() => {
	` + contrastScript + `
	const e = document.activeElement;
	const seen = globalThis.seenByTab ??= new Set();
	if (!e || e === document.body || e === document.documentElement) return {Nowhere: true};
	const known = seen.has(e);
	seen.add(e);
	const style = getComputedStyle(e);
	let ring = '';
	let color = 'transparent';
	if (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) {
		ring = 'outline ' + style.outlineWidth;
		color = style.outlineColor;
	} else if (style.boxShadow !== 'none') {
		ring = 'shadow';
		color = style.boxShadow.match(/^[a-z]+\([^)]*\)/)?.[0] ?? 'black';
	}
	const box = e.getBoundingClientRect();
	const hidden = box.width < 1 || box.height < 1 || box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth;
	return {Element: e.outerHTML.slice(0, 120), Known: known, Ring: ring, Ratio: contrast(color, e.parentElement), Hidden: hidden};
})()`

// missedScript names what can be used and was not reached.
const missedScript = `[...document.querySelectorAll(
	'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
	.filter((e) => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true}) && !globalThis.seenByTab.has(e))
	.map((e) => e.outerHTML.slice(0, 120))`

// walk presses Tab through the whole page, and returns what is wrong with the way.
func (b *tab) walk(t *testing.T) []string {
	t.Helper()
	var troubles []string
	stops := 0
	for range 400 {
		b.press(t, kb.Tab)
		s := ask[stop](t, b, stopScript)
		if s.Nowhere || s.Known {
			break
		}
		stops++
		switch {
		case s.Ring == "":
			troubles = append(troubles, "no focus is to be seen at "+s.Element)
		case s.Ratio < 3:
			troubles = append(troubles, fmt.Sprintf("the %s has a contrast of %.2f at %s", s.Ring, s.Ratio, s.Element))
		}
		if s.Hidden {
			troubles = append(troubles, "the focus is at what cannot be seen: "+s.Element)
		}
	}
	if stops < 5 {
		troubles = append(troubles, fmt.Sprintf("Tab leads to %d places only", stops))
	}
	for _, missed := range ask[[]string](t, b, missedScript) {
		troubles = append(troubles, "Tab does not lead to "+missed)
	}
	return troubles
}

// enter types a text, until it is in the field; what is before a comma may have become a chip.
func (b *tab) enter(t *testing.T, text string) {
	t.Helper()
	b.press(t, text)
	last := strings.TrimSpace(text[strings.LastIndex(text, ",")+1:])
	b.until(t, fmt.Sprintf("document.activeElement.value.endsWith(%q)", last))
}
