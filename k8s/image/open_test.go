package image_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"kernelindexer/k8s/image"
)

var schemas = []entry{dir("app"), file("app/process_schemas.json", `{"fft":{"schema":{}}}`)}

// one is a small image of two layers.
func one(names ...string) saved {
	return saved{layers: layers([]entry{file("etc/passwd", "app:x:1000:1000::/home/app:/bin/sh\n")}, schemas), names: names}
}

// TestFlavours opens one image in each form that it is saved in.
func TestFlavours(t *testing.T) {
	packed := one("env:1.0.0")
	packed.plain = packed.layers
	packed.layers = [][]byte{gz(packed.plain[0]), zst(packed.plain[1])}
	// Docker before 25 saves a layer that comes twice as a link to the first.
	twice := one("env:1.0.0")
	twice.layers = [][]byte{twice.layers[1], twice.layers[1]}
	linked := docker(twice)
	var manifest []dockerEntry
	check(json.Unmarshal(linked["manifest.json"], &manifest))
	second := manifest[0].Layers[1]
	delete(linked, second)
	withLink := append(pack(link(second, "../"+manifest[0].Layers[0])), linked.tar()...)
	withLink = bytes.Replace(withLink, make([]byte, 1024), nil, 1) // the end mark of the first part
	both := oci(false, one())                                      // docker since 25: the names are in manifest.json
	both["manifest.json"] = docker(one("env:1.0.0"))["manifest.json"]
	full := oci(false, one("env:1.0.0"))
	full["index.json"] = bytes.Replace(full["index.json"], []byte(`"annotations":{`),
		[]byte(`"annotations":{"io.containerd.image.name":"docker.io/library/env:1.0.0",`), 1)
	full["index.json"] = bytes.Replace(full["index.json"], []byte(`ref.name":"env:1.0.0`), []byte(`ref.name":"1.0.0`), 1)
	for _, c := range []struct {
		name string
		data []byte
		size int
	}{
		{"docker before 25", docker(one("env:1.0.0")).tar(), 2},
		{"the same layer twice", withLink, 2},
		{"compressed layers", docker(packed).tar(), 2},
		{"skopeo", docker(one("docker.io/library/env:1.0.0")).tar(), 2},
		{"podman", docker(one("localhost/env:1.0.0")).tar(), 2},
		{"docker since 25", both.tar(), 2},
		{"containerd's store", full.tar(), 2},
		{"OCI layout", oci(false, one("env:1.0.0")).tar(), 2},
		{"OCI layout, compressed layers", oci(false, packed).tar(), 2},
		{"OCI layout, an index in the index", oci(true, one("env:1.0.0")).tar(), 2},
		{"gzip", gz(docker(one("env:1.0.0")).tar()), 2},
		{"zstd", zst(oci(true, one("env:1.0.0")).tar()), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			spooled, err := image.Spool(t.Context(), bytes.NewReader(c.data), t.TempDir(), image.Limits{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer spooled.Close()
			found, err := image.Open(t.Context(), spooled, spooled.Size, image.Options{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			if found.Name.String() != "env:1.0.0" || found.Platform.String() != "linux/amd64" {
				t.Errorf("name %s, platform %s", found.Name, found.Platform)
			}
			contents, err := image.Scan(t.Context(), found)
			if err != nil {
				t.Fatal(err)
			}
			defer contents.Close()
			got, ok, err := contents.Schemas(1 << 20)
			if err != nil || !ok || !strings.Contains(string(got), "fft") {
				t.Errorf("schemas %q, %t, %v", got, ok, err)
			}
			want := one().configJSON()
			if c.name != "the same layer twice" && found.ID.Hex != sum(want) {
				t.Errorf("the image ID is %s, want %s", found.ID.Hex, sum(want))
			}
		})
	}
}

// TestRefusedArchives is what Open says of archives that have not one image.
func TestRefusedArchives(t *testing.T) {
	good := docker(one("env:1")).tar()
	arm := one("env:1")
	arm.arch = "arm64"
	other := saved{layers: layers([]entry{dir("x")}), names: []string{"other:1"}}
	with := func(a archive, name, content string) []byte { a[name] = []byte(content); return a.tar() }
	without := func(a archive, part string) []byte {
		for name := range a {
			if strings.Contains(name, part) {
				delete(a, name)
			}
		}
		return a.tar()
	}
	edited := func(s saved, edit func(*v1.Manifest)) []byte {
		a := oci(false, s)
		var index v1.IndexManifest
		check(json.Unmarshal(a["index.json"], &index))
		var m v1.Manifest
		check(json.Unmarshal(a["blobs/sha256/"+index.Manifests[0].Digest.Hex], &m))
		edit(&m)
		data := mustJSON(m)
		index.Manifests[0].Digest.Hex, index.Manifests[0].Size = sum(data), int64(len(data))
		a["blobs/sha256/"+sum(data)] = data
		a["index.json"] = mustJSON(index)
		return a.tar()
	}
	for _, c := range []struct {
		name string
		data []byte
		want image.Code
		says string
	}{
		{"empty", nil, image.NotAnImage, "neither"},
		{"not a tar", []byte(strings.Repeat("not a tar ", 100)), image.NotAnImage, "tar"},
		{"an empty tar", pack(), image.NotAnImage, "neither"},
		{"some other tar", pack(file("readme.txt", "hello")), image.NotAnImage, "neither"},
		{"truncated in a layer", good[:len(good)/2], image.NotAnImage, ""},
		{"truncated in a header", good[:100], image.NotAnImage, ""},
		{"manifest.json is not JSON", with(docker(one("env:1")), "manifest.json", "{"), image.NotAnImage, "manifest.json"},
		{"manifest.json is an object", with(docker(one("env:1")), "manifest.json", "{}"), image.NotAnImage, ""},
		{"no image", with(docker(one("env:1")), "manifest.json", "[]"), image.NotAnImage, "no image"},
		{"the configuration is not JSON", with(docker(one("env:1")), sum(one().configJSON())+".json", "?"), image.NotAnImage, "configuration"},
		{"no configuration", without(docker(one("env:1")), ".json"), image.NotAnImage, ""},
		{"no layer", without(docker(one("env:1")), "layer.tar"), image.NotAnImage, "layer"},
		{"no tag", docker(one()).tar(), image.NoRepoTag, ""},
		{"a name without a tag", docker(one("env")).tar(), image.NoRepoTag, ""},
		{"a digest for a tag", docker(one("env@sha256:" + sum(nil))).tar(), image.NoRepoTag, ""},
		{"two tags", docker(one("env:2", "env:1")).tar(), image.MultipleImages, "env:1, env:2"},
		{"one tag in two spellings is one", docker(one("env:1", "docker.io/library/env:1")).tar(), "", ""},
		{"two images", docker(one("env:1"), other).tar(), image.MultipleImages, "env:1, other:1"},
		{"another platform", docker(arm).tar(), image.WrongPlatform, "linux/arm64"},
		{"OCI: another platform", oci(true, arm).tar(), image.WrongPlatform, "linux/arm64"},
		{"OCI: both platforms", oci(true, arm, one("env:1")).tar(), "", ""},
		{"OCI: two images of one platform", oci(true, one("env:1"), other).tar(), image.MultipleImages, "sha256:"},
		{"OCI: two names", oci(false, one("env:1"), other).tar(), image.MultipleImages, "env:1, other:1"},
		{"OCI: no name", oci(false, one()).tar(), image.NoRepoTag, ""},
		{"OCI: only a tag", oci(false, one("1.0.0")).tar(), image.NoRepoTag, ""},
		{"OCI: index.json is not JSON", with(oci(false, one("env:1")), "index.json", "x"), image.NotAnImage, "index.json"},
		{"OCI: a manifest that is not its digest", bytes.Replace(oci(false, one("env:1")).tar(), []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest`), []byte(`{"schemaVersion":3,"mediaType":"application/vnd.oci.image.manifest`), 1), image.NotAnImage, "digest"},
		{"OCI: no layer", without(oci(false, one("env:1")), sum(one().layers[0])), image.NotAnImage, "no layer"},
		{"OCI: a layer to be fetched", edited(one("env:1"), func(m *v1.Manifest) { m.Layers[0].URLs = []string{"http://169.254.169.254/"} }), image.Unsafe, "elsewhere"},
		{"OCI: a foreign layer", edited(one("env:1"), func(m *v1.Manifest) { m.Layers[0].MediaType = types.DockerForeignLayer }), image.Unsafe, "elsewhere"},
		{"OCI: another digest", edited(one("env:1"), func(m *v1.Manifest) { m.Config.Digest.Algorithm = "sha512" }), image.NotAnImage, "sha512"},
		{"OCI: fewer layers than in the configuration", edited(one("env:1"), func(m *v1.Manifest) { m.Layers = m.Layers[:1] }), image.NotAnImage, "1 layers"},
		{"OCI: a size that no node has room for", edited(one("env:1"), func(m *v1.Manifest) { m.Layers[0].Size = 1 << 60 }), image.TooLarge, "bytes"},
		{"OCI: a negative size", edited(one("env:1"), func(m *v1.Manifest) { m.Layers[0].Size = -1 }), image.NotAnImage, "negative"},
		{"OCI: a wrong size", edited(one("env:1"), func(m *v1.Manifest) { m.Layers[0].Size++ }), image.NotAnImage, "bytes"},
		{"a sparse file", sparseArchive(), image.NotAnImage, "sparse"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(t, c.data, image.Options{})
			if codeOf(err) != string(c.want) {
				t.Fatalf("code %q (%v), want %q", codeOf(err), err, c.want)
			}
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q does not say %q", err, c.says)
			}
		})
	}
}

// sparseArchive has a file of GNU's old sparse format, whose size is not that of its data.
func sparseArchive() []byte {
	data := pack(entry{Typeflag: tar.TypeReg, Name: "manifest.json", Size: 2, Format: tar.FormatGNU, Mode: 0o644, Linkname: "[]"})
	header := data[:512]
	copy(header[386:], "00000000000\x0000000000002\x00") // the one part: its offset and length
	copy(header[483:], "10000000000\x00")                // the size it claims: a GiB
	header[156] = tar.TypeGNUSparse
	copy(header[148:], "        ")
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", sum))
	return data
}

// TestAttestations are no images, wherever they are listed.
func TestAttestations(t *testing.T) {
	a := oci(true, one("env:1"))
	var top, inner v1.IndexManifest
	check(json.Unmarshal(a["index.json"], &top))
	check(json.Unmarshal(a["blobs/sha256/"+top.Manifests[0].Digest.Hex], &inner))
	for _, d := range []v1.Descriptor{
		{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}},
		{Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"}},
	} {
		d.MediaType, d.Size, d.Digest = types.OCIManifestSchema1, 2, v1.Hash{Algorithm: "sha256", Hex: sum([]byte(d.MediaType))}
		inner.Manifests = append([]v1.Descriptor{d}, inner.Manifests...)
	}
	// A platform that docker lists but has not saved.
	inner.Manifests = append(inner.Manifests, v1.Descriptor{
		MediaType: types.OCIManifestSchema1, Size: 2, Digest: v1.Hash{Algorithm: "sha256", Hex: sum([]byte("absent"))},
		Platform: &v1.Platform{OS: "linux", Architecture: "amd64"},
	})
	data := mustJSON(inner)
	a["blobs/sha256/"+sum(data)] = data
	top.Manifests[0].Digest.Hex, top.Manifests[0].Size = sum(data), int64(len(data))
	a["index.json"] = mustJSON(top)
	contents, err := look(t, a.tar(), image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := contents.Schemas(1000); err != nil || !ok {
		t.Errorf("schemas %t, %v", ok, err)
	}
}

// TestNamesOfAnArchive have a budget of their own: an archive of names alone does not take the memory that layers may.
func TestNamesOfAnArchive(t *testing.T) {
	var entries []entry
	for i := range 60_000 { // 300 bytes each, where 16 MiB have room for some 50,000
		entries = append(entries, file(fmt.Sprintf("%0100d", i), ""))
	}
	_, err := open(t, pack(entries...), image.Options{})
	if codeOf(err) != string(image.TooLarge) || !strings.Contains(err.Error(), "names in the archive") {
		t.Error(err)
	}
}

// TestSpool: what of the upload or the disk can go wrong has its own error.
func TestSpool(t *testing.T) {
	good := docker(one("env:1")).tar()
	short := image.Limits{Archive: int64(len(good)) - 1}
	if _, err := open(t, good, image.Options{Limits: short}); codeOf(err) != string(image.TooLarge) {
		t.Errorf("opened without spooling: %v", err)
	}
	packed := gz(good)
	for _, c := range []struct {
		name   string
		upload io.Reader
		limit  int64
		want   string
	}{
		{"too long", bytes.NewReader(good), int64(len(good)) - 1, string(image.TooLarge)},
		{"just right", bytes.NewReader(good), int64(len(good)), ""},
		{"a bomb", bytes.NewReader(gz(make([]byte, 10<<20))), 5 << 20, string(image.TooLarge)},
		{"truncated gzip", bytes.NewReader(packed[:len(packed)-9]), 0, string(image.NotAnImage)},
		{"a broken connection", io.MultiReader(bytes.NewReader(packed[:50]), brokenReader{}), 0, "error: read upload: unexpected EOF"},
		{"nothing", strings.NewReader(""), 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			spooled, err := image.Spool(t.Context(), c.upload, t.TempDir(), image.Limits{Archive: c.limit}, nil)
			if codeOf(err) != c.want {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if err == nil {
				check(spooled.Close())
			}
		})
	}
	if _, err := image.Spool(t.Context(), strings.NewReader("x"), "/nonexistent", image.Limits{}, nil); err == nil {
		t.Error("a missing directory is no error")
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
