package environment_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
	"kernelindexer/k8s/processtype"
)

// tarOf packs files, in the order given: name, content, name, content.
func tarOf(files ...string) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for pair := range slices.Chunk(files, 2) {
		must(w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: pair[0], Size: int64(len(pair[1])), Mode: 0o644}))
		_, err := w.Write([]byte(pair[1]))
		must(err)
	}
	must(w.Close())
	return buf.Bytes()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func sum(data []byte) string { s := sha256.Sum256(data); return hex.EncodeToString(s[:]) }

// saved makes an archive as `docker save` does.
func saved(tag, user string, layer []byte) []byte {
	config, err := json.Marshal(v1.ConfigFile{
		OS: "linux", Architecture: "amd64",
		Config: v1.Config{User: user, Env: []string{"PATH=/old", "TOKEN=secret", "PATH=/opt/conda/bin:/bin"}, Entrypoint: []string{"/run"}},
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{{Algorithm: "sha256", Hex: sum(layer)}}},
	})
	must(err)
	return tarOf("layer.tar", string(layer), "config.json", string(config),
		"manifest.json", fmt.Sprintf(`[{"Config":"config.json","RepoTags":[%q],"Layers":["layer.tar"]}]`, tag))
}

var goodLayer = tarOf(
	"app/process_schemas.json", `{"fft":{"schema":{"type":"object"}}}`,
	"etc/passwd", "app:x:1000:1000::/home/app:/bin/sh\n",
	"usr/lib/python3/site-packages/six-1.16.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n",
	"usr/lib/python3/site-packages/six-1.16.0.dist-info/RECORD", "",
)

// bed is a registrar with a registry.
type bed struct {
	*environment.Registrar
	host    string
	store   *environment.Store
	cluster *cluster
}

