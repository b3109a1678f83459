// Package runs starts runs and tells what is known of them: of those that go on by their Jobs, of those that have ended by
// the archive, which wins where both know something.
//
// It asks what is cached of the cluster, and the archive, each time, so that every replica gives the same answer. All that
// it keeps are the runs that it has made itself, for the moment that caches need to show them.
//
// The package refuses to know who may do what, what a request looked like, and what has to be done for a run next: that is
// the controller's.
package runs
