//go:build browser

package browser_test

import (
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// command is what the walk comes to copy.
const command = "icrn_manager kernels use R pecan 1.91"

// allowClipboard lets a site read the clipboard, which pages themselves never do.
func (b *tab) allowClipboard(t *testing.T, origin string) {
	t.Helper()
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		_, err := chromedp.CallBrowser(b.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted, Origin: origin,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Somebody without a mouse finds a kernel that has two packages, copies its command, and reads the help.
func TestKeyboardFindsAKernelAndCopiesItsCommand(t *testing.T) {
	origin, c := serve(t, repository(t)), newChrome(t)
	for _, l := range []look{{1280, false, true}, {320, true, true}} {
		t.Run(l.String(), func(t *testing.T) {
			b := c.newTab(t, l)
			b.allowClipboard(t, origin)
			b.open(t, origin, "/", 200)

			b.press(t, kb.Tab)
			if !ask[bool](t, b, "document.activeElement.matches('a.skip[href=\"#main\"]')") {
				t.Error("the first stop is not the link that skips to the content")
			}
			b.press(t, "/")
			b.until(t, "document.activeElement.matches('form[role=search] input')")
			b.enter(t, "sf>=1.0, Rcpp>=1.0.12")
			b.submit(t)
			b.until(t, "document.querySelector('#results')?.textContent.includes('1.0.14')")

			b.tabTo(t, "e.closest('#results') && e.matches('button') && /copy/i.test(e.textContent)")
			b.press(t, kb.Enter)
			b.until(t, "/copied/i.test(document.activeElement.textContent)")
			if got := ask[string](t, b, "navigator.clipboard.readText()"); got != command {
				t.Errorf("the clipboard has %q, want %q", got, command)
			}

			b.press(t, "?")
			b.until(t, "document.querySelector('#help-dialog')?.open")
			if !ask[bool](t, b, "Boolean(document.activeElement.closest('#help-dialog'))") {
				t.Error("the focus is not in the dialog")
			}
			report(t, b.wide(t))
			b.press(t, kb.Escape)
			b.until(t, "!document.querySelector('#help-dialog').open")
			b.until(t, "document.activeElement.closest('#results') && document.activeElement.matches('button')")
			report(t, b.wide(t), b.heard())
		})
	}
}

// Keys of one character do nothing in a field but to be typed.
func TestKeysAreTypedIntoFields(t *testing.T) {
	origin, c := serve(t, repository(t)), newChrome(t)
	b := c.newTab(t, look{1280, false, true})
	b.open(t, origin, "/", 200)
	b.tabTo(t, "e.matches('form[role=search] input')")
	b.enter(t, "a/b?c")
	if ask[bool](t, b, "Boolean(document.querySelector('#help-dialog')?.open)") {
		t.Error("a ? that was typed opens the help")
	}
	report(t, b.heard())
}

// Tab leads to everything on every kind of page, and it is always to be seen where one is.
func TestTabLeadsToEverything(t *testing.T) {
	sites, c := newSites(t), newChrome(t)
	for _, l := range []look{{320, false, true}, {1280, true, true}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := c.newTab(t, l)
			for _, v := range visits {
				if v.name == large || v.name == "docs" {
					continue // the same as version, and links in text: a hundred more of what others have
				}
				t.Run(v.name, func(t *testing.T) {
					b.open(t, sites[v.site], v.path, v.status)
					report(t, b.walk(t))
				})
			}
		})
	}
}

// Without JavaScript, every form answers by a page.
func TestFormsWithoutJavaScript(t *testing.T) {
	origin, c := serve(t, repository(t)), newChrome(t)
	b := c.newTab(t, look{390, false, false})
	tests := []struct {
		name, path string
		fields     [][2]string // what is typed where
		wants      []string
	}{
		{"find", "/", [][2]string{{"q", "sf>=1.0, Rcpp>=1.0.12"}}, []string{"1.0.14", command}},
		{"find again", "/find?q=numpy", [][2]string{{"q", ", ggplot2"}}, []string{"No kernel has", "ggplot2"}},
		{"kernels", "/kernels", [][2]string{{"q", "pec"}, {"has", "sf"}}, []string{"1 of 5 kernels", "1.91"}},
		{"packages", "/packages", [][2]string{{"q", "scip"}}, []string{"scipy"}},
		{"packages of a kernel", "/kernels/R/pecan/1.91", [][2]string{{"q", "ggplot2"}}, []string{"of 755", "3.5.2"}},
		{"compare", "/compare", [][2]string{{"a", "R/pecan/1.9"}, {"b", "R/pecan/1.91"}}, []string{"600 added", "83 changed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b.open(t, origin, tt.path, 200)
			for _, field := range tt.fields {
				b.tabTo(t, "e.matches('main input[name="+field[0]+"]')")
				b.press(t, kb.End)
				b.press(t, field[1])
			}
			b.submit(t)
			report(t, b.unsaid(t, tt.wants), b.wide(t), b.heard())
		})
	}
}
