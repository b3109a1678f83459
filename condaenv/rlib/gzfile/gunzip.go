package gzfile

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// inflater is a raw DEFLATE decoder that is kept from one file to the next.
type inflater struct {
	src    bytes.Reader
	stream io.ReadCloser
}

// reset points the decoder at deflated.
func (f *inflater) reset(deflated []byte) error {
	f.src.Reset(deflated)
	if f.stream == nil {
		f.stream = flate.NewReader(&f.src)
		return nil
	}
	return f.stream.(flate.Resetter).Reset(&f.src, nil)
}

// rest returns how many bytes of the input are left: the decoder takes single bytes,
// so none beyond the end of the DEFLATE stream is gone.
func (f *inflater) rest() int { return f.src.Len() }

// gunzip appends the members of a gzip file to r.out. compress/gzip is not used, for it
// differs from R on broken files: R neither checks a header's checksum nor, before it
// needs a further member, the checksum of the data, and takes bytes after the last
// member for the end of the file.
func (r *Reader) gunzip(file []byte, limit int) error {
	for hasGzipMagic(file) {
		deflated, ok := skipGzipHeader(file)
		if !ok {
			return ErrDamaged
		}
		start := len(r.out)
		if err := r.inflater.reset(deflated); err != nil {
			return ErrDamaged
		}
		if err := r.fill(r.inflater.stream, limit); errors.Is(err, ErrTooLarge) {
			return err
		} else if err != nil {
			return ErrDamaged
		}
		trailer := deflated[len(deflated)-r.inflater.rest():]
		const trailerSize = 8 // CRC-32 and length, of which R ignores the latter.
		if len(trailer) < 4 || binary.LittleEndian.Uint32(trailer) != crc32.ChecksumIEEE(r.out[start:]) {
			return ErrDamaged
		}
		file = trailer[min(trailerSize, len(trailer)):]
	}
	return nil
}

func hasGzipMagic(file []byte) bool {
	return len(file) >= 2 && file[0] == 0x1f && file[1] == 0x8b
}

// skipGzipHeader returns what follows the header of the member that file begins with
// (RFC 1952, section 2.3).
func skipGzipHeader(file []byte) (deflated []byte, ok bool) {
	const (
		fixedSize   = 10
		deflate     = 8
		flagHdrCrc  = 1 << 1
		flagExtra   = 1 << 2
		flagName    = 1 << 3
		flagComment = 1 << 4
		reserved    = 0xe0
	)
	if len(file) < fixedSize || file[2] != deflate || file[3]&reserved != 0 {
		return nil, false
	}
	flags, rest := file[3], file[fixedSize:]
	if flags&flagExtra != 0 {
		if len(rest) < 2 {
			return nil, false
		}
		size := 2 + int(binary.LittleEndian.Uint16(rest))
		if len(rest) < size {
			return nil, false
		}
		rest = rest[size:]
	}
	for _, flag := range []byte{flagName, flagComment} {
		if flags&flag == 0 {
			continue
		}
		end := bytes.IndexByte(rest, 0)
		if end < 0 {
			return nil, false
		}
		rest = rest[end+1:]
	}
	if flags&flagHdrCrc != 0 {
		if len(rest) < 2 {
			return nil, false
		}
		rest = rest[2:]
	}
	return rest, true
}
