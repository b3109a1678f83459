package image

import (
	"fmt"
	"strings"
)

// Code is why an image is refused, in words that a REST client sees.
type Code string

// The reasons. All of them are faults of the image, not of the machine.
const (
	NotAnImage     Code = "NOT_AN_IMAGE"      // no image archive, damaged, or not what its digests say
	Unsafe         Code = "UNSAFE_IMAGE"      // paths that leave the image, or content that would be fetched from elsewhere
	NoRepoTag      Code = "NO_REPO_TAG"       // the image in the archive has no <name>:<tag>
	MultipleImages Code = "MULTIPLE_IMAGES"   // several images or several tags
	WrongPlatform  Code = "WRONG_PLATFORM"    // nothing for the platform asked for
	TooLarge       Code = "IMAGE_TOO_LARGE"   // a limit of [Limits] is passed
	UnknownUser    Code = "UNKNOWN_USER"      // USER names somebody who is not in the image's /etc/passwd or /etc/group
	NotFound       Code = "IMAGE_NOT_FOUND"   // the registry knows no such image, or hides it
	Unreachable    Code = "REGISTRY"          // the registry does not answer as one
	BadReference   Code = "INVALID_REFERENCE" // the text is no image reference
)

// Error refuses an image. Names holds what there are several of, where that is the reason.
type Error struct {
	Code   Code
	Detail string
	Names  []string
	Err    error
}

// Error returns the detail, the names and the cause in one line.
func (e *Error) Error() string {
	text := e.Detail
	if len(e.Names) > 0 {
		text += ": " + strings.Join(e.Names, ", ")
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// refuse makes an Error.
func refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// because makes an Error with a cause.
func because(code Code, err error, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...), Err: err}
}
