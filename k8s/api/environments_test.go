package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"kernelindexer/k8s/api"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
	"kernelindexer/k8s/kernels"
)

// environmentJSON is what tests look at.
type environmentJSON struct {
	ID, Name, Tag, FullName, Scope, Kind, DomainID, Image, State string
	ProcessTypes, Warnings                                       []string
	PackageCount, Revision, InUseBy                              int
	User                                                         struct{ UID, GID int64 }
	CreatedBy                                                    string
	DockerImage                                                  string `json:"docker_image"`
	Types                                                        any    `json:"process_types"`
}

// The seed's request: the file, then the domain. The answer says what is in the image.
func TestUploadMakesAnEnvironment(t *testing.T) {
	s := newSite(t)
	w := s.upload(http.StatusCreated, "ada", "water", saved(t, "env:1.0.0", contents(), "app"))
	var e environmentJSON
	w.into(&e)
	if !strings.HasPrefix(e.Image, s.registry+"/environments/"+e.ID+"@sha256:") || w.Header().Get("Location") != "/api/v1/environment/"+e.ID {
		t.Errorf("image %s, %v", e.Image, w.Header())
	}
	ref, err := name.ParseReference(e.Image)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Image(ref); err != nil {
		t.Errorf("the image cannot be pulled: %v", err)
	}
	want := environmentJSON{
		ID: environment.IDOf("env:1.0.0"), Name: "env", Tag: "1.0.0", FullName: "env:1.0.0", Scope: "user", Kind: "image", DomainID: "water",
		Image: e.Image, State: "active", ProcessTypes: []string{"fft", "sum"}, Warnings: []string{}, PackageCount: 2, Revision: 1, CreatedBy: "ada",
	}
	want.User.UID, want.User.GID = 1001, 100
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var again environmentJSON
	s.get(http.StatusOK, "bob", "/api/v1/environment/"+e.ID).into(&again)
	if diff := cmp.Diff(e, again); diff != "" {
		t.Errorf("(-upload +get)\n%s", diff)
	}
}

// The same content is no new revision, other content is one, and who may make it is a matter of who made the first.
func TestUploadReplaces(t *testing.T) {
	s := newSite(t)
	first, second := saved(t, "env:1", contents(), "app"), saved(t, "env:1", contents(), "root")
	var e environmentJSON
	s.upload(http.StatusCreated, "ada", "water", first).into(&e)
	s.upload(http.StatusOK, "ada", "water", first).into(&e)
	if e.Revision != 1 {
		t.Errorf("revision %d of the same content", e.Revision)
	}
	s.refused(s.upload(http.StatusForbidden, "bob", "water", second), "NOT_OWNER")
	s.refused(s.upload(http.StatusForbidden, "rea", "water", second), "FORBIDDEN")
	s.refused(s.upload(http.StatusNotFound, "sol", "water", second), "NOT_FOUND")
	s.refused(s.upload(http.StatusNotFound, "ada", "fire", second), "NOT_FOUND")
	s.refused(s.upload(http.StatusConflict, "sol", "soil", second), "EXISTS_IN_OTHER_DOMAIN")
	s.upload(http.StatusOK, "ada", "water", second).into(&e)
	if e.Revision != 2 || len(e.Warnings) != 1 || e.CreatedBy != "ada" {
		t.Errorf("%+v", e)
	}
	s.upload(http.StatusOK, "max", "water", first).into(&e)
	if e.Revision != 3 || e.CreatedBy != "ada" {
		t.Errorf("%+v", e)
	}
	body, kind := form("environmentImage", "env.tar", string(second), "domainId", "", "water")
	s.refused(s.send(http.StatusConflict, "ada", http.MethodPost, "/api/v1/environment?overwrite=false", body, "Content-Type", kind), "EXISTS_IN_DOMAIN")
}

// PUT is for a certain environment, as it was when somebody looked at it.
func TestReplaceMeansOneEnvironment(t *testing.T) {
	s := newSite(t)
	image, other := saved(t, "env:1", contents(), "app"), saved(t, "env:2", contents(), "app")
	w := s.upload(http.StatusCreated, "ada", "water", image)
	var e environmentJSON
	w.into(&e)
	etag, target := w.Header().Get("ETag"), "/api/v1/environment/"+e.ID
	put := func(want int, user string, image []byte, header ...string) answer {
		t.Helper()
		body, kind := form("environmentImage", "x", string(image))
		return s.send(want, user, http.MethodPut, target, body, append(header, "Content-Type", kind)...)
	}
	put(http.StatusOK, "ada", image, "If-Match", etag)
	s.refused(put(http.StatusConflict, "ada", other), "NAME_MISMATCH")
	s.refused(put(http.StatusPreconditionFailed, "ada", image, "If-Match", `"x"`), "PRECONDITION_FAILED")
	s.refused(put(http.StatusForbidden, "bob", image), "NOT_OWNER")
	s.refused(put(http.StatusNotFound, "sol", image), "NOT_FOUND")
	if got := put(http.StatusOK, "ada", saved(t, "env:1", contents(), "root"), "If-Match", etag).Header().Get("ETag"); got == etag {
		t.Error("a new revision has the ETag of the old one")
	}
	s.refused(put(http.StatusPreconditionFailed, "ada", image, "If-Match", etag), "PRECONDITION_FAILED")
}

