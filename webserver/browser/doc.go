// Package browser is where the pages are tried in a real browser: Debian's chromium, driven over its own protocol. What
// is here is tests alone, behind the build tag browser, because they need what a build does not: chromium, and axe-core,
// which npm installs from testdata/axe. `make browser` runs them; a tool that is missing is a failure that says how to
// get it.
//
// The tests start the programs as their users do, each a process of its own: kernel-indexer indexes a made-up repository,
// kernel-web serves what it published on a free port of the loopback, chromium asks for pages. So they refuse to know
// how a page is made: which template, which handler. What they rely on is what a user can see, and a few names in the
// markup (#results, #theme, #help-dialog, data-copy).
//
// # What holds for every page
//
//   - axe-core finds no violation of WCAG 2.2 AA, nor of its own best practices;
//   - nothing is wider than the window, at 320, 390 and 1280 CSS pixels;
//   - the console stays empty, no policy is violated, and nothing is asked of another server;
//   - all of that in light and dark; and with JavaScript off, the content is the same and the forms work.
//
// The build tag screenshots adds pictures of what terminals show, which need tmux; `make screenshots` makes them, and
// those of the pages.
package browser
