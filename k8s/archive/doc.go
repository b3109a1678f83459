// Package archive keeps what a run leaves behind: its logs, how it ended, and
// which runs have begun and not been closed.
//
// It is a store of objects: a directory, or a bucket of S3 or of another driver of
// gocloud.dev/blob. Below outcomes/ are the outcomes of runs, below logs/ what they
// printed, below open/ the records of those that have not been closed. What must be decided once is decided by creating an object that does
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
