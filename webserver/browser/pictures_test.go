//go:build browser

package browser_test

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// picturesFlag is the top of the repository, to keep the pictures there; "" throws them away.
var picturesFlag = flag.String("pictures", "", "folder to keep pictures below: screenshots, and docs/screenshots for the README")

// pictures are two folders: of all pictures, and of those that the README shows.
type pictures struct{ all, readme string }

func newPictures(t *testing.T) pictures {
	t.Helper()
	top := cmp.Or(*picturesFlag, t.TempDir())
	p := pictures{filepath.Join(top, "screenshots"), filepath.Join(top, "docs", "screenshots")}
	for _, folder := range []string{p.all, p.readme} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// maxPicture is how large a picture of the README may be, in bytes.
const maxPicture = 150_000

// tallest is how much of a long page a picture shows, in CSS pixels.
const tallest = 1600

// picture is what a picture is of.
type picture struct {
	name   string
	readme bool // it is for the README
	window bool // the window alone, not the page below it
}

// save takes a picture of the page as it is.
func (p pictures) save(t *testing.T, b *tab, of picture) {
	t.Helper()
	show := page.CaptureScreenshotParams{}
	if !of.window {
		beyond, tall := true, ask[float64](t, b, "Math.max(innerHeight, document.documentElement.scrollHeight)")
		show.CaptureBeyondViewport = &beyond
		show.Clip = &page.Viewport{Width: float64(b.look.width), Height: min(tall, tallest), Scale: 1}
	}
	shot := call(t, b, page.CaptureScreenshot, show)
	small := shrink(t, shot.Data)
	folder, name := p.all, of.name
	if of.readme {
		folder, name = p.readme, strings.TrimLeft(of.name, "0123456789-") // the README does not number the states
		if len(small) > maxPicture {
			t.Errorf("the picture has %d bytes, more than %d", len(small), maxPicture)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), small, 0o644); err != nil {
		t.Fatal(err)
	}
}

// shrink writes a picture with a palette: pages have few colours, and the many shades at the edges of letters are hardly
// to be told apart.
func shrink(t *testing.T, data []byte) []byte {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[color.RGBA]int{}
	bounds := img.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[rgba(img.At(x, y))]++
		}
	}
	if len(counts) < 8 {
		t.Errorf("the picture has %d colours: there is nothing in it", len(counts))
	}
	common := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(number(a), number(b)))
	})
	palette := make(color.Palette, 0, 256)
	for _, c := range common[:min(len(common), 256)] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	for c := range counts {
		nearest[c] = uint8(palette.Index(c)) //nolint:gosec // a palette has no more than 256 colours
	}
	small := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			small.SetColorIndex(x, y, nearest[rgba(img.At(x, y))])
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func rgba(c color.Color) color.RGBA { return color.RGBAModel.Convert(c).(color.RGBA) }

func number(c color.RGBA) int { return int(c.R)<<16 | int(c.G)<<8 | int(c.B) }
