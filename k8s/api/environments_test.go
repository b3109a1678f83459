package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"kernelindexer/k8s/environment"
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

// What existing clients send: the file, then the domain. The answer says what is in the image.
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

// The addresses for forms, with the texts that existing clients know.
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
