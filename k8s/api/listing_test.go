package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

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

// One record that is damaged is passed over, and logged: it must not take the list of all others with it.
func TestDamagedEnvironmentsArePassedOver(t *testing.T) {
	damage := map[string]func(*configMaps, string){
		"the record": func(m *configMaps, id string) { m.objects[id].Data["environment.json"] = "{" },
		"the schemas": func(m *configMaps, id string) {
			m.objects[id].BinaryData["process_schemas.json.gz"] = []byte("no gzip")
			m.objects[id].Data["environment.json"] = strings.ReplaceAll(m.objects[id].Data["environment.json"], `"schemas": "sha256:`, `"schemas": "sha256:0`)
		},
		"the packages": func(m *configMaps, id string) {
			for _, object := range m.objects {
				if object.Labels["kernel-jobs/environment"] == id {
					object.BinaryData["packages.json.gz"] = nil
				}
			}
		},
		"no packages": func(m *configMaps, id string) {
			for name, object := range m.objects {
				if object.Labels["kernel-jobs/environment"] == id {
					delete(m.objects, name)
				}
			}
		},
	}
	for name, harm := range damage {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			bad, good := s.environment("bad:1"), s.environment("good:1")
			harm(s.maps, bad)
			var list []environmentJSON
			for _, target := range []string{"/environments?include_schemas=true", "/api/v1/environment?package=numpy", "/api/v1/environment", "/environments"} {
				s.get(http.StatusOK, "bob", target).into(&list)
				ids := []string{}
				for _, e := range list {
					ids = append(ids, e.ID)
				}
				if !slices.Contains(ids, good) {
					t.Errorf("%s: %v", target, ids)
				}
			}
			var all map[string]struct{ Environments []string }
			s.get(http.StatusOK, "bob", "/process-types").into(&all)
			if !slices.Contains(all["fft"].Environments, good) {
				t.Errorf("%+v", all)
			}
			if !strings.Contains(s.logged.String(), "environment passed over") {
				t.Error("the log does not say so")
			}
		})
	}
}

// Who may see all of a domain is asked about once for it, not for each environment.
func TestRightsAreAskedForOncePerDomain(t *testing.T) {
	s := newSite(t)
	for i := range 5 {
		s.environment(fmt.Sprintf("env:%d", i))
	}
	s.reviews.named = 0
	var list []environmentJSON
	s.get(http.StatusOK, "bob", "/api/v1/environment").into(&list)
	if len(list) != 5 || s.reviews.named != 0 {
		t.Errorf("%d environments, %d questions about one of them", len(list), s.reviews.named)
	}
}

// Packages of an environment are read once for any number of questions, and not those of another one.
func TestPackagesAreKept(t *testing.T) {
	s := newSite(t)
	s.environment("env:1")
	found := func(name string) int {
		var list []environmentJSON
		s.get(http.StatusOK, "bob", "/api/v1/environment?package="+name).into(&list)
		return len(list)
	}
	if found("numpy") != 1 || found("scipy") != 0 {
		t.Error("the packages are not those of the image")
	}
	files := contents()
	for path, text := range files {
		if strings.Contains(path, "numpy") {
			delete(files, path)
			files[strings.ReplaceAll(path, "numpy", "scipy")] = strings.ReplaceAll(text, "numpy", "scipy")
		}
	}
	s.upload(http.StatusOK, "ada", "water", saved(t, "env:1", files, "app"))
	if found("numpy") != 0 || found("scipy") != 1 {
		t.Error("the packages are those of the former revision")
	}
}
