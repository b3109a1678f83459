package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/api"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
	"kernelindexer/k8s/runs"
)

// failing is a registrar that fails with a certain error.
type failing struct {
	api.Registrar
	err error
}

func (f failing) Upload(context.Context, *environment.Incoming, string, environment.Terms) (*environment.Environment, environment.Result, error) {
	return nil, "", f.err
}

// What an error means does not depend on how it is wrapped, and where one is several, on the order of the table: the same
// each time.
func TestErrorsMeanTheSameEachTime(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		code   string
	}{
		{environment.ErrBusy, http.StatusConflict, "CONFLICT"},
		{fmt.Errorf("register: %w", environment.ErrTooMany), http.StatusTooManyRequests, "QUOTA_EXCEEDED"},
		{errors.Join(environment.ErrBusy, environment.ErrTooLarge), http.StatusRequestEntityTooLarge, "TOO_LARGE"},
		{errors.Join(environment.ErrTooLarge, environment.ErrBusy), http.StatusRequestEntityTooLarge, "TOO_LARGE"},
		{errors.Join(environment.ErrCorrupt, environment.ErrSystem), http.StatusConflict, "SYSTEM_ENVIRONMENT"},
		{errors.Join(environment.ErrRevision, access.ErrForbidden), http.StatusForbidden, "FORBIDDEN"},
		{environment.ErrCorrupt, http.StatusInternalServerError, "INTERNAL"},
		{runs.ErrTaken, http.StatusConflict, "CONFLICT"},
		{&image.Error{Code: image.Unreachable, Detail: "push", Err: environment.ErrBusy}, http.StatusBadGateway, "REGISTRY"},
		{errors.New("something"), http.StatusInternalServerError, "INTERNAL"},
	} {
		s := newSite(t, func(o *api.Options) { o.Registrar = failing{o.Registrar, test.err} })
		archive := saved(t, "env:1", contents(), "app")
		for range 5 {
			s.refused(s.upload(test.status, "ada", "water", archive), test.code)
		}
	}
}

// All that is wrong with a body is told, in one order.
func TestWrongValuesAreToldInOrder(t *testing.T) {
	s := newSite(t, func(o *api.Options) { o.Kernels = index{} })
	for range 5 {
		a := s.post(http.StatusUnprocessableEntity, "ada", "/environments",
			`{"name":"x:1","docker_image":"y","domainId":"water","kernel":{"language":"","name":"..","version":"a/b"}}`)
		if code, pointers := a.problem(); code != "INVALID_REQUEST" || fmt.Sprint(pointers) != "[/kernel/language /kernel/name /kernel/version]" {
			t.Errorf("%s", a.Body)
		}
	}
	for _, query := range []string{"?state=x", "?state=queue", "?limit=0"} {
		s.refused(s.get(http.StatusBadRequest, "ada", "/projects/water/processes"+query), "BAD_REQUEST")
	}
	s.get(http.StatusOK, "ada", "/projects/water/processes?state=queued")
}
