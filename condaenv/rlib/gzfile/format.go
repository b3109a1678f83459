package gzfile

import "bytes"

type format int

const (
	formatPlain format = iota
	formatGzip
	formatBzip2
	formatXz
	formatLzma
	formatLzop
)

// formatOf names the format of file by its first bytes, with the tests R makes: the
// ones but gzip's are only tried on files of five bytes or more.
func formatOf(file []byte) format {
	if len(file) >= 5 {
		switch {
		case bytes.HasPrefix(file, []byte("BZh")):
			return formatBzip2
		case bytes.HasPrefix(file, []byte("\xfd7zXZ")):
			return formatXz
		case bytes.HasPrefix(file, []byte("\xffLZMA")), bytes.HasPrefix(file, []byte("]\x00\x00\x80\x00")):
			return formatLzma
		case bytes.HasPrefix(file, []byte("\x89LZO")):
			return formatLzop
		}
	}
	if hasGzipMagic(file) {
		return formatGzip
	}
	return formatPlain
}
