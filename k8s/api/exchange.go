package api

import (
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/serve"
)

// userKey is where a request keeps who sent it.
const userKey = "kernel-jobs.user"

// identified notes who sends a request, also for the log.
func identified(c echo.Context, user *access.User) {
	c.Set(userKey, user)
	serve.Note(c.Response().Writer, "user", user.Name)
}

// userOf is who sent the request; nil where nobody has to say who they are.
func userOf(c echo.Context) *access.User {
	user, _ := c.Get(userKey).(*access.User)
	return user
}

// deadlines moves the deadlines of a connection, for what takes longer than requests may. A recorder in a test has none.
// Package serve gives the answer its time when it begins.
func deadlines(c echo.Context, d time.Duration) {
	control := http.NewResponseController(c.Response().Writer)
	at := time.Now().Add(d)
	if err := control.SetReadDeadline(at); err != nil && !errors.Is(err, http.ErrNotSupported) && !errors.Is(err, os.ErrClosed) {
		return // a connection that is going away ends by itself
	}
	_ = control.SetWriteDeadline(at)
}
