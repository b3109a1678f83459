// Package condarc reads the configuration files inside of a conda prefix as conda does when it lists that prefix:
// which files there are, what YAML they hold, and how several files that set one parameter are merged.
//
// It knows nothing of what a parameter means: names and types come from the caller. It refuses to know anything
// outside of the prefix: no configuration of the machine or the user, no environment variables and no command line.
// References to variables in a value ($NAME, ${NAME}) therefore stay as they are, which is what conda does with
// variables that are not set.
package condarc

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// maxFileSize is the largest configuration file that is read, in bytes. conda has no limit; real files are far below
// a kilobyte, and a larger one would only cost memory.
const maxFileSize = 1 << 20

// Config is what the configuration files of one prefix say. It is immutable, safe for concurrent use, and a nil
// Config is one without any file.
type Config struct {
	files   []file
	ignored []error
}

// file is one configuration file: its path and the parameters it sets.
type file struct {
	path    string
	entries []entry
}

// Error says why a configuration file breaks conda's listing, or, in Config.Ignored, why conda passes over it.
type Error struct {
	// File is the path of the file in the file system that was read.
	File string
	// Line is the line, counted from 1, or 0 if the reason is not about one line.
	Line int
	// Setting is the name of the parameter, or empty if the whole file is meant.
	Setting string
	// Reason is the fault in words.
	Reason string
	// Err is the cause, or nil.
	Err error
}

// Error gives file, line, setting, reason and cause in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Setting != "" {
		b.WriteString(": " + e.Setting)
	}
	b.WriteString(": " + e.Reason)
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Load reads the configuration files of the prefix, a path in fsys. It returns nil without an error if there are none,
// which costs three calls of Stat. A file that conda cannot load is an error of type *Error, except for the faults that
// conda itself passes over with a warning: see Config.Ignored.
func Load(fsys fs.FS, prefix string) (*Config, error) {
	paths, err := find(fsys, prefix)
	if err != nil || len(paths) == 0 {
		return nil, err
	}
	config := &Config{}
	for _, path := range paths {
		data, err := readFile(fsys, path)
		if err != nil {
			return nil, &Error{File: path, Reason: "cannot be read", Err: err}
		}
		entries, err := parse(data)
		if err == nil {
			config.files = append(config.files, file{path: path, entries: entries})
			continue
		}
		fault := &Error{File: path, Reason: "is not a conda configuration", Err: err}
		if !errors.Is(err, errScan) {
			return nil, fault
		}
		config.ignored = append(config.ignored, fault)
	}
	return config, nil
}

// Ignored lists the files that do not count because their text cannot be split into YAML tokens. conda prints a warning
// and goes on as if they were not there; every other fault ends its listing. Each element is an *Error.
func (c *Config) Ignored() []error {
	if c == nil {
		return nil
	}
	return append([]error(nil), c.ignored...)
}

// readFile reads a regular file of limited size.
func readFile(fsys fs.FS, path string) ([]byte, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFileSize {
		return nil, fmt.Errorf("more than %d bytes", maxFileSize)
	}
	return data, nil
}
