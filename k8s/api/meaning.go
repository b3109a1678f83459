package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/processtype"
	"kernelindexer/k8s/runs"
)

// meanings is the one table from errors to codes, in order: the first that an error is decides. Without a detail the error's
// own text is for clients, too; with one, only the log has it.
var meanings = []struct {
	is     error
	code   Code
	detail string
}{
	{access.ErrUnknown, codeAnonymous, access.ErrUnknown.Error()},
	{access.ErrForbidden, codeForbidden, ""},
	{access.ErrHidden, codeNotFound, "not found"},
	{environment.ErrNotFound, codeNotFound, environmentDetail},
	{environment.ErrDomain, codeNotFound, ""},
	{environment.ErrExistsInDomain, codeExists, ""},
	{environment.ErrExistsInOtherDomain, codeExistsOther, ""},
	{environment.ErrSystem, codeSystem, ""},
	{environment.ErrNameMismatch, codeNameMismatch, ""},
	{environment.ErrRevision, codePrecondition, ""},
	{environment.ErrTooLarge, codeTooLarge, ""},
	{environment.ErrTooMany, codeQuota, ""},
	{environment.ErrBusy, codeConflict, ""},
	{environment.ErrCorrupt, codeInternal, "the record of the environment is damaged"},
	{processtype.ErrUnknownType, codeUnknownType, "the environment has no such process type"},
	{runs.ErrTaken, codeConflict, ""},
	{runs.ErrRefused, codeAdmission, ""},
	{runs.ErrEnded, codeFinished, ""},
	{runs.ErrNotFound, codeNotFound, ""},
	{errEndless, codeBadRequest, ""},
	{syscall.ENOSPC, codeSpoolFull, "there is no room left for uploads; try again later"},
	{syscall.EDQUOT, codeSpoolFull, "there is no room left for uploads; try again later"},
	{context.Canceled, codeClientLeft, "the client has gone"},
}

// failureOf finds out what any error means for who asked. What is the machine's or the cluster's own affair is not told.
func failureOf(err error) *failure {
	var ours *failure
	var refused *image.Error
	var schemas *processtype.Error
	var field *process.FieldError
	var tooLarge *http.MaxBytesError
	var echos *echo.HTTPError
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &refused):
		return &failure{code: Code(refused.Code), detail: refused.Error()}
	case errors.As(err, &schemas):
		return schemasFailure(schemas)
	case errors.As(err, &field):
		return fieldsFailure(err)
	case errors.As(err, &tooLarge):
		return fail(codeTooLarge, "the request is larger than %d bytes", tooLarge.Limit)
	case errors.As(err, &echos):
		return echoFailure(echos)
	}
	for _, meaning := range meanings {
		if !errors.Is(err, meaning.is) {
			continue
		}
		if meaning.detail == "" {
			return fail(meaning.code, "%v", err)
		}
		return &failure{code: meaning.code, detail: meaning.detail, cause: err}
	}
	return clusterFailure(err)
}

// clusterFailure is what the API server's errors mean: a quota is the domain's, a conflict passes, and all else is
// trouble between the cluster and us.
func clusterFailure(err error) *failure {
	var status apierrors.APIStatus
	switch {
	case !errors.As(err, &status) && errors.Is(err, context.DeadlineExceeded):
		return &failure{code: codeUnavailable, detail: "the cluster does not answer in time", cause: err}
	case !errors.As(err, &status):
		return &failure{code: codeInternal, detail: "an error of the service", cause: err}
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota"):
		return &failure{code: codeQuota, detail: "the domain's quota does not allow more", cause: err}
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return &failure{code: codeConflict, detail: "somebody changed it at the same time; try again", cause: err}
	}
	return &failure{code: codeUnavailable, detail: "the cluster does not do what it was asked for", cause: err}
}

// echoFailure is what the router has to say.
func echoFailure(err *echo.HTTPError) *failure {
	switch err.Code {
	case http.StatusNotFound:
		return fail(codeNotFound, "there is nothing at this address")
	case http.StatusMethodNotAllowed:
		return fail(codeMethod, "not with this method")
	case http.StatusRequestURITooLong:
		return fail(codeBadRequest, "the address is too long")
	case http.StatusInternalServerError: // of a request that panicked, which is in the log
		return fail(codeInternal, "an error of the service")
	}
	return &failure{code: codeInternal, detail: "an error of the service", cause: err}
}

// schemasFailure names all that is wrong with a file of schemas, with its place in the file.
func schemasFailure(err *processtype.Error) *failure {
	f := fail(codeSchemas, "%s has process types that cannot be used", image.SchemasPath)
	for _, p := range err.Problems {
		f.errors = append(f.errors, fieldError{Pointer: p.Pointer, Message: p.Message})
	}
	return f
}

// fieldsFailure is what [process.Spec.Validate] finds: members of the body.
func fieldsFailure(err error) *failure {
	f := fail(codeInvalid, "the run cannot be made as it is asked for")
	if errors.Is(err, process.ErrTooLarge) {
		f.code = codeTooLarge
	}
	for _, one := range fieldErrors(err) {
		f.errors = append(f.errors, fieldError{pointerOf(one.Field), one.Err.Error()})
	}
	return f.sorted()
}

// fieldErrors are all of them in an error.
func fieldErrors(err error) (found []*process.FieldError) {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range several.Unwrap() {
			found = append(found, fieldErrors(e)...)
		}
		return found
	}
	if one, ok := err.(*process.FieldError); ok { //nolint:errorlint // the one at hand: those below it are found as such
		return []*process.FieldError{one}
	}
	if inner := errors.Unwrap(err); inner != nil {
		return fieldErrors(inner)
	}
	return nil
}

// members is where the fields of a spec stand in a request.
var members = map[string]string{
	"Name": "/name", "Type": "/type", "Parameters": "/params", "Commands": "/commands", "Directories": "/directories",
	"Env": "/env", "Deadline": "/deadline_seconds", "StartWithin": "/start_timeout_seconds", "Retries": "/retries", "Queue": "/queue",
	"Resources.CPU": "/resource_requests/cpu", "Resources.Memory": "/resource_requests/memory",
	"Resources.Ephemeral": "/resource_requests/ephemeral-storage", "Process": "/id",
}

// pointerOf is where a field of a spec stands in a request.
func pointerOf(field string) string {
	name, rest, indexed := strings.Cut(field, "[")
	pointer, known := members[name]
	if !known {
		if strings.HasPrefix(name, "Environment") {
			return "/environment"
		}
		return "" // the service's own, or the path's: a project whose Secret could not have its name
	}
	if indexed {
		return string(jsontext.Pointer(pointer).AppendToken(strings.TrimSuffix(rest, "]")))
	}
	return pointer
}
