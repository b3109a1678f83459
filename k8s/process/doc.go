// Package process turns a request for work into a Kubernetes Job, and what the
// cluster says about that Job into a state, a failure and the next thing to do.
//
// [Job] builds the Job of a [Spec]: a process type or a list of commands in the
// image of an environment, or in a base image with a kernel mounted at its own
// path. [Observe] looks at a Job, its pods, their events and what the archive
// holds, and says where the run stands and what has to happen next. Both are
// pure: the same input gives the same answer, and nothing is remembered between
// two looks. That is what makes a controller restart-safe at every step.
//
// The package refuses to know how objects are read or written, who may do what,
// where logs are kept, what a parameter schema says and what time it is. It has
// no client, no clock and no goroutine. All of it is safe for concurrent use.
package process
