// Package serve runs routes as a service: a listener for clients and one for metrics and probes, limits on what clients
// may send and how long they may take, compression, an access log, metrics of requests, and an end that fails no
// request.
//
// It knows requests by their route only. What an answer says, what an error looks like, and whether the service is ready
// is the affair of whoever has the routes.
package serve
