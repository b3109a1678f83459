package cli

import "fmt"

// ColorMode is the value of a --color flag.
type ColorMode string

// The modes there are.
const (
	ColorAuto   ColorMode = "auto"
	ColorAlways ColorMode = "always"
	ColorNever  ColorMode = "never"
)

// ColorModes returns all modes, for help and completion.
func ColorModes() []string {
	return []string{string(ColorAuto), string(ColorAlways), string(ColorNever)}
}

// String implements pflag.Value.
func (m *ColorMode) String() string { return string(*m) }

// Type implements pflag.Value.
func (m *ColorMode) Type() string { return "when" }

// Set implements pflag.Value.
func (m *ColorMode) Set(s string) error {
	switch mode := ColorMode(s); mode {
	case ColorAuto, ColorAlways, ColorNever:
		*m = mode
		return nil
	}
	return fmt.Errorf("%q is none of auto, always, never", s)
}

// Use reports whether output to a stream is coloured: as the mode says, else (auto) as [UseColor] says, which FORCE_COLOR
// and CLICOLOR_FORCE overrule where NO_COLOR does not.
func (m ColorMode) Use(stream any, lookup func(string) (string, bool)) bool {
	switch m {
	case ColorAlways:
		return true
	case ColorNever:
		return false
	case ColorAuto:
	}
	if v, _ := lookup("NO_COLOR"); v == "" {
		for _, name := range []string{"FORCE_COLOR", "CLICOLOR_FORCE"} {
			if v, _ := lookup(name); v != "" && v != "0" {
				return true
			}
		}
	}
	return UseColor(stream, lookup)
}
