package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"kernelindexer/k8s/api"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
	"kernelindexer/k8s/kernels"
)

// An image that is in a registry already is registered by its reference, and pinned by its digest.
func TestRegisterByReference(t *testing.T) {
	s := newSite(t)
	archive := saved(t, "env:1", contents(), "app")
	img, err := tarball.Image(opener(archive), nil)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.NewTag(s.registry+"/team/tools:2.1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	register := func(want int, user, reference string, more ...string) answer {
		t.Helper()
		body, err := json.Marshal(map[string]string{"name": "tools", "docker_image": reference, "domainId": "water"})
		if err != nil {
			t.Fatal(err)
		}
		return s.post(want, user, "/environments"+strings.Join(more, ""), string(body))
	}
	var e environmentJSON
	register(http.StatusCreated, "ada", ref.String()).into(&e)
	if e.FullName != "tools:2.1" || e.Image != s.registry+"/team/tools@"+digest.String() || len(e.ProcessTypes) != 2 {
		t.Errorf("%+v", e)
	}
	register(http.StatusOK, "ada", ref.String())
	s.refused(register(http.StatusConflict, "ada", ref.String(), "?overwrite=false"), "EXISTS_IN_DOMAIN")
	s.refused(register(http.StatusForbidden, "rea", ref.String()), "FORBIDDEN")
	s.refused(register(http.StatusForbidden, "bob", ref.String()), "NOT_OWNER")
	s.refused(register(http.StatusUnprocessableEntity, "ada", s.registry+"/team/nothing:1"), "IMAGE_NOT_FOUND")
	s.refused(register(http.StatusUnprocessableEntity, "ada", "evil.example.org/x:1"), "INVALID_REFERENCE")
	a := s.post(http.StatusUnprocessableEntity, "ada", "/environments", `{"name":""}`)
	if code, pointers := a.problem(); code != "INVALID_REQUEST" || strings.Join(pointers, " ") != "/docker_image /domainId /name" {
		t.Errorf("%s %v", code, pointers)
	}
	a = s.post(http.StatusUnprocessableEntity, "ada", "/environments", `{"name":"x","docker_image":"y","domainId":"water","secret":1}`)
	if code, pointers := a.problem(); code != "INVALID_REQUEST" || strings.Join(pointers, " ") != "/secret" {
		t.Errorf("%s %v", code, pointers)
	}
}

// Existing clients send a name and an image: the domain is the query's then, or the only one that there is.
func TestRegisterWithoutADomain(t *testing.T) {
	for _, test := range []struct {
		name, query, body string
		domains           domains
		status            int
		pointer           string
	}{
		{"in the body", "", `,"domainId":"water"`, domains{"water", "soil"}, http.StatusCreated, ""},
		{"in the query", "?domainId=water", "", domains{"water", "soil"}, http.StatusCreated, ""},
		{"in both", "?domainId=water", `,"domainId":"water"`, domains{"water", "soil"}, http.StatusCreated, ""},
		{"in both, and not the same", "?domainId=water", `,"domainId":"soil"`, domains{"water", "soil"}, http.StatusUnprocessableEntity, "/domainId"},
		{"the only one", "", "", domains{"water"}, http.StatusCreated, ""},
		{"one of several", "", "", domains{"water", "soil"}, http.StatusUnprocessableEntity, "/domainId"},
		{"none", "", "", domains{}, http.StatusUnprocessableEntity, "/domainId"},
		{"an unknown one", "?domainId=fire", "", domains{"water"}, http.StatusNotFound, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, func(o *api.Options) { o.Domains = test.domains })
			s.pushed("team/tools:2")
			a := s.post(test.status, "ada", "/environments"+test.query, fmt.Sprintf(`{"name":"tools","docker_image":"%s/team/tools:2"%s}`, s.registry, test.body))
			if test.status == http.StatusUnprocessableEntity {
				if code, pointers := a.problem(); code != "INVALID_REQUEST" || strings.Join(pointers, " ") != test.pointer {
					t.Errorf("%s", a.Body)
				}
			}
		})
	}
}

