package api

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/image"
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

// failure is an error answer: a code, a text for the client, a cause for the log.
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
