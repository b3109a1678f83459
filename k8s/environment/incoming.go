package environment

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/stream"
	mediatypes "github.com/google/go-containerregistry/pkg/v1/types"

	"kernelindexer/k8s/image"
)

// Incoming is an uploaded archive, of which the large parts may be in the registry already. Close gives its space back.
type Incoming struct {
	*image.Spooled

	sent *sent
}

// Receive puts an upload on disk, on the terms of [image.Spool], and meanwhile sends what may be layers in it to the
// registry: both take their time, and which files are the image's layers, and whose the image is, stands at the end of an
// archive. What is sent lies in a repository of its own, to which no image refers; Upload has the registry link from
// there what it needs. That is all it is good for: whatever fails here is done again, and told, by Upload.
func (r *Registrar) Receive(ctx context.Context, upload io.Reader, dir string, limits image.Limits) (*Incoming, error) {
	s := &sent{registry: r.Registry, blobs: map[v1.Hash]bool{}}
	spooled, err := image.Spool(ctx, upload, dir, limits, s.follow)
	if err != nil {
		return nil, err
	}
	return &Incoming{Spooled: spooled, sent: s}, nil
}

// incomingRepository is where parts of archives are before it is known whose they are. No environment has such an ID.
const incomingRepository = "incoming"

// Bounds of what is sent before anything is known of it.
const (
	sentLeast = 1 << 20 // bytes of a file that is worth it
	sentMost  = 128     // files; an image has as many layers at most
)

// sent are parts of an archive that the registry has. It is safe for concurrent use.
type sent struct {
	registry *Registry

	mu    sync.Mutex
	blobs map[v1.Hash]bool
}

// follow sends the large files of an archive as they arrive, one after the other.
func (s *sent) follow(ctx context.Context, upload io.Reader) {
	repository, err := s.registry.repository(incomingRepository)
	if err != nil {
		return
	}
	pusher, err := remote.NewPusher(s.registry.with(ctx)...)
	if err != nil {
		return
	}
	archive := tar.NewReader(upload)
	for files := 0; files < sentMost; {
		header, err := archive.Next()
		if err != nil {
			return // its end, or no archive: who reads it again says so
		}
		if header.Typeflag != tar.TypeReg || header.Size < sentLeast {
			continue
		}
		files++
		file := &streamed{from: archive, size: header.Size, sum: sha256.New()}
		if err := pusher.Upload(ctx, repository, file); err != nil {
			return
		}
		s.mu.Lock()
		s.blobs[file.digest] = true
		s.mu.Unlock()
	}
}

// has says that the registry has a layer, and how it may be told where.
func (s *sent) has(layer v1.Layer) (v1.Layer, bool) {
	if s == nil {
		return nil, false
	}
	digest, err := layer.Digest()
	if err != nil {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.blobs[digest] {
		return nil, false
	}
	repository, err := s.registry.repository(incomingRepository)
	if err != nil {
		return nil, false
	}
	return &remote.MountableLayer{Layer: layer, Reference: repository.Digest(digest.String())}, true
}

// push uploads a layer: by a link, where the registry has it and knows how, else whole.
func (s *sent) push(ctx context.Context, pusher *remote.Pusher, to name.Repository, layer v1.Layer) error {
	if linked, ok := s.has(layer); ok {
		if err := pusher.Upload(ctx, to, linked); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return pusher.Upload(ctx, to, layer)
}

// streamed is a blob that is read once, and has a digest when that is done. It may be read in one goroutine while another
// asks for its digest.
type streamed struct {
	from io.Reader
	size int64
	sum  hash.Hash

	mu     sync.Mutex
	opened bool
	read   int64
	digest v1.Hash
}

var errStreamed = errors.New("a stream is read once")

// Digest returns the digest of what was read, when all of it was.
func (s *streamed) Digest() (v1.Hash, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read < s.size {
		return v1.Hash{}, stream.ErrNotComputed
	}
	return s.digest, nil
}

// Compressed returns the bytes, once.
func (s *streamed) Compressed() (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened {
		return nil, errStreamed
	}
	s.opened = true
	return io.NopCloser(s), nil
}

// Read implements io.Reader.
func (s *streamed) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.sum.Write(p[:n])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read += int64(n); s.read == s.size && n > 0 {
		s.digest = v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(s.sum.Sum(nil))}
	}
	return n, err
}

// Size returns the bytes that will be read.
func (s *streamed) Size() (int64, error) { return s.size, nil }

// MediaType returns that of a layer; a registry is not told.
func (s *streamed) MediaType() (mediatypes.MediaType, error) { return mediatypes.DockerLayer, nil }

// DiffID is not known.
func (s *streamed) DiffID() (v1.Hash, error) { return v1.Hash{}, errStreamed }

// Uncompressed is not known.
func (s *streamed) Uncompressed() (io.ReadCloser, error) { return nil, errStreamed }