func newBed(t *testing.T, wrap func(http.Handler) http.Handler) *bed {
	t.Helper()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	if wrap != nil {
		handler = wrap(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	quick := []remote.Option{remote.WithRetryStatusCodes(http.StatusContinue)}
	where, err := environment.NewRegistry(host+"/environments", false, quick...)
	if err != nil {
		t.Fatal(err)
	}
	s, c, _ := newStore()
	return &bed{
		Registrar: &environment.Registrar{
			Store: s, Registry: where, Image: image.Options{Dir: t.TempDir()}, Remote: quick,
			Allowed: func(reference string) bool { return strings.HasPrefix(reference, host+"/") },
		},
		host: host, store: s, cluster: c,
	}
}

func (b *bed) upload(t *testing.T, archive []byte, domain string, terms environment.Terms) (*environment.Environment, environment.Result, error) {
	t.Helper()
	spooled, err := b.Receive(context.Background(), bytes.NewReader(archive), b.Image.Dir, image.Limits{})
	if err != nil {
		t.Error(err)
		return nil, "", err
	}
	defer spooled.Close()
	return b.Upload(context.Background(), spooled, domain, terms)
}

// TestUpload: from an archive to an environment whose image can be pulled by the digest it names.
func TestUpload(t *testing.T) {
	b := newBed(t, nil)
	made, result, err := b.upload(t, saved("env:1.0.0", "app", goodLayer), "a", environment.Terms{By: "ann"})
	if err != nil || result != environment.Created {
		t.Fatal(result, err)
	}
	if made.FullName != "env:1.0.0" || made.User.UID != 1000 || made.PackageCount != 1 || made.SizeBytes != int64(len(goodLayer)) ||
		!slices.Equal(made.ProcessTypes, []string{"fft"}) || len(made.Warnings) != 0 {
		t.Errorf("%+v", made)
	}
	want := environment.Runtime{Entrypoint: []string{"/run"}, Path: "/opt/conda/bin:/bin"}
	if diff := cmp.Diff(want, made.Runtime); diff != "" {
		t.Error(diff)
	}
	shown, err := json.Marshal(made)
	must(err)
	if strings.Contains(string(shown), "secret") {
		t.Error("the record has variables of the image")
	}
	ref, err := name.NewDigest(made.Image)
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Image(ref)
	if err != nil {
		t.Fatal(err)
	}
	config, err := pulled.ConfigName()
	if err != nil || config.String() != made.ImageID {
		t.Errorf("pulled %s, want %s, %v", config, made.ImageID, err)
	}
	layers, err := pulled.Layers()
	must(err)
	content, err := layers[0].Compressed()
	must(err)
	data, err := io.ReadAll(content)
	if err != nil || !bytes.Equal(data, goodLayer) {
		t.Errorf("the layer has changed, %v", err)
	}
	if _, result, err := b.upload(t, saved("env:1.0.0", "app", goodLayer), "a", environment.Terms{By: "ann"}); result != environment.Unchanged || err != nil {
		t.Errorf("the same again: %s, %v", result, err)
	}
	if made, result, err := b.upload(t, saved("env:1.0.0", "", goodLayer), "a", environment.Terms{By: "ann"}); result != environment.Replaced || err != nil || len(made.Warnings) != 1 {
		t.Errorf("another: %s, %v, %+v", result, err, made)
	}
}

// TestRefusedUploads leave no environment behind, and say why.
func TestRefusedUploads(t *testing.T) {
	b := newBed(t, nil)
	lying := bytes.Replace(goodLayer, []byte("fft"), []byte("FFT"), 1)
	for _, c := range []struct {
		name    string
		archive []byte
		want    string
	}{
		{"no archive", []byte("hello"), "NOT_AN_IMAGE"},
		{"schemas that do not compile", saved("env:1", "", tarOf("app/process_schemas.json", `{"t":{"schema":{"type":"text"}}}`)), "schemas /t/schema/type"},
		{"schemas that are no JSON", saved("env:1", "", tarOf("app/process_schemas.json", `{`)), "schemas "},
		{"a USER whom nobody knows", saved("env:1", "somebody", goodLayer), "UNKNOWN_USER"},
		{"a path that leaves the image", saved("env:1", "", tarOf("../etc/passwd", "x")), "UNSAFE_IMAGE"},
		{"a layer that is not its digest", bytes.Replace(saved("env:1", "", goodLayer), goodLayer, lying, 1), "NOT_AN_IMAGE"},
		{"no tag", saved("env", "", goodLayer), "NO_REPO_TAG"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := b.upload(t, c.archive, "a", environment.Terms{By: "ann"})
			var refused *image.Error
			var wrong *processtype.Error
			got := fmt.Sprint(err)
			switch {
			case errors.As(err, &refused):
				got = string(refused.Code)
			case errors.As(err, &wrong):
				got = "schemas " + wrong.Problems[0].Pointer
			}
			if got != c.want {
				t.Errorf("%s (%v), want %s", got, err, c.want)
			}
			if b.cluster.writes != 0 {
				t.Error("something was written")
			}
		})
	}
}

// TestConcurrentUploads of one name by many: one is created, and it is the one whose image the record names.
func TestConcurrentUploads(t *testing.T) {
	b := newBed(t, nil)
	var created, refused atomic.Int32
	var all sync.WaitGroup
	for i := range 6 {
		layer := tarOf("etc/passwd", fmt.Sprint("app:x:1000:", i, "::/home/app:/bin/sh\n"))
		all.Go(func() {
			made, result, err := b.upload(t, saved("env:1", "app", layer), "a", onlyOwner(fmt.Sprint("user", i)))
			switch {
			case result == environment.Created && made.User.GID == int64(i):
				created.Add(1)
			case errors.Is(err, errForbidden):
				refused.Add(1)
			default:
				t.Error(result, err)
			}
		})
	}
	all.Wait()
	if created.Load() != 1 || refused.Load() != 5 {
		t.Errorf("%d created, %d refused", created.Load(), refused.Load())
	}
}

// TestRefusedBeforeTheWork: who may not register a name does not get to push anything.
func TestRefusedBeforeTheWork(t *testing.T) {
	var writes atomic.Int32
	b := newBed(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				writes.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	register(t, b.store, entry(func(e *environment.Entry) { e.Domain = "b" }), environment.Terms{By: "bob"})
	_, _, err := b.upload(t, saved("env:1", "app", goodLayer), "a", environment.Terms{By: "ann"})
	if !errors.Is(err, environment.ErrExistsInOtherDomain) || writes.Load() != 0 {
		t.Errorf("%v, %d writes", err, writes.Load())
	}
}

// TestRegistryFails: an upload to a registry that fails, or that finds other digests, makes no environment.
func TestRegistryFails(t *testing.T) {
	for _, c := range []struct {
		name, method, path string
		status             int
		want               image.Code
	}{
		{"refuses uploads", http.MethodPost, "/blobs/uploads", http.StatusInsufficientStorage, image.Unreachable},
		{"refuses the manifest", http.MethodPut, "/manifests/", http.StatusForbidden, image.Unreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBed(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == c.method && strings.Contains(r.URL.Path, c.path) {
						w.WriteHeader(c.status)
						return
					}
					next.ServeHTTP(w, r)
				})
			})
			_, _, err := b.upload(t, saved("env:1", "app", goodLayer), "a", environment.Terms{By: "ann"})
			var refused *image.Error
			if !errors.As(err, &refused) || refused.Code != c.want || b.cluster.writes != 0 {
				t.Errorf("%v, %d writes", err, b.cluster.writes)
			}
		})
	}
}

