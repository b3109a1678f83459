// Package runner is what an environment's image needs to be an environment: it runs a process type that a Python
// package of the image registered, and writes down the schemas of all of them when the image is built.
//
// Process types are entry points of Python packages, in one group, by the name of the process type; each is a class with
// class methods schema() and run(storage_context=…, **parameters). A small Python program, which is part of this
// package, finds and calls them; this package starts the image's own Python with it, hands on signals and output, and
// reports how it ended.
//
// The package refuses to know Kubernetes, HTTP, the command line and what a schema means to a form. It uses nothing of
// the image but its Python (3.8 or newer).
package runner