// Deleting leaves what runs alone, and the environment to be seen.
func TestDeleteEnvironment(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	target := "/api/v1/environment/" + id
	run := s.run(id)
	s.refused(s.send(http.StatusForbidden, "bob", http.MethodDelete, target, nil), "NOT_OWNER")
	s.refused(s.send(http.StatusNotFound, "sol", http.MethodDelete, target, nil), "NOT_FOUND")
	s.refused(s.send(http.StatusPreconditionFailed, "ada", http.MethodDelete, target, nil, "If-Match", `"1"`), "PRECONDITION_FAILED")
	s.send(http.StatusNoContent, "ada", http.MethodDelete, target, nil)
	s.send(http.StatusNoContent, "max", http.MethodDelete, target, nil)
	var e environmentJSON
	s.get(http.StatusOK, "bob", target).into(&e)
	if e.State != "deleted" || e.InUseBy != 1 {
		t.Errorf("%+v", e)
	}
	var list []environmentJSON
	s.get(http.StatusOK, "bob", "/api/v1/environment").into(&list)
	if len(list) != 0 {
		t.Errorf("%+v", list)
	}
	s.get(http.StatusOK, "bob", "/api/v1/environment?state=all").into(&list)
	if len(list) != 1 {
		t.Errorf("%+v", list)
	}
	s.refused(s.post(http.StatusGone, "ada", "/projects/water/process", `{"type":"sum","environment":{"id":"`+id+`"}}`), "ENVIRONMENT_DELETED")
	path := "/projects/water/process/" + run.ID
	s.refused(s.post(http.StatusGone, "ada", path+"/versions/0/clone", `{}`), "ENVIRONMENT_DELETED")
	var p struct{ Warnings []string }
	s.get(http.StatusOK, "ada", path).into(&p)
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "environment deleted") {
		t.Errorf("warnings %q", p.Warnings)
	}
	other := s.environment("env:2")
	s.post(http.StatusCreated, "ada", path+"/versions/0/clone", `{"environment":{"id":"`+other+`"}}`)
}

// Users change nothing of the system's environments, and all see them.
func TestSystemEnvironments(t *testing.T) {
	s := newSite(t)
	store := environment.NewStore(s.maps, nil)
	s.upload(http.StatusCreated, "ada", "water", saved(t, "env:1", contents(), "app"))
	entry := environment.Entry{Scope: environment.System, Kind: environment.Image, Image: "r/x@sha256:1", ImageID: "sha256:2", Platform: "linux/amd64"}
	entry.Name.Repository, entry.Name.Tag = "base", "1"
	e, _, err := store.Register(t.Context(), entry, environment.Terms{By: "system"})
	if err != nil {
		t.Fatal(err)
	}
	s.get(http.StatusOK, "sol", "/api/v1/environment/"+e.ID)
	s.refused(s.send(http.StatusConflict, "max", http.MethodDelete, "/api/v1/environment/"+e.ID, nil), "SYSTEM_ENVIRONMENT")
	s.refused(s.upload(http.StatusConflict, "max", "water", saved(t, "base:1", contents(), "")), "SYSTEM_ENVIRONMENT")
	body, kind := form("environmentImage", "x", "x")
	s.refused(s.send(http.StatusConflict, "max", http.MethodPut, "/api/v1/environment/"+e.ID, body, "Content-Type", kind), "SYSTEM_ENVIRONMENT")
}

