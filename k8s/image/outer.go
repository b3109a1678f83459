package image

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strings"
)

// outer is the table of contents of an image archive: where in the file each regular file is.
type outer struct {
	ctx     context.Context
	file    io.ReaderAt
	limits  Limits
	regular map[string]extent
	links   map[string]string // old docker versions save a layer that comes twice as a link
}

// extent is a part of a file, in bytes.
type extent struct{ offset, size int64 }

// outerTree is how many bytes of memory the names of an archive may take, and what is noted of each. It is not the budget of
// the layers' names: those of hundreds of layers need little.
const outerTree = 16 << 20

// readOuter reads the headers of the archive, not its content.
func readOuter(ctx context.Context, file io.ReaderAt, size int64, limits Limits) (*outer, error) {
	o := &outer{ctx: ctx, file: file, limits: limits, regular: map[string]extent{}, links: map[string]string{}}
	section := io.NewSectionReader(file, 0, size)
	archive := tar.NewReader(section)
	left, names := limits.Entries, min(limits.Tree, outerTree)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return o, nil
		}
		if err != nil {
			return nil, because(NotAnImage, err, "not a complete tar archive")
		}
		if left--; left < 0 {
			return nil, refuse(TooLarge, "the archive has more than %d entries", limits.Entries)
		}
		if names -= int64(len(header.Name) + len(header.Linkname) + nodeSize); names < 0 {
			return nil, refuse(TooLarge, "the names in the archive need more than %d bytes", min(limits.Tree, outerTree))
		}
		offset, err := section.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		if err := o.add(header, offset); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// add enters one entry. Of two of one name the later counts, as when the archive is extracted.
func (o *outer) add(header *tar.Header, offset int64) error {
	name := path.Clean("/" + header.Name)[1:]
	delete(o.regular, name)
	delete(o.links, name)
	switch header.Typeflag {
	case tar.TypeReg:
		if isSparse(header) {
			return refuse(NotAnImage, "%q in the archive is a sparse file", short(header.Name))
		}
		o.regular[name] = extent{offset: offset, size: header.Size}
	case tar.TypeGNUSparse:
		return refuse(NotAnImage, "%q in the archive is a sparse file", short(header.Name))
	case tar.TypeSymlink:
		o.links[name] = path.Join("/", path.Dir(name), header.Linkname)[1:]
	case tar.TypeLink:
		o.links[name] = path.Clean("/" + header.Linkname)[1:]
	}
	return nil
}

// isSparse finds the sparse files that PAX headers make of regular ones: their size is not that of their data.
func isSparse(header *tar.Header) bool {
	if header.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// find returns where the file of that name is. Links lead at most a few steps.
func (o *outer) find(name string) (extent, bool) {
	name = path.Clean("/" + name)[1:]
	for range 8 {
		if e, ok := o.regular[name]; ok {
			return e, true
		}
		target, ok := o.links[name]
		if !ok {
			break
		}
		name = target
	}
	return extent{}, false
}

// open returns a reader of the extent.
func (o *outer) open(e extent) *io.SectionReader {
	return io.NewSectionReader(o.file, e.offset, e.size)
}

// document reads a small file whole.
func (o *outer) document(name string) ([]byte, error) {
	e, ok := o.find(name)
	if !ok {
		return nil, refuse(NotAnImage, "the archive has no %s", short(name))
	}
	if e.size > o.limits.Document {
		return nil, refuse(TooLarge, "%s has more than %d bytes", short(name), o.limits.Document)
	}
	data := make([]byte, e.size)
	if _, err := io.ReadFull(o.open(e), data); err != nil {
		return nil, because(NotAnImage, err, "read %s", short(name))
	}
	return data, nil
}

// decode reads a small JSON file.
func (o *outer) decode(name string, into any) error {
	data, err := o.document(name)
	if err != nil {
		return err
	}
	return decodeJSON(data, name, into)
}

func decodeJSON(data []byte, name string, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return because(NotAnImage, err, "%s is not as it should be", short(name))
	}
	return nil
}
