package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"github.com/labstack/echo/v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/image"
	"kernelindexer/k8s/processtype"
	"kernelindexer/serve"
)

// Code says what an error is about, for programs.
type Code string

// The codes of errors, beside those of package image.
const (
	codeBadRequest     Code = "BAD_REQUEST"
	codeMissingPart    Code = "MISSING_PART"
	codeAnonymous      Code = "UNAUTHENTICATED"
	codeForbidden      Code = "FORBIDDEN"
	codeNotOwner       Code = "NOT_OWNER"
	codeNotFound       Code = "NOT_FOUND"
	codeMethod         Code = "METHOD_NOT_ALLOWED"
	codeExists         Code = "EXISTS_IN_DOMAIN"
	codeExistsOther    Code = "EXISTS_IN_OTHER_DOMAIN"
	codeSystem         Code = "SYSTEM_ENVIRONMENT"
	codeNameMismatch   Code = "NAME_MISMATCH"
	codeConflict       Code = "CONFLICT"
	codeIdempotency    Code = "IDEMPOTENCY_CONFLICT"
	codeFinished       Code = "ALREADY_FINISHED"
	codeGone           Code = "ENVIRONMENT_DELETED"
	codeLogsExpired    Code = "LOGS_EXPIRED"
	codePrecondition   Code = "PRECONDITION_FAILED"
	codeTooLarge       Code = "TOO_LARGE"
	codeMediaType      Code = "UNSUPPORTED_MEDIA_TYPE"
	codeInvalid        Code = "INVALID_REQUEST"
	codeParameters     Code = "INVALID_PARAMETERS"
	codeUnknownType    Code = "UNKNOWN_PROCESS_TYPE"
	codeAdmission      Code = "ADMISSION_DENIED"
	codeSchemas        Code = "SCHEMAS_INVALID"
	codeTooMany        Code = "TOO_MANY_REQUESTS"
	codeQuota          Code = "QUOTA_EXCEEDED"
	codeInternal       Code = "INTERNAL"
	codeRegistry       Code = Code(image.Unreachable)
	codeUnavailable    Code = "UNAVAILABLE"
	codeSpoolFull      Code = "SPOOL_FULL"
	codeClientLeft     Code = "CLIENT_CLOSED_REQUEST" // nobody sees it, but the log
	statusClientClosed      = 499
)

// statuses is the one table from codes to statuses.
var statuses = map[Code]int{
	codeBadRequest: http.StatusBadRequest, codeMissingPart: http.StatusBadRequest,
	codeAnonymous: http.StatusUnauthorized,
	codeForbidden: http.StatusForbidden, codeNotOwner: http.StatusForbidden,
	codeNotFound: http.StatusNotFound, codeMethod: http.StatusMethodNotAllowed,
	codeExists: http.StatusConflict, codeExistsOther: http.StatusConflict, codeSystem: http.StatusConflict,
	codeNameMismatch: http.StatusConflict, codeConflict: http.StatusConflict, codeIdempotency: http.StatusConflict,
	codeFinished: http.StatusConflict,
	codeGone:     http.StatusGone, codeLogsExpired: http.StatusGone, codePrecondition: http.StatusPreconditionFailed,
	codeTooLarge: http.StatusRequestEntityTooLarge, codeMediaType: http.StatusUnsupportedMediaType,
	codeInvalid: http.StatusUnprocessableEntity, codeParameters: http.StatusUnprocessableEntity,
	codeAdmission: http.StatusUnprocessableEntity, codeUnknownType: http.StatusUnprocessableEntity, codeSchemas: http.StatusUnprocessableEntity,
	codeTooMany: http.StatusTooManyRequests, codeQuota: http.StatusTooManyRequests,
	codeInternal: http.StatusInternalServerError, codeRegistry: http.StatusBadGateway,
	codeUnavailable: http.StatusServiceUnavailable, codeSpoolFull: http.StatusInsufficientStorage,
	codeClientLeft: statusClientClosed,

	Code(image.NotAnImage): http.StatusUnprocessableEntity, Code(image.Unsafe): http.StatusUnprocessableEntity,
	Code(image.NoRepoTag): http.StatusUnprocessableEntity, Code(image.MultipleImages): http.StatusUnprocessableEntity,
	Code(image.WrongPlatform): http.StatusUnprocessableEntity, Code(image.TooLarge): http.StatusRequestEntityTooLarge,
	Code(image.UnknownUser): http.StatusUnprocessableEntity, Code(image.NotFound): http.StatusUnprocessableEntity,
	Code(image.BadReference): http.StatusUnprocessableEntity,
}

