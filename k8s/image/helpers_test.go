package image_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"kernelindexer/k8s/image"
)

// entry is one entry of a layer. The zero Typeflag is a regular file, or a directory if the name ends in a slash.
type entry = tar.Header

func file(name, body string) entry {
	return entry{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(body)), Linkname: body}
}
func dir(name string) entry      { return entry{Typeflag: tar.TypeDir, Name: name, Mode: 0o755} }
func link(name, to string) entry { return entry{Typeflag: tar.TypeSymlink, Name: name, Linkname: to} }
func hard(name, to string) entry { return entry{Typeflag: tar.TypeLink, Name: name, Linkname: to} }
func gone(name string) entry     { return file(name, "") }
func device(name string) entry {
	return entry{Typeflag: tar.TypeChar, Name: name, Devmajor: 1, Devminor: 3}
}
func fifo(name string) entry       { return entry{Typeflag: tar.TypeFifo, Name: name} }
func layers(l ...[]entry) [][]byte { return packAll(l) }

func packAll(all [][]entry) [][]byte {
	list := make([][]byte, len(all))
	for i, entries := range all {
		list[i] = pack(entries...)
	}
	return list
}

// pack makes a tar. The body of a regular file is in Linkname.
func pack(entries ...entry) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		body := ""
		if e.Typeflag == tar.TypeReg {
			body, e.Linkname = e.Linkname, ""
		}
		check(w.WriteHeader(&e))
		_, err := w.Write([]byte(body))
		check(err)
	}
	check(w.Close())
	return buf.Bytes()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

func gz(data []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, err := w.Write(data)
	check(errors.Join(err, w.Close()))
	return buf.Bytes()
}

func zst(data []byte) []byte {
	w, err := zstd.NewWriter(nil)
	check(err)
	return w.EncodeAll(data, nil)
}

// saved is an image to be saved.
type saved struct {
	layers [][]byte // as they are stored
	plain  [][]byte // unpacked; the same if nil
	names  []string
	arch   string
	user   string
	config func(*v1.ConfigFile)
}

func (s saved) configJSON() []byte {
	c := v1.ConfigFile{
		OS: "linux", Architecture: cmpOr(s.arch, "amd64"),
		Config: v1.Config{User: s.user, Entrypoint: []string{"python", "/app/runner.py"}, Env: []string{"PATH=/bin"}},
		RootFS: v1.RootFS{Type: "layers"},
	}
	plain := s.plain
	if plain == nil {
		plain = s.layers
	}
	for _, l := range plain {
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, v1.Hash{Algorithm: "sha256", Hex: sum(l)})
	}
	if s.config != nil {
		s.config(&c)
	}
	return mustJSON(c)
}

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	check(err)
	return data
}

// archive is the files of an image archive.
type archive map[string][]byte

func (a archive) tar() []byte {
	var entries []entry
	for _, name := range slices.Sorted(maps.Keys(a)) {
		entries = append(entries, file(name, string(a[name])))
	}
	return pack(entries...)
}

type dockerEntry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// docker saves images as docker did before version 25.
func docker(images ...saved) archive {
	a := archive{}
	var entries []dockerEntry
	for _, s := range images {
		config := s.configJSON()
		e := dockerEntry{Config: sum(config) + ".json", RepoTags: s.names}
		a[e.Config] = config
		for i, l := range s.layers {
			name := fmt.Sprintf("%s-%d/layer.tar", sum(l), i)
			a[name] = l
			e.Layers = append(e.Layers, name)
		}
		entries = append(entries, e)
	}
	a["manifest.json"] = mustJSON(entries)
	return a
}

// oci saves images as an OCI layout; index wraps all images of one name in an index of their own.
func oci(index bool, images ...saved) archive {
	a := archive{"oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`)}
	put := func(data []byte) v1.Hash {
		a["blobs/sha256/"+sum(data)] = data
		return v1.Hash{Algorithm: "sha256", Hex: sum(data)}
	}
	top := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	inner := top
	annotations := map[string]string{}
	for _, s := range images {
		config := s.configJSON()
		m := v1.Manifest{
			SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
			Config: v1.Descriptor{MediaType: types.OCIConfigJSON, Size: int64(len(config)), Digest: put(config)},
		}
		for _, l := range s.layers {
			m.Layers = append(m.Layers, v1.Descriptor{MediaType: types.OCILayer, Size: int64(len(l)), Digest: put(l)})
		}
		manifest := mustJSON(m)
		d := v1.Descriptor{
			MediaType: types.OCIManifestSchema1, Size: int64(len(manifest)), Digest: put(manifest),
			Platform: &v1.Platform{OS: "linux", Architecture: cmpOr(s.arch, "amd64")},
		}
		for _, name := range s.names {
			annotations = map[string]string{"org.opencontainers.image.ref.name": name}
		}
		if index {
			inner.Manifests = append(inner.Manifests, d)
			continue
		}
		d.Annotations = annotations
		top.Manifests = append(top.Manifests, d)
	}
	if index {
		data := mustJSON(inner)
		top.Manifests = []v1.Descriptor{{
			MediaType: types.OCIImageIndex, Size: int64(len(data)), Digest: put(data), Annotations: annotations,
		}}
	}
	a["index.json"] = mustJSON(top)
	return a
}

func open(t *testing.T, data []byte, o image.Options) (*image.Image, error) {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	return image.Open(t.Context(), bytes.NewReader(data), int64(len(data)), o)
}

// look opens and scans.
func look(t *testing.T, data []byte, o image.Options) (*image.Contents, error) {
	t.Helper()
	found, err := open(t, data, o)
	if err != nil {
		return nil, err
	}
	contents, err := image.Scan(t.Context(), found)
	if err == nil {
		t.Cleanup(func() {
			if err := contents.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return contents, err
}

// lookInto scans an image of these layers.
func lookInto(t *testing.T, l ...[]entry) *image.Contents {
	t.Helper()
	contents, err := look(t, docker(saved{layers: layers(l...), names: []string{"env:1"}}).tar(), image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return contents
}

// codeOf returns the code of a refusal, or the error's text.
func codeOf(err error) string {
	var refused *image.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		return string(refused.Code)
	}
	return "error: " + err.Error()
}
