package process

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
)

// ErrTooLarge is in the error of [Spec.Validate] when parameters or commands
// are over their bound.
var ErrTooLarge = errors.New("too large")

// FieldError says what is wrong with one field of a [Spec].
type FieldError struct {
	Field string // the field's name in Go, with an index where it has one
	Err   error
}

// Error is "field: what is wrong".
func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *FieldError) Unwrap() error { return e.Err }

// maxVariables bounds the variables of all containers together, in bytes.
const maxVariables = 512 << 10

var byDigest = regexp.MustCompile(`^[^\s@]+@sha256:[0-9a-f]{64}$`)

// checker collects field errors.
type checker struct{ errs []error }

func (c *checker) fail(field, format string, args ...any) {
	c.errs = append(c.errs, &FieldError{Field: field, Err: fmt.Errorf(format, args...)})
}

func (c *checker) when(bad bool, field, format string, args ...any) {
	if bad {
		c.fail(field, format, args...)
	}
}

// Validate says why no Job can be made of s: all reasons, joined, each a
// [*FieldError]. What the API server would refuse is refused here, and what it
// would let pass but the kubelet or Linux would not.
func (s Spec) Validate() error {
	s = s.WithDefaults()
	c := &checker{}
	s.checkIdentity(c)
	s.checkWork(c)
	s.Environment.check(c)
	s.checkLimits(c)
	s.checkVariables(c)
	return errors.Join(c.errs...)
}

func (s Spec) checkIdentity(c *checker) {
	for _, msg := range validation.IsDNS1123Label(s.Namespace) {
		c.fail("Namespace", "%s", msg)
	}
	for field, id := range map[string]string{"Project": s.Project, "Process": s.Process, "Environment.ID": s.Environment.ID} {
		c.when(id == "" || len(id) > MaxID || !printable(id), field, "an id is 1 to %d bytes of printable text", MaxID)
	}
	c.when(len(s.Name) > 4*MaxID || !printable(s.Name), "Name", "no printable text of at most %d bytes", 4*MaxID)
	c.when(s.Version < 0 || s.Version > 1_000_000, "Version", "%d is not from 0 to 1,000,000", s.Version)
	for field, name := range map[string]string{"Account": s.Account, "Storage.Secret": s.Storage.Secret} {
		checkObjectName(c, field, name)
	}
	for i, name := range s.PullSecrets {
		c.when(name == "", fmt.Sprintf("PullSecrets[%d]", i), "no name")
		checkObjectName(c, fmt.Sprintf("PullSecrets[%d]", i), name)
	}
	for _, msg := range validation.IsValidLabelValue(s.Queue) {
		c.fail("Queue", "%s", msg)
	}
}

func checkObjectName(c *checker, field, name string) {
	if name == "" {
		return
	}
	for _, msg := range validation.IsDNS1123Subdomain(name) {
		c.fail(field, "%s", msg)
	}
}

func (s Spec) checkWork(c *checker) {
	c.when((s.Type == "") == (len(s.Commands) == 0), "Type", "exactly one of a process type and commands is needed")
	if s.Type != "" {
		c.when(!printable(s.Type) || len(s.Type) > MaxID, "Type", "no printable text of at most %d bytes", MaxID)
		c.when(len(s.Directories) > 0, "Directories", "only commands share directories")
		s.checkParameters(c)
	} else {
		c.when(s.Parameters != "", "Parameters", "only a process type has parameters")
	}
	c.when(len(s.Commands) > MaxCommands, "Commands", "%w: %d commands, at most %d", ErrTooLarge, len(s.Commands), MaxCommands)
	size := 0
	for i, command := range s.Commands {
		field := fmt.Sprintf("Commands[%d]", i)
		c.when(len(command.Args) == 0, field, "an empty command")
		for _, arg := range command.Args {
			size += len(arg)
			c.when(!passable(arg), field, "a word has a NUL or is not UTF-8")
		}
	}
	c.when(size > MaxCommandBytes, "Commands", "%w: %d bytes, at most %d", ErrTooLarge, size, MaxCommandBytes)
	for i, dir := range s.Directories {
		c.when(len(validation.IsDNS1123Label(dir)) > 0 || slices.Contains(systemFolders, dir) ||
			slices.Contains(s.Directories[:i], dir), fmt.Sprintf("Directories[%d]", i),
			"%q is no folder that a run can have", dir)
	}
}

func (s Spec) checkParameters(c *checker) {
	text := []byte(s.Parameters)
	switch {
	case len(text) > MaxParameters:
		c.fail("Parameters", "%w: %d bytes, at most %d", ErrTooLarge, len(text), MaxParameters)
	case !utf8.Valid(text):
		c.fail("Parameters", "not UTF-8")
	case !json.Valid(text) || bytes.TrimLeft(text, " \t\r\n")[0] != '{':
		c.fail("Parameters", "no JSON object")
	}
}

