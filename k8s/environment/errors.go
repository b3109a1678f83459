package environment

import "errors"

// Why an environment is not registered, changed or found.
var (
	ErrNotFound            = errors.New("no such environment")
	ErrExistsInDomain      = errors.New("an environment of this name exists in the domain")
	ErrExistsInOtherDomain = errors.New("an environment of this name exists in another domain; choose another name")
	ErrSystem              = errors.New("a system environment of this name exists; users cannot change it")
	ErrDomain              = errors.New("the environment is of another domain")
	ErrRevision            = errors.New("the environment has been changed in the meantime")
	ErrNameMismatch        = errors.New("the image is of another name than the environment")
	ErrTooLarge            = errors.New("too large to be kept")
	ErrTooMany             = errors.New("the domain has as many environments as it may have")
	ErrBusy                = errors.New("too many changes of the environment at once")
	ErrCorrupt             = errors.New("the record of the environment is damaged")
)
