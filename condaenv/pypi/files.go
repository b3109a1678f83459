package pypi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"unicode/utf8"
)

// maxFileSize bounds the files that are read into memory, in bytes. The
// largest RECORD of a real package is some 5 MB; a sparse file of a terabyte
// must not end the indexer.
const maxFileSize = 256 << 20

// kind says what a path leads to when links are followed.
type kind int

const (
	other   kind = iota // nothing that can be read, or nothing at all
	regular             // a regular file
	folder              // a folder
)

// kindOf looks at name without opening it. Like Python's isfile and isdir it
// takes any failure to look for absence, but for failures of the machine: a
// disk that does not answer is no proof that a package is gone.
func kindOf(fsys fs.FS, name string) (kind, error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil && machineFailed(err):
		return other, fmt.Errorf("look at %s: %w", name, err)
	case err != nil:
		return other, nil //nolint:nilerr // absence is an answer
	case info.Mode().IsRegular():
		return regular, nil
	case info.IsDir():
		return folder, nil
	}
	return other, nil
}

// whyNot says why name is not the regular file or the folder it should be.
func whyNot(fsys fs.FS, name string) error {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return err
	}
	return fmt.Errorf("%s is of the wrong kind: %v", name, info.Mode())
}

// readText reads a regular file as Python's text mode does: all of it must be
// UTF-8, and CRLF and lone CR become LF. A byte order mark stays.
//
// The error is ErrSkipped where Python raises an OSError, which conda passes
// over. Pipes and devices are refused: conda would wait for them for ever.
func readText(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, skipUnlessMachine(err)
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, fmt.Errorf("%w: %s is a folder", ErrSkipped, name)
	case mode&fs.ModeSocket != 0:
		return nil, fmt.Errorf("%w: %s is a socket", ErrSkipped, name)
	case !mode.IsRegular():
		return nil, fmt.Errorf("%s: not a regular file (%v), refusing to open it", name, mode.Type())
	case info.Size() > maxFileSize:
		return nil, fmt.Errorf("%s: %d bytes are more than the %d that are read", name, info.Size(), maxFileSize)
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, skipUnlessMachine(err)
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%s: not UTF-8 in line %d", name, badLine(data))
	}
	return universalNewlines(data), nil
}

// badLine returns the number, from 1, of the line with the first broken byte.
func badLine(data []byte) int {
	good := 0
	for good < len(data) {
		r, size := utf8.DecodeRune(data[good:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		good += size
	}
	return 1 + bytes.Count(data[:good], []byte("\n"))
}

// universalNewlines turns CRLF and lone CR into LF, in place.
func universalNewlines(text []byte) []byte {
	from := bytes.IndexByte(text, '\r')
	if from < 0 {
		return text
	}
	to := from
	for from < len(text) { // text[from] is a CR
		text[to] = '\n'
		to++
		from++
		if from < len(text) && text[from] == '\n' {
			from++
		}
		run := bytes.IndexByte(text[from:], '\r')
		if run < 0 {
			run = len(text) - from
		}
		to += copy(text[to:], text[from:from+run])
		from += run
	}
	return text[:to]
}

// skipUnlessMachine marks an error of the file system as one that conda passes
// over in silence, unless the machine is to blame.
func skipUnlessMachine(err error) error {
	if machineFailed(err) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrSkipped, err)
}

// machineFailed reports whether err tells nothing about the file, only that
// the storage, the network or this process is in trouble. Conda passes over
// such errors too, and lists fewer packages after a hiccup of a file server;
// an index must not, so this is the one deliberate difference.
func machineFailed(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, fs.ErrClosed) {
		return true
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	switch errno {
	case syscall.EIO, syscall.ESTALE, syscall.EREMOTEIO, syscall.ETIMEDOUT, syscall.EHOSTDOWN,
		syscall.EHOSTUNREACH, syscall.ENOTCONN, syscall.ESHUTDOWN, syscall.ECONNRESET,
		syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.EINTR, syscall.EAGAIN:
		return true
	}
	return false
}
