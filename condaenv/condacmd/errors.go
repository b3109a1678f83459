package condacmd

import (
	"errors"
	"strings"
)

// What can be wrong. A failure that conda itself reported is a [*Report].
var (
	// ErrNotFound means that there is no conda to run.
	ErrNotFound = errors.New("conda not found")
	// ErrPrefix means that a prefix cannot be handed to conda, because conda would understand another one.
	ErrPrefix = errors.New("conda cannot be given this prefix")
	// ErrStart means that the program was found but could not be started.
	ErrStart = errors.New("cannot be started")
	// ErrTimeout means that conda was ended because its time was up.
	ErrTimeout = errors.New("time limit exceeded")
	// ErrTooLong means that conda was ended because it printed more than any list of packages needs.
	ErrTooLong = errors.New("output limit exceeded")
	// ErrFailed means that conda ended with an exit code other than 0, or by a signal, without saying why in JSON.
	ErrFailed = errors.New("failed")
	// ErrAnswer means that conda seemed to succeed but did not print a list of packages.
	ErrAnswer = errors.New("not a list of packages")
)

// Error is a failed call.
type Error struct {
	Program string // the name of the program: conda, mamba, micromamba
	Reason  error
	Status  string // how the program ended, as "exit status 1"; empty if it was not started
	Stderr  string // the end of what it said there, on one line, made printable
}

// Error implements error. It is one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Program + " list: " + e.Reason.Error())
	if e.Status != "" {
		b.WriteString(" (" + e.Status + ")")
	}
	if e.Stderr != "" {
		b.WriteString("; stderr ends: " + e.Stderr)
	}
	return b.String()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Reason }

// Report is a failure that conda explained in a JSON object: one of its own errors (EnvironmentLocationNotFound,
// CorruptedEnvironmentError, …) or a crash, named by Python's exception (KeyError, …); conda list, SPEC 1.2.
type Report struct {
	Exception string // the bare name of the class; may be empty with programs other than conda
	Message   string // for people, on one line, made printable
}

// Error implements error.
func (r *Report) Error() string {
	switch {
	case r.Message == "":
		return r.Exception
	case strings.HasPrefix(r.Message, r.Exception): // a crash: KeyError('name')
		return r.Message
	}
	return r.Exception + ": " + r.Message
}

// reason is an error whose text is not that of the error it is.
type reason struct {
	text string
	is   error
}

func (r reason) Error() string { return r.text }
func (r reason) Unwrap() error { return r.is }
