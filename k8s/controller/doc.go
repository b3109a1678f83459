// Package controller brings every run to its archived end.
//
// It is a loop over Jobs: look at one, ask [process.Observe] what is next, do
// that, look again. It decides nothing itself and remembers nothing that the
// cluster and the archive do not hold, so it may be killed between any two
// steps, and several may run: a Lease chooses the one that works, and should two
// work for a moment, the archive takes each line and each outcome only once.
//
// Logs are copied by one follower for each container that has started, from
// where the archive stands.
//
// The package refuses to know how a request becomes a Job, what a state means
// and who is asking.
package controller