// systemFolders are top folders of an image that nothing may be mounted over.
var systemFolders = []string{
	"app", "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "opt", "proc", "root", "run", "sbin", "sys", "tmp",
	"usr", "var",
}

func (e Environment) check(c *checker) {
	c.when(!byDigest.MatchString(e.Image), "Environment.Image", "%q is no reference by digest", e.Image)
	c.when(e.User.UID < 0 || e.User.UID > 1<<31-1 || e.User.GID < 0 || e.User.GID > 1<<31-1, "Environment.User",
		"%d:%d are no user and group", e.User.UID, e.User.GID)
	c.when(e.User.Home != "" && !path.IsAbs(e.User.Home) || !passable(e.User.Home), "Environment.User.Home",
		"%q is no absolute path", e.User.Home)
	c.when(!passable(e.Path), "Environment.Path", "has a NUL or is not UTF-8")
	for _, msg := range validation.IsValidLabelValue(e.Arch) {
		c.fail("Environment.Arch", "%s", msg)
	}
	switch e.Kind {
	case KindImage:
		c.when(e.Kernel != Kernel{}, "Environment.Kernel", "an image has no kernel")
	case KindKernel:
		e.Kernel.check(c)
	default:
		c.fail("Environment.Kind", "%q is neither image nor kernel", e.Kind)
	}
}

func (k Kernel) check(c *checker) {
	top, below, _ := strings.Cut(strings.TrimPrefix(k.Prefix, "/"), "/")
	switch {
	case !path.IsAbs(k.Prefix) || path.Clean(k.Prefix) != k.Prefix || strings.Contains(k.Prefix, ":") || !printable(k.Prefix):
		c.fail("Environment.Kernel.Prefix", "%q is no clean absolute path without a colon", k.Prefix)
	case below == "" || slices.Contains([]string{"dev", "proc", "sys", "etc", "run"}, top):
		c.fail("Environment.Kernel.Prefix", "%q cannot be mounted over an image", k.Prefix)
	}
	c.when(k.Claim == "", "Environment.Kernel.Claim", "no claim")
	checkObjectName(c, "Environment.Kernel.Claim", k.Claim)
	// Empty elements, "." and ".." would leave the prefix or the volume.
	c.when(k.SubPath != "" && (path.Clean("/"+k.SubPath) != "/"+k.SubPath || !printable(k.SubPath)),
		"Environment.Kernel.SubPath", "%q is no clean relative path", k.SubPath)
}

func (s Spec) checkLimits(c *checker) {
	c.when(s.Deadline < time.Second || s.Deadline > MaxDeadline, "Deadline", "%v is not from 1s to %v", s.Deadline, MaxDeadline)
	c.when(s.StartWithin < time.Second || s.StartWithin > MaxStartTimeout, "StartWithin", "%v is not from 1s to %v", s.StartWithin, MaxStartTimeout)
	c.when(s.Retries < 0 || s.Retries > MaxRetries, "Retries", "%d is not from 0 to %d", s.Retries, MaxRetries)
	for field, text := range map[string]string{
		"Resources.CPU": s.Resources.CPU, "Resources.Memory": s.Resources.Memory, "Resources.Ephemeral": s.Resources.Ephemeral,
	} {
		quantity, err := resource.ParseQuantity(text)
		c.when(err != nil || quantity.Sign() <= 0, field, "%q is no positive quantity", text)
	}
}

func (s Spec) checkVariables(c *checker) {
	size := 0
	for name, value := range s.Env {
		field := "Env[" + name + "]"
		c.when(len(validation.IsEnvVarName(name)) > 0, field, "no name of a variable")
		c.when(isReserved(name), field, "is set by the service")
		c.when(!passable(value), field, "has a NUL or is not UTF-8")
		c.when(len(value) > MaxVariable, field, "%w: %d bytes, at most %d", ErrTooLarge, len(value), MaxVariable)
		size += len(name) + len(value)
	}
	// Every command carries all variables, and the API server takes 1.5 MiB.
	size *= max(len(s.Commands), 1)
	c.when(size > maxVariables, "Env", "%w: %d bytes in all commands, at most %d", ErrTooLarge, size, maxVariables)
	for field, value := range map[string]string{
		"BackendURL": s.BackendURL, "Storage.Base": s.Storage.Base, "Storage.Endpoint": s.Storage.Endpoint,
	} {
		c.when(!printable(value) || len(value) > 2048, field, "no printable text of at most 2048 bytes")
	}
}

// printable says that text is UTF-8 without control characters.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// passable says that text can be an argument or the value of a variable.
func passable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }
