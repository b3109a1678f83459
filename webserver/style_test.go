package webserver_test

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

var colour = regexp.MustCompile(`--([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);`)

// Text has a contrast of at least 4.5 in both themes, and focus, lines of fields and marks of at least 3 (WCAG 2.2 AA).
func TestContrast(t *testing.T) {
	style, err := os.ReadFile(filepath.Join("assets", "style.css"))
	if err != nil {
		t.Fatal(err)
	}
	for i, theme := range []string{"light", "dark"} {
		colours := map[string]float64{}
		for _, m := range colour.FindAllStringSubmatch(string(style), -1) {
			colours[m[1]] = luminance(t, m[2+i])
		}
		for _, pair := range []struct {
			front, back string
			least       float64
		}{
			{"text", "back", 4.5},
			{"text", "panel", 4.5},
			{"soft", "back", 4.5},
			{"soft", "panel", 4.5},
			{"link", "back", 4.5},
			{"link", "panel", 4.5},
			{"on-accent", "accent", 4.5},
			{"on-tag", "tag", 4.5},
			{"on-note", "note", 4.5},
			{"on-warning", "warning", 4.5},
			{"on-error", "error", 4.5},
			{"focus", "back", 3},
			{"focus", "panel", 3},
			{"line", "back", 3},
			{"line", "panel", 3},
			{"accent", "back", 3},
		} {
			front, back := colours[pair.front], colours[pair.back]
			if front == 0 && back == 0 {
				t.Fatalf("%s: no colours %s, %s", theme, pair.front, pair.back)
			}
			if got := (max(front, back) + .05) / (min(front, back) + .05); got < pair.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f", theme, pair.front, pair.back, got)
			}
		}
	}
}

// luminance is the relative luminance of WCAG.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{.2126, .7152, .0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		v := float64(n) / 255
		if v <= .04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}
