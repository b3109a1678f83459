package image

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Contents is what [Scan] kept of an image: every directory and symbolic link, and the files of [Packages], of
// [Contents.User] and of [Contents.Schemas]. Other files are as if they were not there.
type Contents struct {
	// FS is the file system of the image as its layers make it. It may be used concurrently, until Close.
	FS       *FS
	Unpacked int64 // bytes of all layers, unpacked
	Entries  int   // entries of all layers
}

// Close gives back the disk space.
func (c *Contents) Close() error { return c.FS.store.file.Close() }

// Scan reads every layer of the image, checks that it is what its digests say and within the limits, and keeps what is
// looked for. It needs memory for names and links only, at most Limits.Tree bytes, and reads the layers once, or twice
// if a link leads from a kept name to a file whose own name is not kept.
//
// The error is a *[Error] if the image is at fault, the context's, or the machine's.
func Scan(ctx context.Context, image *Image) (_ *Contents, err error) {
	options := image.options
	store, err := newStore(options.Dir, options.Limits.Kept)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, store.file.Close())
		}
	}()
	want := &wanted{}
	for {
		s := &scanner{ctx: ctx, image: image, limits: options.Limits, want: want, store: store}
		more, err := s.scan()
		if err != nil {
			return nil, err
		}
		if more == nil || want.files != nil {
			return s.contents(), nil
		}
		want = more
		if err := store.reset(); err != nil {
			return nil, err
		}
	}
}

// scanner is one reading of all layers.
type scanner struct {
	ctx      context.Context
	image    *Image
	limits   Limits
	want     *wanted
	store    *store
	merger   merger
	entries  int   // left
	unpacked int64 // left
	stored   int64 // bytes of layers as they are stored left
	stream   int64 // bytes of unpacked layers left, headers and padding included
}

// stepsAnEntry is how many steps the path of an entry may take on average, a generous multiple of what real ones do.
const stepsAnEntry = 100

// streamExtra is how much larger than the files in it a layer may be for headers and padding, per entry.
const streamExtra = 8 << 10

func (s *scanner) scan() (*wanted, error) {
	s.entries, s.unpacked = s.limits.Entries, s.limits.Unpacked
	s.stored = s.limits.Archive
	s.stream = s.limits.Unpacked + int64(s.limits.Entries)*streamExtra
	s.merger.tree = newTree(&cost{memory: s.limits.Tree, steps: int64(s.limits.Entries) * stepsAnEntry})
	layers, err := s.image.Source.Layers()
	if err != nil {
		return nil, err
	}
	config, err := s.image.Source.ConfigFile()
	if err != nil {
		return nil, err
	}
	for i, layer := range layers {
		if err := s.layer(layer, config.RootFS.DiffIDs[i]); err != nil {
			return nil, s.blame(err, i)
		}
	}
	return s.merger.more(s.want)
}

// blame says which layer an error is of.
func (s *scanner) blame(err error, layer int) error {
	var refused *Error
	if errors.As(err, &refused) {
		return &Error{Code: refused.Code, Detail: "layer " + strconv.Itoa(layer+1) + ": " + refused.Detail, Err: refused.Err}
	}
	return err
}

func (s *scanner) contents() *Contents {
	return &Contents{
		FS:       &FS{root: s.merger.tree.root, store: s.store},
		Unpacked: s.limits.Unpacked - s.unpacked, Entries: s.limits.Entries - s.entries,
	}
}

// layer reads one layer and lays it over the others. Both digests are checked before it counts: that of the layer as it
// is stored, by which it is pulled, and that of its unpacked tar, which the configuration has.
func (s *scanner) layer(layer v1.Layer, diffID v1.Hash) (err error) {
	stored, err := layer.Compressed()
	if err != nil {
		return s.sourceError(err)
	}
	defer func() { _ = stored.Close() }() // read to its end, or failed anyway
	source := &sourceReader{r: &meter{ctx: s.ctx, r: stored, budget: &s.stored, err: tooLong(s.limits)}}
	tree, err := s.unpack(layer, source, diffID)
	switch {
	case err != nil && source.err != nil:
		return s.sourceError(source.err)
	case err != nil:
		return err
	}
	return s.merger.apply(tree)
}

// sourceError says of an error of reading a layer whose it is: a registry's, or the machine's.
func (s *scanner) sourceError(err error) error {
	if s.image.Repository != "" {
		return registryError(s.ctx, err, s.image.Name.String())
	}
	return err
}

func (s *scanner) unpack(layer v1.Layer, source io.Reader, diffID v1.Hash) (*tree, error) {
	digest, err := layer.Digest()
	if err != nil {
		return nil, err
	}
	storedSum, plainSum := sha256.New(), sha256.New()
	from := bufio.NewReaderSize(io.TeeReader(source, storedSum), readSize)
	unpacked, packed, err := decompress(from)
	if err != nil {
		return nil, damaged(err)
	}
	defer func() { _ = unpacked.Close() }() // its errors came with the last bytes
	large := refuse(TooLarge, "the layers unpack to more than %d bytes", s.limits.Unpacked)
	var content io.Reader = &meter{ctx: s.ctx, r: unpacked, budget: &s.stream, err: large}
	if packed != plain {
		content = bufio.NewReaderSize(io.TeeReader(content, plainSum), readSize)
	}
	reader := &layerReader{
		tree: newTree(s.merger.tree.cost), base: s.merger.tree, want: s.want, store: s.store,
		entries: &s.entries, unpacked: &s.unpacked, limits: s.limits,
	}
	if err := reader.read(tar.NewReader(content)); err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, content); err != nil { // what follows the end mark counts for the digest
		return nil, damaged(err)
	}
	if _, err := io.Copy(io.Discard, &meter{ctx: s.ctx, r: from, budget: &s.stream, err: large}); err != nil {
		return nil, damaged(err)
	}
	if got := hashOf(storedSum); got != digest {
		return nil, refuse(NotAnImage, "its digest is %s, the manifest says %s", got, digest)
	}
	if packed == plain {
		plainSum = storedSum
	}
	if got := hashOf(plainSum); got != diffID {
		return nil, refuse(NotAnImage, "its tar has the digest %s, the configuration says %s", got, diffID)
	}
	return reader.tree, nil
}

// isMachine reports whether an error is of this machine, or of who cancelled, and not of what is read.
func isMachine(err error) bool {
	var onDisk *os.PathError
	return errors.As(err, &onDisk) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
