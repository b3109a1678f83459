package reload

import (
	"time"

	"kernelindexer/manifests"
)

// Result is what a look at the files came to.
type Result string

// The results.
const (
	// Loaded says that both documents were read and are served now. They may say
	// what those before them said.
	Loaded Result = "loaded"
	// Failed says that they were read, as far as that went, and not taken.
	Failed Result = "failed"
	// Unchanged says that a stat showed nothing new, and nothing was read.
	Unchanged Result = "unchanged"
)

// Outcome is one look at the files.
type Outcome struct {
	Result Result
	Took   time.Duration
	Err    *LoadError // of Failed
}

// State is how the reloading goes.
type State struct {
	Looked  time.Time // when the files were last looked at; zero if never, as all times here
	Tried   time.Time // when they were last read, or could not be
	Success time.Time // when they were last read and taken
	Reading time.Time // since when they are being read; zero if they are not
	// Err is why the files as they are now are not served; nil if they are, or
	// if nobody has looked yet. BadSince is when that was first seen.
	Err      *LoadError
	BadSince time.Time
	// Loads, Failures and Unchanged count the looks by result.
	Loads, Failures, Unchanged uint64
	// Status is the last index_status.json that could be read, nil if there is
	// none. It is known before there is a pair: the first run may have failed.
	// StatusErr is why the one there is now is not shown.
	Status    *manifests.Status
	StatusErr error
	// ChangesErr is why the index_changes.json there is now is not shown.
	ChangesErr error
}
