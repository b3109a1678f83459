package image

import (
	"errors"
	"io"
	"os"
)

// store has the content of kept files, one after the other in a nameless file, so that they need no memory.
type store struct {
	file *os.File
	end  int64
	most int64
}

func newStore(dir string, most int64) (*store, error) {
	file, err := temporary(dir)
	if err != nil {
		return nil, err
	}
	return &store{file: file, most: most}, nil
}

// put appends size bytes of r and returns where they begin.
func (s *store) put(r io.Reader, size int64) (int64, error) {
	if size > s.most-s.end {
		return 0, refuse(TooLarge, "the files that are looked at have more than %d bytes", s.most)
	}
	begin := s.end
	n, err := io.CopyN(io.NewOffsetWriter(s.file, begin), r, size)
	s.end += n
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return begin, err
}

func (s *store) reset() error {
	s.end = 0
	return s.file.Truncate(0)
}
