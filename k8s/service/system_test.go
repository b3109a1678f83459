package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	stdlog "log"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"kernelindexer/k8s/service"
)

// configMaps answers for the ConfigMaps of the cluster, and hands on all else.
type configMaps struct {
	next    http.Handler
	mu      sync.Mutex
	objects map[string]*corev1.ConfigMap
}

func (m *configMaps) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, object, ok := strings.Cut(r.URL.Path, "/configmaps")
	if !ok {
		m.next.ServeHTTP(w, r)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	object = strings.TrimPrefix(object, "/")
	switch {
	case r.Method == http.MethodGet && object == "":
		list := corev1.ConfigMapList{}
		list.Kind, list.APIVersion = "ConfigMapList", "v1"
		for _, one := range slices.Sorted(maps.Keys(m.objects)) {
			if strings.Contains(r.URL.Query().Get("labelSelector"), "kernel-jobs/object="+m.objects[one].Labels["kernel-jobs/object"]) {
				list.Items = append(list.Items, *m.objects[one])
			}
		}
		_ = json.NewEncoder(w).Encode(list)
	case r.Method == http.MethodGet && m.objects[object] == nil:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
	case r.Method == http.MethodGet:
		_ = json.NewEncoder(w).Encode(m.objects[object])
	default:
		body, err := io.ReadAll(r.Body)
		if err == nil {
			var decoded any
			decoded, _, err = scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil) // JSON or protobuf
			if one, ok := decoded.(*corev1.ConfigMap); ok {
				one.Kind, one.APIVersion = "ConfigMap", "v1"
				m.objects[one.Name] = one
				_ = json.NewEncoder(w).Encode(one)
				return
			}
		}
		http.Error(w, fmt.Sprint(err), http.StatusBadRequest)
	}
}

// pushed puts a small image into a registry, and returns its reference.
func pushed(t *testing.T) string {
	t.Helper()
	images := httptest.NewServer(registry.New(registry.Logger(stdlog.New(io.Discard, "", 0))))
	t.Cleanup(images.Close)
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer(make([]byte, 1024), types.DockerUncompressedLayer))
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	ref, err := name.NewTag(strings.TrimPrefix(images.URL, "http://") + "/base/python:3")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	return ref.String()
}

// The leader makes the system environments what the configuration says; one that cannot be had is a warning, and keeps
// nothing from working.
func TestSystemEnvironmentsAreConfigured(t *testing.T) {
	c := newCluster(t)
	c.Config.Handler = &configMaps{next: c.Config.Handler, objects: map[string]*corev1.ConfigMap{}}
	reference := pushed(t)
	shows := func(r *running, want ...string) func() bool {
		return func() bool {
			_, body := r.get(r.api, "/api/v1/environment?scope=system&state=all")
			for _, text := range want {
				if !strings.Contains(body, text) {
					return false
				}
			}
			return true
		}
	}
	cfg, out := config(t, c)
	cfg.System = []string{"python:3=" + reference, "away:1=127.0.0.1:1/away:1", "missing:1=" + reference + "-x"}
	first := start(t, cfg, out)
	wait(t, "a system environment", shows(first, `"fullName":"python:3"`, `"scope":"system"`, `"state":"active"`, `"createdBy":"configuration"`))
	wait(t, "warnings", func() bool { return strings.Count(out.String(), "not a system environment yet") == 2 })
	if !first.ready() || strings.Contains(out.String(), `"level":"error"`) {
		t.Error(out.String())
	}
	if err := first.stop(); err != nil {
		t.Error(err)
	}
	cfg, out = config(t, c)
	second := start(t, cfg, out)
	wait(t, "a tombstone", shows(second, `"fullName":"python:3"`, `"state":"deleted"`, `"deletedBy":"configuration"`))
	if err := second.stop(); err != nil {
		t.Error(err)
	}
}

// What cannot be a system environment at all is an error of the configuration.
func TestSystemEnvironmentsAreChecked(t *testing.T) {
	c := newCluster(t)
	for _, text := range []string{
		"python:3", "python=r/x:3", "=r/x:1", "python:3=", "python:3=r/../x", "Python:3=r/x", "python:3=r/x,python:3=r/y", "python:3=r/x:1,docker.io/library/python:3=r/x:1",
	} {
		cfg, _ := config(t, c)
		cfg.System = strings.Split(text, ",")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // one that passes would run
		err := service.Run(ctx, cfg)
		cancel()
		if err == nil || !strings.Contains(err.Error(), "system environment") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
