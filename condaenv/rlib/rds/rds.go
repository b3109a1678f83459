// Package rds decodes files written by R's saveRDS() into a small tree of values,
// without R. It is made for package.rds, the file R keeps about every installed
// package, but decodes every object that R can write: compressed or not, in the XDR,
// native and ASCII formats, in versions 2 and 3 of the serialization.
//
// It refuses to know what an object means. Nothing is evaluated, no namespace is
// loaded, no class is looked up and no memory-mapped vector is opened; functions,
// byte code and the like are read only to get past them.
//
// "R" in the comments below stands for R 4.2.2. What R refuses to read is an error
// here, and what it reads is not, damaged files included.
package rds

import (
	"errors"
	"fmt"

	"kernelindexer/condaenv/rlib/gzfile"
)

// ErrCorrupt says that the file is no serialized object, or a broken one. R fails to
// read it too.
var ErrCorrupt = errors.New("not a readable RDS file")

// ErrUnsupported says that R, or a later R, may well read the file but this package
// does not: an unsupported compression, a later version of the serialization, or an
// object beyond Limits.
var ErrUnsupported = errors.New("RDS file is not supported")

// errTruncated is the ErrCorrupt of data that ends within the object.
var errTruncated = fmt.Errorf("%w: it ends too early", ErrCorrupt)

// Limits bound what one file may cost, whatever it says of itself. In a field that is
// zero the value given below holds.
type Limits struct {
	Bytes  int // length of the uncompressed file; 16 MiB
	Values int // number of values, without the elements of vectors other than lists; 262144
	Depth  int // how deeply values may be nested; 4096
}

// or returns l with defaults for its zero fields.
func (l Limits) orDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 16 << 20
	}
	if l.Values == 0 {
		l.Values = 1 << 18
	}
	if l.Depth == 0 {
		l.Depth = 1 << 12
	}
	return l
}

// Decoder decodes files one after another and keeps its decompressors between them.
// The zero value is ready, with default limits. It must not be used by two goroutines
// at once.
type Decoder struct {
	Limits Limits
	gz     gzfile.Reader
}

// Decode returns the object in file, the content of a file as readRDS() would read it.
// What follows the object is ignored, even if it is damaged. The error is ErrCorrupt
// or ErrUnsupported, with more text (test with errors.Is).
//
// The value shares no memory with file or the decoder.
func (d *Decoder) Decode(file []byte) (*Value, error) {
	limits := d.Limits.orDefaults()
	data, damage := d.gz.Expand(file, limits.Bytes)
	v, err := unserialize(string(data), limits)
	if err == nil || damage == nil {
		return v, err
	}
	if errors.Is(damage, gzfile.ErrDamaged) {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, damage)
	}
	if errors.Is(err, errTruncated) {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, damage)
	}
	return nil, err
}
