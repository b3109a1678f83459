// Package jobs holds the tests of the backend on a real Kubernetes: real pods, a real registry, images built here.
// `make e2e-jobs` runs them, as root; package onenode says what else the machine must have, and the tests themselves name
// docker-registry and buildah.
//
// Most tests go through the backend's own packages: process.Job makes the Job, controller.Loop brings it to its end, the
// archive tells what became of it. Each has a site of its own: a namespace, an archive in a temporary directory, a loop.
// The number (T2, T5, …) in a test's comment is that of the requirement it shows.
//
// The images hold nothing but the program tool below, which does what it is told: print, fail, use up memory, wait.
package jobs
