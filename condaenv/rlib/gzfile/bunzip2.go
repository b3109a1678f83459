package gzfile

import (
	"bytes"
	"compress/bzip2"
	"errors"
)

// errGarbage is what the decoder says of bytes behind the last stream of a file.
const errGarbage = bzip2.StructuralError("bad magic value in continuation file")

// bunzip2 appends the streams of a bzip2 file to r.out.
//
// The C library R uses finds a wrong checksum, or whatever else is wrong behind a block,
// in the very call that would return the last byte of that block, and then returns
// nothing. Here this byte is taken back, so that a value which ends with it is as incomplete as it
// is for R. Bytes behind the last stream are no error until they are needed.
func (r *Reader) bunzip2(file []byte, limit int) error {
	err := r.fill(bzip2.NewReader(bytes.NewReader(file)), limit)
	if err == nil || errors.Is(err, ErrTooLarge) {
		return err
	}
	var structural bzip2.StructuralError
	if errors.As(err, &structural) && structural != errGarbage && len(r.out) > 0 {
		r.out = r.out[:len(r.out)-1]
	}
	return ErrDamaged
}
