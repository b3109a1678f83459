package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"
)

// IsTerminal reports whether a stream of the program is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// UseColor reports whether output to a stream may be coloured: on a terminal, unless NO_COLOR is set (no-color.org) or
// TERM is dumb.
func UseColor(stream any, lookup func(string) (string, bool)) bool {
	if v, _ := lookup("NO_COLOR"); v != "" {
		return false
	}
	if v, _ := lookup("TERM"); v == "dumb" {
		return false
	}
	return IsTerminal(stream)
}

// Level is the lowest level that is logged, as a flag: debug, info, warn or error in any letter case.
type Level zerolog.Level

// String implements pflag.Value.
func (l *Level) String() string { return strings.ToUpper(zerolog.Level(*l).String()) }

// Type implements pflag.Value.
func (l *Level) Type() string { return "level" }

// Set implements pflag.Value.
func (l *Level) Set(s string) error {
	switch level := strings.ToLower(s); level {
	case "debug", "info", "warn", "error":
		parsed, err := zerolog.ParseLevel(level)
		*l = Level(parsed)
		return err
	case "warning":
		*l = Level(zerolog.WarnLevel)
		return nil
	}
	return fmt.Errorf("%q is none of DEBUG, INFO, WARN, ERROR", s)
}

// NewLogger returns a logger that writes debug and info lines to out, warnings and errors to errOut: text where the
// stream is a terminal, a JSON object a line elsewhere.
func NewLogger(level Level, out, errOut io.Writer, lookup func(string) (string, bool)) zerolog.Logger {
	split := splitWriter{out: format(out, lookup), errOut: format(errOut, lookup)}
	return zerolog.New(split).Level(zerolog.Level(level)).With().Timestamp().Logger()
}

func format(w io.Writer, lookup func(string) (string, bool)) io.Writer {
	if !IsTerminal(w) {
		return w
	}
	return zerolog.ConsoleWriter{Out: w, NoColor: !UseColor(w, lookup), TimeFormat: time.TimeOnly}
}

// splitWriter is a zerolog.LevelWriter that picks the stream by the level.
type splitWriter struct{ out, errOut io.Writer }

// Write takes lines without a level.
func (w splitWriter) Write(p []byte) (int, error) { return w.out.Write(p) }

// WriteLevel implements zerolog.LevelWriter.
func (w splitWriter) WriteLevel(level zerolog.Level, p []byte) (int, error) {
	if level >= zerolog.WarnLevel {
		return w.errOut.Write(p)
	}
	return w.out.Write(p)
}