// failure is an answer that is none of what was asked for.
type failure struct {
	code   Code
	detail string
	errors []fieldError
	cause  error // for the log
}

// fieldError is what is wrong with one value of a request.
type fieldError struct {
	Pointer string `json:"pointer"` // RFC 6901, into the body
	Message string `json:"message"`
}

// Error implements error.
func (f *failure) Error() string {
	if f.cause != nil {
		return fmt.Sprintf("%s: %s: %v", f.code, f.detail, f.cause)
	}
	return fmt.Sprintf("%s: %s", f.code, f.detail)
}

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.cause }

// fail is a failure with a detail for people.
func fail(code Code, format string, args ...any) *failure {
	return &failure{code: code, detail: fmt.Sprintf(format, args...)}
}

// invalid is a request with values that cannot be used.
func invalid(errors ...fieldError) *failure {
	f := &failure{code: codeInvalid, detail: "the body has values that cannot be used", errors: errors}
	return f.sorted()
}

// invalidAt is a request with one value that cannot be used.
func invalidAt(pointer, message string) *failure { return invalid(fieldError{pointer, message}) }

// sorted puts the errors in the order of their pointers.
func (f *failure) sorted() *failure {
	slices.SortFunc(f.errors, func(a, b fieldError) int {
		return cmp.Or(strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Message, b.Message))
	})
	return f
}

// problem is an error as clients get it.
type problem struct {
	serve.Problem
	Code      Code         `json:"code"`
	Errors    []fieldError `json:"errors,omitzero"`
	RequestID string       `json:"requestId"`
}

// failureOf finds out what any error means for who asked. What is the machine's or the cluster's own affair is not told.
func failureOf(err error) *failure {
	var ours *failure
	var refused *image.Error
	var schemas *processtype.Error
	var tooLarge *http.MaxBytesError
	var echos *echo.HTTPError
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &refused):
		return &failure{code: Code(refused.Code), detail: refused.Error()}
	case errors.As(err, &schemas):
		return schemasFailure(schemas)
	case errors.Is(err, processtype.ErrUnknownType):
		return fail(codeUnknownType, "the environment has no such process type")
	case errors.Is(err, access.ErrUnknown):
		return fail(codeAnonymous, "%v", access.ErrUnknown)
	case errors.Is(err, access.ErrForbidden):
		return fail(codeForbidden, "%v", err)
	case errors.Is(err, access.ErrHidden):
		return fail(codeNotFound, "not found")
	case errors.As(err, &tooLarge):
		return fail(codeTooLarge, "the request is larger than %d bytes", tooLarge.Limit)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &failure{code: codeSpoolFull, detail: "there is no room left for uploads; try again later", cause: err}
	case errors.Is(err, context.Canceled):
		return &failure{code: codeClientLeft, cause: err}
	case errors.As(err, &echos):
		return echoFailure(echos)
	}
	return clusterFailure(err)
}

func schemasFailure(err *processtype.Error) *failure {
	f := fail(codeSchemas, "%s has process types that cannot be used", image.SchemasPath)
	for _, p := range err.Problems {
		f.errors = append(f.errors, fieldError{Pointer: p.Pointer, Message: p.Message})
	}
	return f
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

// handleError is the one place where errors become answers.
func (s *server) handleError(err error, c echo.Context) {
	f := failureOf(err)
	status, known := statuses[f.code]
	if !known {
		status = http.StatusInternalServerError
	}
	serve.Note(c.Response().Writer, "code", string(f.code))
	if f.cause != nil {
		serve.Cause(c.Response().Writer, f.cause)
	}
	if c.Response().Committed {
		return // too late to say anything
	}
	header := c.Response().Header()
	switch status {
	case http.StatusUnauthorized:
		header.Set(echo.HeaderWWWAuthenticate, "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInsufficientStorage:
		header.Set(echo.HeaderRetryAfter, "10")
	}
	_ = serve.WriteProblem(c.Response(), status, problem{ // the error is that of a client that has gone
		Problem: serve.NewProblem(status, f.detail), Code: f.code, Errors: f.errors, RequestID: header.Get(echo.HeaderXRequestID),
	})
}
