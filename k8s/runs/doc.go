// Package runs starts runs and tells what is known of them: of those that go on by their Jobs, of those that have ended by
// the archive, which wins where both know something.
//
// It asks the cluster and the archive each time and keeps nothing, so that every replica gives the same answer.
//
// The package refuses to know who may do what, what a request looked like, and what has to be done for a run next: that is
// the controller's.
package runs
