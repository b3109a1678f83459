package reload

import (
	"errors"
	"time"

	"github.com/rs/zerolog"
)

// report makes a look known: to the state, the log and the metrics.
func (l *loop) report(o Outcome) {
	now := l.config.Now()
	l.update(func(s *State) {
		s.Looked = now
		switch o.Result {
		case Loaded:
			s.Loads++
			s.Success = l.view.Load().Loaded
			s.Tried = s.Success
			s.Err, s.BadSince = nil, time.Time{}
		case Failed:
			s.Failures++
			s.Tried = now
			if s.Err == nil {
				s.BadSince = now
			}
			s.Err = o.Err
		case Unchanged:
			s.Unchanged++
		}
	})
	if o.Result == Failed {
		l.logFailed(o)
	}
	if l.config.Observe != nil {
		l.config.Observe(o)
	}
}

// logLoaded writes a line for a new pair and for the end of a problem. That an
// hour has passed and nothing is new is not worth one.
func (l *loop) logLoaded(v *View, same bool, took time.Duration) {
	level := zerolog.InfoLevel
	if same && l.logged == "" {
		level = zerolog.DebugLevel
	}
	l.logged = ""
	stats := v.Catalog.Stats()
	l.config.Log.WithLevel(level).
		Str("generation", v.Catalog.Generation()).Str("indexed_date", v.Catalog.IndexedDate()).
		Int("kernels", stats.Kernels).Int("packages", stats.Packages).Int("rows", stats.Rows).
		Bool("same", same).Dur("took", took).Msg("documents loaded")
}

// logFailed writes a line for a new problem, and not for each time it is met.
func (l *loop) logFailed(o Outcome) {
	text := o.Err.Error()
	level := zerolog.WarnLevel
	var fault *loaderPanic
	switch {
	case text == l.logged:
		level = zerolog.DebugLevel
	case errors.As(o.Err, &fault):
		level = zerolog.ErrorLevel
	}
	l.logged = text
	l.config.Log.WithLevel(level).
		Err(o.Err).Bool("serving", l.view.Load() != nil).Dur("took", o.Took).
		Func(func(e *zerolog.Event) {
			if fault != nil {
				e.Bytes("stack", fault.stack)
			}
		}).Msg("documents not loaded")
}
