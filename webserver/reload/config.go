package reload

import (
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
)

// Defaults of [Config].
const (
	DefaultInterval = 30 * time.Second
	DefaultReread   = time.Hour
)

// Config says which files are served and how they are watched.
type Config struct {
	// Collated and Index are the paths of the two documents. They may be in
	// different directories and have any names. Neither needs to exist.
	Collated, Index string
	// StatusDir is the directory of index_status.json; "" is that of Collated.
	StatusDir string
	// Interval is the time between two looks at the files, give or take a fifth
	// so that replicas do not look at once. 0 is DefaultInterval.
	Interval time.Duration
	// Reread is how long a pair is believed without reading it again. 0 is
	// DefaultReread.
	Reread time.Duration
	// Log gets one line for what changes; the zero value discards.
	Log zerolog.Logger
	// Observe, if any, is told of each look, by the loop itself: it should be
	// quick and must not call Refresh.
	Observe func(Outcome)
	// Now is the clock of the times that are reported; nil is time.Now.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	if c.StatusDir == "" {
		c.StatusDir = filepath.Dir(c.Collated)
	}
	if c.Interval <= 0 {
		c.Interval = DefaultInterval
	}
	if c.Reread <= 0 {
		c.Reread = DefaultReread
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
