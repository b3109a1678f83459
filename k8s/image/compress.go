package image

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// compression is how a stream is packed. Its first bytes tell, for media types and file names lie.
type compression uint8

const (
	plain compression = iota
	gzipped
	zstandard
)

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// maxWindow is the most memory that a zstd frame may ask for, in bytes. Image builders stay far below it.
const maxWindow = 64 << 20

// readSize is how much is read, and digested, at once.
const readSize = 1 << 20

// decompress returns what r unpacks to. The caller closes the result, which leaves r open.
func decompress(r io.Reader) (io.ReadCloser, compression, error) {
	head := bufio.NewReaderSize(r, readSize)
	magic, err := head.Peek(4)
	if err != nil && len(magic) == 0 {
		if errors.Is(err, io.EOF) {
			return io.NopCloser(head), plain, nil
		}
		return nil, plain, err
	}
	switch {
	case bytes.HasPrefix(magic, gzipMagic):
		z, err := gzip.NewReader(head)
		return z, gzipped, err
	case bytes.HasPrefix(magic, zstdMagic):
		z, err := zstd.NewReader(head, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, zstandard, err
		}
		return z.IOReadCloser(), zstandard, nil
	}
	return io.NopCloser(head), plain, nil
}
