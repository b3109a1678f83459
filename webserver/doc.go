// Package webserver answers questions about the served pair over HTTP: the routes of the service that this one
// replaces (byte for byte), the newer /api/v1, the documents themselves under /data, the description of all that in
// OpenAPI, and pages for people.
//
// It refuses to know where the pair comes from, when it is read again and what happens to a bad one (package reload),
// and everything around a route: logs, metrics of requests, limits, compression, listeners (package serve). It never
// writes.
//
// # Three kinds of answers
//
//   - The original's routes: compact JSON without a newline, errors as {"detail":"…"}. Their source is the behaviour of
//     the original service, observed; testdata/recorded.jsonl holds its bytes.
//   - /api/v1: JSON with totals and pages, errors as application/problem+json (RFC 9457).
//   - Pages and documents.
//
// Every answer made of the pair carries a strong ETag that follows from the pair, so it is the same on every replica.
package webserver