// A domain has so many environments, and no more; those that are deleted give their places back.
func TestEnvironmentsOfADomainAreBounded(t *testing.T) {
	s := newSite(t, func(o *api.Options) { o.Registrar.(*environment.Registrar).MaxPerDomain = 2 })
	first := s.environment("env:1")
	s.environment("env:2")
	image := saved(t, "env:3", contents(), "app")
	s.refused(s.upload(http.StatusTooManyRequests, "ada", "water", image), "QUOTA_EXCEEDED")
	s.pushed("team/tools:2")
	s.refused(s.post(http.StatusTooManyRequests, "ada", "/environments",
		fmt.Sprintf(`{"name":"tools","docker_image":"%s/team/tools:2","domainId":"water"}`, s.registry)), "QUOTA_EXCEEDED")
	s.upload(http.StatusOK, "ada", "water", saved(t, "env:2", contents(), "root"))
	s.upload(http.StatusCreated, "sol", "soil", saved(t, "soil:1", contents(), "app"))
	s.send(http.StatusNoContent, "ada", http.MethodDelete, "/api/v1/environment/"+first, nil)
	s.upload(http.StatusCreated, "ada", "water", image)
	s.refused(s.upload(http.StatusTooManyRequests, "ada", "water", saved(t, "env:1", contents(), "app")), "QUOTA_EXCEEDED")
}

// pushed puts an image into the registry, as somebody would who does not know of environments.
func (s *site) pushed(where string) {
	s.t.Helper()
	img, err := tarball.Image(opener(saved(s.t, "env:1", contents(), "app")), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	ref, err := name.NewTag(s.registry+"/"+where, name.Insecure)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		s.t.Fatal(err)
	}
}

// index is an index with one kernel.
type index struct{}

func (index) Packages(_ context.Context, language, name, version string) ([]image.Package, error) {
	switch language + "/" + name + "/" + version {
	case "Python/sci/1.0":
		return []image.Package{{Name: "scipy", Version: "1.2", Source: image.Python}}, nil
	case "Python/away/1.0":
		return nil, kernels.ErrAway
	}
	return nil, kernels.ErrNotFound
}

// An indexed kernel is an environment in a base image: it is mounted, read-only, where it was installed.
func TestRegisterAKernel(t *testing.T) {
	s := newSite(t, func(o *api.Options) { o.Kernels = index{} })
	img, err := tarball.Image(opener(saved(t, "base:1", contents(), "app")), nil)
	if err != nil {
		t.Fatal(err)
	}
	base := s.registry + "/team/base:1"
	ref, err := name.NewTag(base, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	body := func(language, kernel, version string) string {
		return fmt.Sprintf(`{"name":"sci","docker_image":%q,"domainId":"water","kernel":{"language":%q,"name":%q,"version":%q}}`, base, language, kernel, version)
	}
	var e environmentJSON
	s.post(http.StatusCreated, "ada", "/environments", body("Python", "sci", "1.0")).into(&e)
	if e.Kind != "kernel" || e.FullName != "sci:1.0" || e.PackageCount != 1 {
		t.Errorf("%+v", e)
	}
	var l launched
	s.post(http.StatusCreated, "ada", "/projects/water/process", `{"commands":["python -V"],"environment":{"id":"`+e.ID+`"}}`).into(&l)
	pod := s.job(l.ID, 0).Spec.Template.Spec
	mounted := false
	for _, m := range pod.Containers[0].VolumeMounts {
		mounted = mounted || m.MountPath == "/sw/Kernels/Python/sci/1.0" && m.SubPath == "Python/sci/1.0" && m.ReadOnly
	}
	if !mounted {
		t.Errorf("mounts %+v", pod.Containers[0].VolumeMounts)
	}
	moved := newSite(t, func(o *api.Options) {
		o.Environments, o.Launch.KernelsRoot = environment.NewStore(s.maps, nil), "/sw/Ker"
	})
	moved.refused(moved.post(http.StatusConflict, "ada", "/projects/water/process", `{"commands":["python -V"],"environment":{"id":"`+e.ID+`"}}`), "CONFLICT")
	for _, test := range [][]string{{"Python", "none", "1.0", "/kernel"}, {"Python", "..", "1.0", "/kernel/name"}, {"Py/thon", "sci", "1.0", "/kernel/language"}, {"Python", "sci", "", "/kernel/version"}} {
		a := s.post(http.StatusUnprocessableEntity, "ada", "/environments", body(test[0], test[1], test[2]))
		if code, pointers := a.problem(); code != "INVALID_REQUEST" || pointers[0] != test[3] {
			t.Errorf("%v: %s", test, a.Body)
		}
	}
	s.refused(s.post(http.StatusServiceUnavailable, "ada", "/environments", body("Python", "away", "1.0")), "UNAVAILABLE")
	none := newSite(t)
	none.refused(none.post(http.StatusUnprocessableEntity, "ada", "/environments", body("Python", "sci", "1.0")), "INVALID_REQUEST")
}
