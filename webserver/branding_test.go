package webserver_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kernelindexer/webserver"
)

const svgLogo = `<?xml version="1.0"?><!-- ours --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><style>a{}</style></svg>`

func pngLogo(t *testing.T, width int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, 1))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A logo is known by its content, shown on every page, and never a page of this site itself: an SVG may have scripts.
func TestLogo(t *testing.T) {
	for kind, body := range map[string][]byte{"image/svg+xml": []byte(svgLogo), "image/png": pngLogo(t, 3)} {
		s := newSite(t, "ours", basePath("/base"), func(o *webserver.Options) { o.Logo = body })
		src := regexp.MustCompile(`<img src="(/base/static/logo[^"]*)" alt=""`).FindStringSubmatch(s.get(http.StatusOK, "/help").Body.String())
		if src == nil {
			t.Fatalf("%s is not on the page", kind)
		}
		w := s.get(http.StatusOK, src[1])
		if !bytes.Equal(w.Body.Bytes(), body) || w.Header().Get("Content-Type") != kind ||
			!strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %v", src[1], w.Header())
		}
	}
	s := newSite(t, "ours")
	if strings.Contains(s.get(http.StatusOK, "/help").Body.String(), "<img") {
		t.Error("an image without a logo")
	}
	s.get(http.StatusNotFound, "/static/logo.svg")
}

func TestBadLogos(t *testing.T) {
	large := append([]byte(svgLogo), bytes.Repeat([]byte{' '}, webserver.MaxLogoBytes)...)
	for name, body := range map[string][]byte{
		"HTML":              []byte("<!doctype html><svg xmlns=\"http://www.w3.org/2000/svg\"></svg>"),
		"HTML in XML":       []byte(`<html xmlns="http://www.w3.org/1999/xhtml"><svg xmlns="http://www.w3.org/2000/svg"/></html>`),
		"no name space":     []byte("<svg></svg>"),
		"cut off":           []byte(svgLogo[:len(svgLogo)-3]),
		"a script":          []byte("alert(1)"),
		"a GIF":             []byte("GIF89a\x01\x00\x01\x00"),
		"the head of a PNG": pngLogo(t, 3)[:12],
		"too large":         large,
	} {
		if _, err := webserver.New(webserver.Options{Pair: &fakePair{}, Logo: body}); err == nil {
			t.Errorf("%s was taken for a logo", name)
		}
	}
}

// An accent that can be read on neither background is refused, and says why; any other can be read on both, as itself or
// shaded, and so can what is written on it.
func TestAccent(t *testing.T) {
	for _, bad := range []string{"red", "#fff", "#12345g", "c84113", "#c84113;", "#c84113 ", "##c84113", "#7a7a7a"} {
		if _, err := webserver.New(webserver.Options{Pair: &fakePair{}, Accent: bad}); err == nil || !strings.Contains(err.Error(), "accent") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	pages := declared(t, stylesOf(newSite(t, "ours")), "back")
	for _, accent := range []string{"#13294B", "#c84113", "#ffffff", "#000000", "#ffff00", "#0000ff", "#ff5f05", "#00ff00", "#767676"} {
		style := stylesOf(newSite(t, "ours", func(o *webserver.Options) { o.Accent = accent }))
		fill, text := declared(t, style, "accent"), declared(t, style, "on-accent")
		if !slices.Contains(fill[:], strings.ToLower(accent[1:])) {
			t.Errorf("%s is nowhere as it is: %v", accent, fill)
		}
		for theme := range fill {
			on, off := contrastOf(t, fill[theme], text[theme]), contrastOf(t, fill[theme], pages[theme])
			if on < 4.5 || off < 4.5 {
				t.Errorf("%s in theme %d: contrast of %.2f with text, %.2f with the page", accent, theme, on, off)
			}
		}
	}
	for i, want := range []string{"ffffff", "10161f"} {
		if pages[i] != want {
			t.Errorf("the background %d is #%s; accents are checked against #%s", i, pages[i], want)
		}
	}
}

// stylesOf is the style sheet that pages of a site have.
func stylesOf(s *site) string {
	return s.get(http.StatusOK, "/static/style.css").Body.String()
}

// declared returns the last colours that a style sheet gives a name, light and dark.
func declared(t *testing.T, style, name string) [2]string {
	t.Helper()
	all := regexp.MustCompile(`--`+name+`: light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\)`).FindAllStringSubmatch(style, -1)
	if all == nil {
		t.Fatalf("no colour %s", name)
	}
	return [2]string(all[len(all)-1][1:])
}

func contrastOf(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}
