// Package gzfile expands a file in memory the way R's gzfile() connection does
// when it reads: gzip (any number of members), bzip2, xz, or not compressed at all,
// told apart by their first bytes and never by their names.
//
// Every file of an R library that R itself reads through gzfile(), package.rds and
// DESCRIPTION among them, may be compressed in any of these ways. The package knows
// nothing of what the files hold, and opens none: it is given their bytes.
package gzfile

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/mikelolasagasti/xz"
)

// ErrDamaged says that the compressed data is broken or ends too early. Whatever
// could be expanded before is returned with it.
var ErrDamaged = errors.New("compressed data is damaged")

// ErrUnsupported says that the file is compressed in a way that R reads and this
// package does not: the old LZMA format, or xz with a dictionary of more than 64 MiB.
var ErrUnsupported = errors.New("compression is not supported")

// ErrTooLarge says that the expanded data is longer than the caller's limit. The data
// up to the limit is returned with it.
var ErrTooLarge = errors.New("expanded data is too large")

// Reader expands files one after another and keeps its buffers and decoders between
// them, which is most of the cost of expanding a small file. The zero value is ready.
// It must not be used by two goroutines at once.
type Reader struct {
	inflater inflater
	xz       *xz.Reader
	out      []byte
}

// Expand returns what file holds, at most limit bytes of it. The result is valid until
// the next call; it is file itself if that is not compressed.
//
// Data may be returned together with an error, which is one of ErrDamaged,
// ErrUnsupported or ErrTooLarge (test with errors.Is), for R uses what comes before the
// damage: a value that is complete by then is read, and the damage goes unnoticed or is
// a mere warning.
func (r *Reader) Expand(file []byte, limit int) ([]byte, error) {
	r.out = r.out[:0]
	var err error
	switch formatOf(file) {
	case formatGzip:
		err = r.gunzip(file, limit)
	case formatBzip2:
		err = r.bunzip2(file, limit)
	case formatXz:
		err = r.unxz(file, limit)
	case formatLzma:
		return nil, ErrUnsupported
	case formatLzop:
		return nil, ErrDamaged // R knows this one only to refuse it.
	default:
		if len(file) > limit {
			return file[:limit], ErrTooLarge
		}
		return file, nil
	}
	return r.out, err
}

// minRead is the least room made for further data: most package.rds are 2 to 4 KiB.
const minRead = 4096

// fill appends what src gives to r.out, up to limit bytes in all. The error is
// ErrTooLarge or the one of src; the end of src is none.
func (r *Reader) fill(src io.Reader, limit int) error {
	for {
		if len(r.out) == cap(r.out) {
			r.out = slices.Grow(r.out, minRead)
		}
		n, err := src.Read(r.out[len(r.out):cap(r.out)])
		r.out = r.out[:len(r.out)+n]
		if len(r.out) > limit {
			r.out = r.out[:limit]
			return ErrTooLarge
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *Reader) unxz(file []byte, limit int) error {
	err := r.openXz(bytes.NewReader(file))
	if err == nil {
		err = r.fill(r.xz, limit)
	}
	switch {
	case err == nil || errors.Is(err, ErrTooLarge):
		return err
	case errors.Is(err, xz.ErrMemlimit), errors.Is(err, xz.ErrUnsupportedCheck):
		return ErrUnsupported
	default:
		return ErrDamaged
	}
}

// openXz points the xz decoder, with the dictionary it already has, at src.
func (r *Reader) openXz(src io.Reader) error {
	if r.xz != nil {
		return r.xz.Reset(src)
	}
	decoder, err := xz.NewReader(src, xz.DefaultDictMax)
	if err == nil {
		r.xz = decoder
	}
	return err
}
