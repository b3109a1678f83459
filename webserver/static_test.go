package webserver_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kernelindexer/webserver"
)

var assetLink = regexp.MustCompile(`(?:src|href)="(/[^"]*/static/[^"]+|/static/[^"]+)"`)

// Pages and scripts name files by their content: what is loaded once is never asked for again, and another version of
// the program, with or without a logo, has other names.
func TestAssetsAreKeptForEver(t *testing.T) {
	s := newSite(t, "ours", basePath("/base"), func(o *webserver.Options) { o.Logo = []byte(svgLogo) })
	queue := assetLink.FindAllStringSubmatch(s.get(http.StatusOK, "/").Body.String(), -1)
	loaded := map[string]bool{}
	for ; len(queue) > 0; queue = queue[1:] {
		url := queue[0][1]
		w := s.get(http.StatusOK, url)
		if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", url, got)
		}
		s.get(http.StatusNotModified, url, "If-None-Match: "+w.Header().Get("ETag"))
		loaded[filepath.Base(url)] = true
		if !strings.HasSuffix(url, ".js") {
			continue
		}
		for _, imported := range regexp.MustCompile(`from '\./([^']+)'`).FindAllStringSubmatch(w.Body.String(), -1) {
			if !loaded[imported[1]] {
				queue = append(queue, []string{"", "/base/static/" + imported[1]})
			}
		}
	}
	if len(loaded) != 13 { // icon, logo, style, and ten scripts
		t.Errorf("loaded %v", loaded)
	}
}

// A name without the digest may mean something else tomorrow, and so may one with a digest that is not ours: while one
// replica after the other is replaced, a page of the new version may ask the old one.
func TestAssetsUnderOtherNames(t *testing.T) {
	s := newSite(t, "ours")
	for _, target := range []string{"/static/style.css", "/static/style.0123456789abcdef.css"} {
		w := s.get(http.StatusOK, target)
		if w.Header().Get("Cache-Control") != "no-cache" || !strings.Contains(w.Body.String(), "color-scheme") {
			t.Errorf("%s: %v", target, w.Header())
		}
	}
	for _, target := range []string{
		"/static/style.0123456789abcde.css", "/static/style.0123456789ABCDEF.css", "/static/none.0123456789abcdef.css", "/static/style..css",
		"/static/style.0123456789abcdef.js", "/static/..%2fopenapi.json", "/static/logo.svg",
	} {
		s.get(http.StatusNotFound, target)
	}
}

// The theme is set before anything is shown: by a script that the page waits for, before its style sheet, and that is a
// file, for pages allow no scripts inside.
func TestThemeComesFirst(t *testing.T) {
	body := newSite(t, "ours").get(http.StatusOK, "/").Body.String()
	early := regexp.MustCompile(`<script src="/static/early\.[0-9a-f]{16}\.js"></script>`).FindStringIndex(body)
	if early == nil || early[0] > strings.Index(body, "<link rel=\"stylesheet\"") || early[0] > strings.Index(body, "<body>") {
		t.Errorf("early.js is at %v", early)
	}
}

// Scripts make no markup and no code of a string: names are hostile.
func TestScriptsMakeNoMarkup(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join("assets", "*.js"))
	if err != nil || len(scripts) < 10 {
		t.Fatal(scripts, err)
	}
	total := 0
	for _, path := range scripts {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		total += len(script)
		for _, bad := range []string{
			"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setHTML", "createContextualFragment",
			"srcdoc", ".style.", "javascript:", "http:", "https:", ".cookie",
		} {
			if strings.Contains(string(script), bad) {
				t.Errorf("%s has %s in it", path, bad)
			}
		}
	}
	if total > 32<<10 {
		t.Errorf("scripts have %d bytes", total)
	}
}
