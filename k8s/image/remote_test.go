package image_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"kernelindexer/k8s/image"
)

// serve starts a registry and returns its host.
func serve(t *testing.T, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	handler := registry.New(registry.Logger(quiet()))
	if wrap != nil {
		handler = wrap(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// TestWhatIsPushedIsWhatWasSaved pushes images of every form and gets them back by digest: the same layers, byte for
// byte, under the digest that Open said.
func TestWhatIsPushedIsWhatWasSaved(t *testing.T) {
	packed := one("env:1")
	packed.plain = packed.layers
	packed.layers = [][]byte{gz(packed.plain[0]), zst(packed.plain[1])}
	host := serve(t, nil)
	for form, data := range map[string][]byte{
		"docker": docker(one("env:1")).tar(), "docker packed": docker(packed).tar(),
		"oci": oci(true, one("env:1")).tar(), "oci packed": oci(false, packed).tar(),
	} {
		t.Run(form, func(t *testing.T) {
			found, err := open(t, data, image.Options{})
			if err != nil {
				t.Fatal(err)
			}
			ref, err := name.NewDigest(host + "/env@" + found.Digest.String())
			check(err)
			if err := remote.Write(ref, found.Source); err != nil {
				t.Fatal(err)
			}
			back, err := image.Remote(t.Context(), ref.String(), nil, image.Options{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			if back.ID != found.ID || back.Digest != found.Digest {
				t.Errorf("ID %s and digest %s, pushed %s and %s", back.ID, back.Digest, found.ID, found.Digest)
			}
			contents, err := image.Scan(t.Context(), back)
			if err != nil {
				t.Fatal(err)
			}
			defer contents.Close()
			if _, ok, err := contents.Schemas(1000); err != nil || !ok {
				t.Errorf("schemas %t, %v", ok, err)
			}
		})
	}
}

// TestRemoteRefuses is what Remote says of references and registries that do not give an image.
func TestRemoteRefuses(t *testing.T) {
	host := serve(t, nil)
	arm := one("env:1")
	arm.arch = "arm64"
	found, err := open(t, docker(arm).tar(), image.Options{Platform: v1.Platform{OS: "linux", Architecture: "arm64"}})
	check(err)
	tag, err := name.NewTag(host + "/arm:1")
	check(err)
	check(remote.Write(tag, found.Source))
	many, err := name.NewTag(host + "/many:1")
	check(err)
	check(remote.WriteIndex(many, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: found.Source, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}},
	})))
	failing := serve(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	})
	closed := httptest.NewServer(nil)
	closed.Close()
	for _, c := range []struct {
		name, reference string
		want            image.Code
	}{
		{"no reference", "Not A Reference", image.BadReference},
		{"empty", "", image.BadReference},
		{"unknown", host + "/nothing:1", image.NotFound},
		{"another platform", host + "/arm:1", image.WrongPlatform},
		{"an index of other platforms", host + "/many:1", image.WrongPlatform},
		{"no registry", failing + "/x:1", image.Unreachable},
		{"nobody there", strings.TrimPrefix(closed.URL, "http://") + "/x:1", image.Unreachable},
		{"a path that climbs", host + "/base/../arm:1", image.BadReference},
		{"a path with dots alone", host + "/base/./arm:1", image.BadReference},
		{"an empty part of a path", host + "/base//arm:1", image.BadReference},
		{"a scheme", "http://" + host + "/arm:1", image.BadReference},
		{"a question", host + "/arm?x:1", image.BadReference},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := image.Remote(t.Context(), c.reference, nil, image.Options{}, remote.WithRetryStatusCodes(http.StatusContinue))
			if codeOf(err) != string(c.want) {
				t.Errorf("code %q (%v), want %q", codeOf(err), err, c.want)
			}
		})
	}
}

// TestRegistryThatLies: a layer that is not its digest, and one that breaks off, are no environment.
func TestRegistryThatLies(t *testing.T) {
	s := saved{layers: layers(schemas), names: []string{"env:1"}}
	found, err := open(t, oci(false, s).tar(), image.Options{})
	check(err)
	for _, c := range []struct {
		name  string
		layer []byte
	}{
		{"another layer", bytes.Replace(s.layers[0], []byte("fft"), []byte("FFT"), 1)},
		{"half of it", s.layers[0][:len(s.layers[0])/2]},
	} {
		t.Run(c.name, func(t *testing.T) {
			host := serve(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/blobs/sha256:"+sum(s.layers[0])) {
						_, err := w.Write(c.layer)
						check(err)
						return
					}
					next.ServeHTTP(w, r)
				})
			})
			tag, err := name.NewTag(host + "/env:1")
			check(err)
			check(remote.Write(tag, found.Source))
			back, err := image.Remote(t.Context(), tag.String(), nil, image.Options{Dir: t.TempDir()})
			check(err)
			if _, err := image.Scan(t.Context(), back); codeOf(err) != string(image.Unreachable) {
				t.Errorf("got %v", err)
			}
		})
	}
}
