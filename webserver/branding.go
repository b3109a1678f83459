package webserver

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"math"
	"regexp"
)

// MaxLogoBytes bounds the file of a logo, which every visitor loads.
const MaxLogoBytes = 256 << 10

// logo is the picture beside the title of the site; without a name there is none.
type logo struct {
	name string
	body []byte
}

// newLogo takes an SVG or a PNG file, by its content: what a file is called says little.
func newLogo(body []byte) (logo, error) {
	switch {
	case len(body) == 0:
		return logo{}, nil
	case len(body) > MaxLogoBytes:
		return logo{}, fmt.Errorf("the logo has %d bytes, more than %d", len(body), MaxLogoBytes)
	case isPNG(body):
		return logo{"logo.png", body}, nil
	case isSVG(body):
		return logo{"logo.svg", body}, nil
	default:
		return logo{}, errors.New("the logo is neither a PNG nor an SVG file")
	}
}

func isPNG(body []byte) bool {
	_, err := png.DecodeConfig(bytes.NewReader(body))
	return err == nil
}

// isSVG reports whether the file is XML to the end of its element, and that one of SVG, with the name space that
// browsers ask for. Before it stands at most a document type of SVG: that of HTML is none of XML.
func isSVG(body []byte) bool {
	dec := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := dec.Token()
		switch token := token.(type) {
		case xml.Directive:
			if !bytes.HasPrefix(token, []byte("DOCTYPE svg")) {
				return false
			}
		case xml.StartElement:
			return token.Name == xml.Name{Space: "http://www.w3.org/2000/svg", Local: "svg"} && dec.Skip() == nil
		}
		if err != nil {
			return false
		}
	}
}

// rgb is a colour, each part from 0 to 1, not linear: as sRGB writes it.
type rgb [3]float64

// The backgrounds of pages, as in style.css, and what they shade to.
var (
	lightBack, darkBack = rgb{1, 1, 1}, rgb{0x10 / 255., 0x16 / 255., 0x1f / 255.}
	black, white        = rgb{}, rgb{1, 1, 1}
)

// textContrast is what text needs with what is behind it (WCAG 2.2, 1.4.3).
const textContrast = 4.5

// accent is the colour of buttons and lines in both themes. The zero accent is that of the style sheet.
type accent struct{ light, dark rgb }

var hexColour = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// newAccent takes a colour that text can be read in on one of both backgrounds at least; there it is used as it is, and
// on the other shaded as much as needed. "" is the accent of the style sheet.
func newAccent(text string) (accent, error) {
	if text == "" {
		return accent{}, nil
	}
	if !hexColour.MatchString(text) {
		return accent{}, fmt.Errorf("accent %q: must be a colour like #c84113", text)
	}
	c := parseColour(text)
	onLight, onDark := contrast(c, lightBack), contrast(c, darkBack)
	if onLight < textContrast && onDark < textContrast {
		return accent{}, fmt.Errorf("accent %s: its contrast is %.2f with the light background and %.2f with the dark one; "+
			"one of them must be at least %.1f, so take a darker or a lighter colour", text, onLight, onDark, textContrast)
	}
	return accent{shade(c, black, lightBack), shade(c, white, darkBack)}, nil
}

// css sets the accent after the style sheet. What is written on it has the colour of the page, with the same contrast.
func (a accent) css() string {
	if a == (accent{}) {
		return ""
	}
	return fmt.Sprintf("\n:root { --accent: light-dark(%s, %s); --on-accent: light-dark(%s, %s); }\n",
		a.light, a.dark, lightBack, darkBack)
}

// shade mixes a colour with another until it has the contrast that text needs with the background.
func shade(c, towards, back rgb) rgb {
	const steps = 64
	for step := range steps {
		mixed := c
		for i := range mixed {
			mixed[i] += (towards[i] - c[i]) * float64(step) / steps
		}
		mixed = parseColour(mixed.String()) // as it will be written
		if contrast(mixed, back) >= textContrast {
			return mixed
		}
	}
	return towards
}

func parseColour(text string) (c rgb) {
	bytes, err := hex.DecodeString(text[1:])
	if err != nil {
		return c
	}
	for i := range c {
		c[i] = float64(bytes[i]) / math.MaxUint8
	}
	return c
}

// String writes the colour as #rrggbb.
func (c rgb) String() string {
	part := func(i int) uint8 { return uint8(math.Round(c[i] * math.MaxUint8)) }
	return fmt.Sprintf("#%02x%02x%02x", part(0), part(1), part(2))
}

// contrast is the ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + .05) / (min(x, y) + .05)
}

// luminance is the relative luminance of WCAG 2.2.
func (c rgb) luminance() float64 {
	sum := 0.
	for i, weight := range [3]float64{.2126, .7152, .0722} {
		v := c[i] / 12.92
		if c[i] > .04045 {
			v = math.Pow((c[i]+.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}