// A list has what one may see, what is asked for, and page by page.
func TestListOfEnvironments(t *testing.T) {
	s := newSite(t)
	for _, tag := range []string{"env:1", "env:2", "tools/env:3"} {
		s.environment(tag)
	}
	bare := contents()
	for path := range bare {
		if strings.Contains(path, "site-packages") {
			delete(bare, path)
		}
	}
	s.upload(http.StatusCreated, "sol", "soil", saved(t, "soil:1", bare, "app"))
	names := func(user, query string) string {
		t.Helper()
		var list []environmentJSON
		s.get(http.StatusOK, user, "/api/v1/environment"+query).into(&list)
		var all []string
		for _, e := range list {
			all = append(all, e.FullName)
		}
		// The order is that of the IDs, which are hashes.
		return strings.Join(sortedStrings(all), " ")
	}
	for _, test := range []struct{ user, query, want string }{
		{"ada", "", "env:1 env:2 soil:1 tools/env:3"},
		{"bob", "", "env:1 env:2 tools/env:3"},
		{"sol", "", "soil:1"},
		{"ada", "?domainId=soil", "soil:1"},
		{"ada", "?name=ENV%3a2", "env:2"},
		{"ada", "?package=My.Pkg", "env:1 env:2 tools/env:3"},
		{"ada", "?package=scipy", ""},
		{"ada", "?scope=system", ""},
		{"ada", "?state=deleted", ""},
		{"eve", "", ""},
	} {
		if got := names(test.user, test.query); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.user, test.query, got, test.want)
		}
	}
	s.get(http.StatusNotFound, "sol", "/api/v1/environment?domainId=water")
	for _, query := range []string{"?scope=x", "?state=x", "?limit=0", "?limit=x", "?limit=1001", "?cursor=%25", "?name=%0a"} {
		s.refused(s.get(http.StatusBadRequest, "ada", "/api/v1/environment"+query), "BAD_REQUEST")
	}
	var all []string
	target := "/api/v1/environment?limit=2"
	for range 3 {
		w := s.get(http.StatusOK, "ada", target)
		var page []environmentJSON
		w.into(&page)
		for _, e := range page {
			all = append(all, e.FullName)
		}
		link := w.Header().Get("Link")
		if link == "" {
			break
		}
		target = strings.TrimSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
	}
	if got := strings.Join(sortedStrings(all), " "); got != "env:1 env:2 soil:1 tools/env:3" {
		t.Errorf("pages have %q", got)
	}
}

// What is installed is what condaenv reads in the image, as a list and as a bill of materials.
func TestPackagesOfAnEnvironment(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	var p struct {
		Prefixes []struct {
			Path     string
			Packages []struct{ Name, Version, Source string }
		}
	}
	s.get(http.StatusOK, "bob", "/api/v1/environment/"+id+"/packages").into(&p)
	if len(p.Prefixes) != 1 || p.Prefixes[0].Path != "/usr/lib/python3.12/site-packages" || len(p.Prefixes[0].Packages) != 2 {
		t.Errorf("%+v", p)
	}
	if bom := s.get(http.StatusOK, "bob", "/api/v1/environment/"+id+"/sbom").Body.String(); !strings.Contains(bom, `"pkg:pypi/my-pkg@1.0"`) {
		t.Errorf("%s", bom)
	}
	s.refused(s.get(http.StatusBadRequest, "bob", "/api/v1/environment/"+id+"/sbom?format=spdx"), "BAD_REQUEST")
	for _, path := range []string{"", "/packages", "/sbom"} {
		s.refused(s.get(http.StatusNotFound, "sol", "/api/v1/environment/"+id+path), "NOT_FOUND")
		s.refused(s.get(http.StatusNotFound, "ada", "/api/v1/environment/env-x"+path), "NOT_FOUND")
	}
}

// The seed's addresses for forms, with its texts.
func TestProcessTypes(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	if got := s.get(http.StatusOK, "bob", "/environments/"+id+"/process-types").Body.String(); got != schemas {
		t.Errorf("not the image's file: %s", got)
	}
	if got := s.get(http.StatusOK, "bob", "/process-types?environment="+id).Body.String(); got != schemas {
		t.Errorf("not the image's file: %s", got)
	}
	if got := s.get(http.StatusOK, "bob", "/environments/"+id+"/process-types/sum").Body.String(); got != `{"schema":{"type":"object"}}`+"\n" {
		t.Errorf("%s", got)
	}
	detail := func(a answer) string {
		var p struct{ Detail string }
		a.into(&p)
		return p.Detail
	}
	if got := detail(s.get(http.StatusNotFound, "bob", "/environments/env-x/process-types")); got != "Environment not found" {
		t.Error(got)
	}
	if got := detail(s.get(http.StatusNotFound, "sol", "/environments/"+id+"/process-types")); got != "Environment not found" {
		t.Error(got)
	}
	if got := detail(s.get(http.StatusNotFound, "bob", "/environments/"+id+"/process-types/a%2Fb")); got != "Process type 'a/b' not found in environment" {
		t.Error(got)
	}
	other := contents()
	other["app/process_schemas.json"] = `{"sum":{"schema":{"type":"object","title":"Newer"}},"more":{"schema":{}}}`
	var newer environmentJSON
	s.upload(http.StatusCreated, "ada", "water", saved(t, "env:2", other, "app")).into(&newer)
	var all map[string]struct {
		Environments []string
		Schema       map[string]any
	}
	s.get(http.StatusOK, "ada", "/process-types").into(&all)
	if len(all) != 3 || len(all["sum"].Environments) != 2 || len(all["fft"].Environments) != 1 || all["more"].Environments[0] != newer.ID {
		t.Errorf("%+v", all)
	}
	var list []environmentJSON
	s.get(http.StatusOK, "ada", "/environments?include_schemas=true&name=env:1").into(&list)
	if len(list) != 1 || list[0].DockerImage != list[0].Image || list[0].Types == nil {
		t.Errorf("%+v", list)
	}
	s.get(http.StatusOK, "ada", "/environments?name=env:1").into(&list)
	if len(list) != 1 || list[0].ID != id {
		t.Errorf("%+v", list)
	}
}

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
