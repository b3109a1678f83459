// Package archive keeps what a run leaves behind: its logs, how it ended, and
// which runs have begun and not been closed.
//
// It is a store of objects behind a URL of gocloud.dev/blob, a directory by
// default. What must be decided once is decided by creating an object that does
// not exist yet, which works between replicas too: the first outcome of a run
// stays, and two followers of a log cannot double a line of it.
//
// A log is copied from the kubelet's stream with time stamps, in chunks. Each
// chunk holds the point that it reaches, so that a copy which was cut anywhere
// goes on there: no line is lost, none is doubled, equal lines of one nanosecond
// included.
//
// The package refuses to know Kubernetes: outcomes and records are documents of
// others, and a log comes from an io.Reader.
package archive
