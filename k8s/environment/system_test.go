package environment_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
)

// push puts an image into the registry, as somebody who does not know of environments would, and returns its reference.
func (b *bed) push(t *testing.T, where string, layer []byte) string {
	t.Helper()
	spooled, err := image.Spool(t.Context(), strings.NewReader(string(saved("env:1", "app", layer))), t.TempDir(), image.Limits{}, nil)
	must(err)
	defer spooled.Close()
	found, err := image.Open(t.Context(), spooled, spooled.Size, image.Options{})
	must(err)
	ref, err := name.NewTag(b.host + "/" + where)
	must(err)
	must(remote.Write(ref, found.Source))
	return ref.String()
}

// TestSystemEnvironment: what the configuration names is for all domains, is looked into once for each digest, and users
// change nothing of it.
func TestSystemEnvironment(t *testing.T) {
	var layers atomic.Int32
	b := newBed(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/sha256:"+sum(goodLayer)) {
				layers.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	b.Allowed = func(string) bool { return false }
	base := image.Name{Repository: "base", Tag: "1"}
	reference := b.push(t, "team/tools:2", goodLayer)
	for i, want := range []environment.Result{environment.Created, environment.Unchanged, environment.Unchanged} {
		made, result, err := b.System(t.Context(), base, reference, "configuration")
		if err != nil || result != want || made.Scope != environment.System || made.DomainID != "" || made.PackageCount != 1 || layers.Load() != 1 {
			t.Fatalf("%d: %+v, %s, %v, the layer was read %d times", i, made, result, err, layers.Load())
		}
	}
	b.push(t, "team/tools:2", tarOf("etc/passwd", "app:x:1000:7::/home/app:/bin/sh\n"))
	made, result, err := b.System(t.Context(), base, reference, "configuration")
	if err != nil || result != environment.Replaced || made.Revision != 2 || !made.For("any") {
		t.Fatalf("a tag that has moved: %+v, %s, %v", made, result, err)
	}
	if _, _, err := b.upload(t, saved("base:1", "app", goodLayer), "a", environment.Terms{By: "ann"}); !errors.Is(err, environment.ErrSystem) {
		t.Errorf("uploaded over it: %v", err)
	}
	if _, err := b.store.Delete(t.Context(), made.ID, environment.Terms{By: "ann"}); !errors.Is(err, environment.ErrSystem) {
		t.Errorf("deleted: %v", err)
	}
	if _, _, err := b.upload(t, saved("env:1", "app", goodLayer), "a", environment.Terms{By: "ann"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.System(t.Context(), image.Name{Repository: "env", Tag: "1"}, reference, "configuration"); !errors.Is(err, environment.ErrExistsInOtherDomain) {
		t.Errorf("a name that a user has: %v", err)
	}
}

// TestRetireSystem: what is not configured any more is a tombstone, users' environments are left alone, and what is
// configured again is back.
func TestRetireSystem(t *testing.T) {
	b := newBed(t, nil)
	reference := b.push(t, "team/tools:2", goodLayer)
	one, two := image.Name{Repository: "base", Tag: "1"}, image.Name{Repository: "base", Tag: "2"}
	for _, full := range []image.Name{one, two} {
		_, _, err := b.System(t.Context(), full, reference, "configuration")
		must(err)
	}
	_, _, err := b.upload(t, saved("env:1", "app", goodLayer), "a", environment.Terms{By: "ann"})
	must(err)
	retire := func(keep ...string) []string {
		t.Helper()
		retired, err := b.store.RetireSystem(t.Context(), func(full string) bool { return strings.Contains(strings.Join(keep, " "), full) }, "configuration", nil)
		must(err)
		return retired
	}
	if diff := cmp.Diff([]string{"base:2"}, retire("base:1")); diff != "" {
		t.Error(diff)
	}
	if retired := retire("base:1"); retired != nil {
		t.Errorf("twice: %v", retired)
	}
	states := map[string]environment.State{}
	must(b.store.List(t.Context(), "", nil, func(e *environment.Environment) bool { states[e.FullName] = e.State; return true }))
	want := map[string]environment.State{"base:1": "active", "base:2": "deleted", "env:1": "active"}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	if made, result, err := b.System(t.Context(), two, reference, "configuration"); err != nil || result != environment.Replaced || made.State != environment.Active {
		t.Errorf("%+v, %s, %v", made, result, err)
	}
}

// TestInsecureRegistry: a registry without TLS that is not on this machine is spoken to where that is said, and nowhere
// else.
func TestInsecureRegistry(t *testing.T) {
	b := newBed(t, nil)
	b.push(t, "team/tools:2", goodLayer)
	dialer := &net.Dialer{}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, b.host)
	}}
	b.Remote = append(b.Remote, remote.WithTransport(transport))
	b.Allowed = func(string) bool { return true }
	const reference = "registry.example.org:5000/team/tools:2"
	for _, c := range []struct {
		name     string
		insecure func(string) bool
		code     image.Code
	}{
		{"it is said of none", nil, image.Unreachable},
		{"of another port", func(host string) bool { return host == "registry.example.org" }, image.Unreachable},
		{"of this one", func(host string) bool { return host == "registry.example.org:5000" }, ""},
	} {
		b.Insecure = c.insecure
		_, _, err := b.Reference(t.Context(), "tools:2", reference, "a", environment.Terms{By: "ann"})
		if got := codeOf(err); got != c.code {
			t.Errorf("%s: %q (%v), want %q", c.name, got, err, c.code)
		}
		_, _, err = b.Kernel(t.Context(), "kernel:1", reference, "a", environment.KernelPath{Prefix: "/k"}, nil, environment.Terms{By: "ann"})
		if got := codeOf(err); got != c.code {
			t.Errorf("%s, a kernel: %q (%v), want %q", c.name, got, err, c.code)
		}
	}
}

// codeOf is why an image is refused.
func codeOf(err error) image.Code {
	var refused *image.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	if err != nil {
		return image.Code(err.Error())
	}
	return ""
}

// TestReferencesThatUsersMayNotName: those that are not allowed, those that climb out of what is, and the repositories of
// environments, whose images are others'.
func TestReferencesThatUsersMayNotName(t *testing.T) {
	b := newBed(t, nil)
	made, _, err := b.upload(t, saved("env:1", "app", goodLayer), "a", environment.Terms{By: "ann"})
	must(err)
	b.Allowed = func(reference string) bool { return strings.HasPrefix(strings.ToLower(reference), b.host+"/") }
	own := strings.Split(made.Image, "@")[0]
	for _, reference := range []string{
		"example.org/x:1", "169.254.169.254/x", made.Image, own, own + ":sha256-x",
		b.host + "/base/../environments/" + made.ID, b.host + "/base/./x", b.host + "//x", "http://" + b.host + "/x", b.host + "/environments/env-x:1",
		b.host + "/environments/../environments/x:1",
	} {
		_, _, err := b.Reference(t.Context(), "x:1", reference, "a", environment.Terms{By: "ann"})
		if codeOf(err) != image.BadReference {
			t.Errorf("%s: %v", reference, err)
		}
		_, _, err = b.Kernel(t.Context(), "k:1", reference, "a", environment.KernelPath{Prefix: "/k"}, nil, environment.Terms{By: "ann"})
		if codeOf(err) != image.BadReference {
			t.Errorf("kernel in %s: %v", reference, err)
		}
	}
	reference := b.push(t, "environments/other:1", goodLayer)
	if _, _, err := b.Reference(t.Context(), "x:1", reference, "a", environment.Terms{By: "ann"}); err != nil {
		t.Errorf("a repository beside those of environments: %v", err)
	}
}
