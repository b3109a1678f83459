// Package api is the backend's REST interface: environments, process types and processes, as OpenAPI 3.1 describes them.
//
// A request has a user (package access), a body with limits and a deadline, and an answer: JSON, a log as server-sent
// events, or an error as application/problem+json (RFC 9457) with a code. One
// table says what each error means, another gives each code its status.
//
// What an upload is goes one way: the stream of the request into a file on disk, one look at the image in it, its schemas
// compiled, its user resolved, its layers pushed by digest, and at last the record that makes it an environment. Nothing is
// recorded before all else is done, and what comes before can be done again.
//
// The package refuses to know how Kubernetes makes a Job run and end (package process), where environments and logs are
// kept, and how a listener is configured. It keeps nothing between two requests but what bounds
// them, and some of what never changes and is slow to make.
package api
