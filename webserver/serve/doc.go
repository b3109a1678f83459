// Package serve runs the web server's handler as a service: two listeners, limits on what clients may send and how long
// they may take, compression, an access log, metrics, and an end that fails no request.
//
// It knows requests by their route only, and of the published pair what the metrics show. What an answer says, and
// whether the server is ready, is package webserver's.
package serve