// TestReference registers an image where it lies, by the digest it has.
func TestReference(t *testing.T) {
	b := newBed(t, nil)
	reference := b.push(t, "team/tools:2.1", goodLayer)
	first, result, err := b.Reference(t.Context(), "other:2", reference, "a", environment.Terms{By: "ann"})
	if err != nil || result != environment.Created || !strings.HasPrefix(first.Image, b.host+"/team/tools@sha256:") ||
		first.FullName != "other:2" || first.PackageCount != 1 {
		t.Fatalf("%+v, %s, %v", first, result, err)
	}
	if made, _, err := b.Reference(t.Context(), "third", reference, "a", environment.Terms{By: "ann"}); err != nil || made.FullName != "third:2.1" {
		t.Errorf("the tag is the reference's: %+v, %v", made, err)
	}
	if made, _, err := b.Reference(t.Context(), "fourth:1", first.Image, "a", environment.Terms{By: "ann"}); err != nil || made.Image != first.Image {
		t.Errorf("by digest: %+v, %v", made, err)
	}
	if _, _, err := b.Reference(t.Context(), "x:1", b.host+"/none:1", "a", environment.Terms{By: "ann"}); codeOf(err) != image.NotFound {
		t.Error(err)
	}
	if _, _, err := b.Reference(t.Context(), "No Name", first.Image, "a", environment.Terms{}); err == nil {
		t.Error("a name that is none")
	}
}

// TestWriteBOM: a bill of materials names every package and where it is, the same each time.
func TestWriteBOM(t *testing.T) {
	s, _, _ := newStore()
	made, _ := register(t, s, entry(), environment.Terms{By: "ann"})
	packages, err := s.Packages(t.Context(), made)
	must(err)
	var first, second bytes.Buffer
	must(environment.WriteBOM(&first, made, packages))
	must(environment.WriteBOM(&second, made, packages))
	if first.String() != second.String() {
		t.Error("not the same twice")
	}
	var doc struct {
		BOMFormat, SpecVersion string
		Metadata               struct {
			Component struct{ Name, Version, PURL string }
		}
		Components []struct{ Name, Version, PURL string }
	}
	must(json.Unmarshal(first.Bytes(), &doc))
	if doc.BOMFormat != "CycloneDX" || doc.SpecVersion != "1.6" || doc.Metadata.Component.Name != "env" ||
		!strings.HasPrefix(doc.Metadata.Component.PURL, "pkg:oci/env@sha256") {
		t.Errorf("%+v", doc)
	}
	var purls []string
	for _, c := range doc.Components {
		purls = append(purls, c.PURL)
	}
	want := []string{"pkg:conda/numpy@2.1.0?build=py311_0&channel=conda-forge", "pkg:pypi/flask-cors@1.0", "pkg:cran/sf@1.0-16"}
	if diff := cmp.Diff(want, purls); diff != "" {
		t.Error(diff)
	}
}

// TestRegistryThatMissesABlobForAMomentIsOfferedItAgain: Debian's does while another upload of the same image rewrites a
// link, and says that the digest is wrong in the same breath. One that never finds it is at fault, not the image.
func TestRegistryThatMissesABlobForAMomentIsOfferedItAgain(t *testing.T) {
	for _, tt := range []struct {
		name   string
		misses int64
		code   image.Code
	}{{"for a moment", 2, ""}, {"for ever", 1 << 30, image.Unreachable}} {
		t.Run(tt.name, func(t *testing.T) {
			var asked atomic.Int64
			b := newBed(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/") || asked.Add(1) > tt.misses {
						next.ServeHTTP(w, r)
						return
					}
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(http.StatusBadRequest)
					_, err := io.WriteString(w, `{"errors": [{"code": "DIGEST_INVALID", "message": "x"}, {"code": "MANIFEST_BLOB_UNKNOWN", "message": "y"}]}`)
					must(err)
				})
			})
			_, result, err := b.upload(t, saved("env:1", "app", goodLayer), "a", environment.Terms{By: "ada"})
			var refused *image.Error
			if tt.code == "" && (err != nil || result != environment.Created) ||
				tt.code != "" && (!errors.As(err, &refused) || refused.Code != tt.code) {
				t.Errorf("%s, %v after %d attempts, want code %q", result, err, asked.Load(), tt.code)
			}
		})
	}
}
