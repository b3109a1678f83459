package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/go-json-experiment/json/jsontext"

	"kernelindexer/manifests"
)

// The members of the documents that hold the long arrays.
const (
	kernelsMember  = "kernels"
	packagesMember = "packages"
)

// errEnough ends reading early without being an error.
var errEnough = errors.New("enough")

// openDocument opens a regular file: opening a FIFO would wait for a writer.
func openDocument(l manifests.Location) (fs.File, error) {
	info, err := fs.Stat(l.FS, l.Name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a regular file", manifests.ErrInvalid, l.Name)
	}
	return l.FS.Open(l.Name)
}

// eachElement reads one document and calls each before every element of the member's array; each must read it. Memory is
// that of one element. Errors are manifests.ErrInvalid, that of each (errEnough ends without one), or of the file.
func eachElement(l manifests.Location, member string, each func(*jsontext.Decoder) error) error {
	f, err := openDocument(l)
	if err != nil {
		return err
	}
	defer f.Close()
	err = walkDocument(jsontext.NewDecoder(f), member, each)
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, errEnough):
		return nil
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%s: %w: %w", l.Name, manifests.ErrInvalid, err)
	}
	return err
}

func walkDocument(dec *jsontext.Decoder, member string, each func(*jsontext.Decoder) error) error {
	if err := expect(dec, '{'); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if name.String() != member {
			if err := dec.SkipValue(); err != nil {
				return err
			}
			continue
		}
		if err := expect(dec, '['); err != nil {
			return err
		}
		for dec.PeekKind() != ']' {
			if err := each(dec); err != nil {
				return err
			}
		}
		if err := expect(dec, ']'); err != nil {
			return err
		}
	}
	return expect(dec, '}')
}

// expect reads a token of a kind.
func expect(dec *jsontext.Decoder, kind jsontext.Kind) error {
	t, err := dec.ReadToken()
	if err == nil && t.Kind() != kind {
		err = fmt.Errorf("%w: %s where %s is expected", manifests.ErrInvalid, t.Kind(), kind)
	}
	return err
}

// texts reads an object and returns some of its members that are strings, in the order of names. Others are skipped, and
// all from the point on where every name was found.
func texts(dec *jsontext.Decoder, names ...string) ([]string, error) {
	if err := expect(dec, '{'); err != nil {
		return nil, err
	}
	found := make([]string, len(names))
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		at := -1
		for i := range names {
			if name.String() == names[i] {
				at = i
			}
		}
		if at < 0 || dec.PeekKind() != '"' {
			err = dec.SkipValue()
		} else {
			var value jsontext.Token
			value, err = dec.ReadToken()
			found[at] = value.String()
		}
		if err != nil {
			return nil, err
		}
	}
	return found, expect(dec, '}')
}
