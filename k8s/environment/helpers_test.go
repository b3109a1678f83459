package environment_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clientgotesting "k8s.io/client-go/testing"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
	"kernelindexer/k8s/processtype"
)

// cluster is client-go's fake with what it lacks of an API server: resource versions, conflicts and preconditions.
type cluster struct {
	mu        sync.Mutex
	clientset *fake.Clientset
	version   int
	writes    int
}

func newCluster() *cluster {
	c := &cluster{clientset: fake.NewClientset()}
	for _, verb := range []string{"create", "update", "delete"} {
		c.clientset.PrependReactor(verb, "configmaps", c.react)
	}
	return c
}

var configMaps = corev1.Resource("configmaps")

func (c *cluster) react(action clientgotesting.Action) (bool, runtime.Object, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tracker, gvr, ns := c.clientset.Tracker(), action.GetResource(), action.GetNamespace()
	current := func(name string) (*corev1.ConfigMap, error) {
		object, err := tracker.Get(gvr, ns, name)
		if err != nil {
			return nil, err
		}
		return object.(*corev1.ConfigMap), nil
	}
	c.writes++
	switch a := action.(type) {
	case clientgotesting.UpdateAction: // also create, which has the same method
		object := a.GetObject().(*corev1.ConfigMap).DeepCopy()
		c.version++
		if action.GetVerb() == "create" {
			object.ResourceVersion = strconv.Itoa(c.version)
			return true, object, tracker.Create(gvr, object, ns)
		}
		was, err := current(object.Name)
		if err != nil {
			return true, nil, err
		}
		if object.ResourceVersion != "" && object.ResourceVersion != was.ResourceVersion {
			return true, nil, apierrors.NewConflict(configMaps, object.Name, errors.New("changed"))
		}
		object.ResourceVersion = strconv.Itoa(c.version)
		return true, object, tracker.Update(gvr, object, ns)
	case clientgotesting.DeleteActionImpl:
		was, err := current(a.Name)
		if err != nil {
			return true, nil, err
		}
		if p := a.DeleteOptions.Preconditions; p != nil && p.ResourceVersion != nil && *p.ResourceVersion != was.ResourceVersion {
			return true, nil, apierrors.NewConflict(configMaps, a.Name, errors.New("changed"))
		}
		return true, nil, tracker.Delete(gvr, ns, a.Name)
	}
	return false, nil, nil
}

func (c *cluster) maps() environment.ConfigMaps { return c.clientset.CoreV1().ConfigMaps("backend") }

// clock is a clock that is set by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newStore() (*environment.Store, *cluster, *clock) {
	c, time := newCluster(), newClock()
	return environment.NewStore(c.maps(), time.Now), c, time
}

// entry is a user environment env:1 of domain a.
func entry(change ...func(*environment.Entry)) environment.Entry {
	types, err := processtype.Parse([]byte(`{"fft":{"schema":{"type":"object"}}}`))
	if err != nil {
		panic(err)
	}
	e := environment.Entry{
		Name: image.Name{Repository: "env", Tag: "1"}, Scope: environment.User, Kind: environment.Image, Domain: "a",
		Image: "registry/env@sha256:1", ImageID: "sha256:i1", Platform: "linux/amd64",
		User: image.User{UID: 1000, GID: 100, Home: "/home/app"}, Types: types, Size: 42,
		Prefixes: []image.Prefix{{Path: "/opt/conda", Kind: image.CondaPrefix, Packages: []image.Package{
			{Name: "numpy", Version: "2.1.0", Source: image.Conda, Build: "py311_0", Channel: "conda-forge"},
			{Name: "Flask_Cors", Version: "1.0", Source: image.Python},
			{Name: "sf", Version: "1.0-16", Source: image.R},
		}}},
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

func newImage(id string) func(*environment.Entry) {
	return func(e *environment.Entry) { e.Image, e.ImageID = "registry/env@sha256:"+id, "sha256:"+id }
}

func inDomain(d string) func(*environment.Entry) { return func(e *environment.Entry) { e.Domain = d } }

func system(e *environment.Entry) { e.Scope, e.Domain = environment.System, "" }

func register(t *testing.T, s *environment.Store, e environment.Entry, terms environment.Terms) (*environment.Environment, environment.Result) {
	t.Helper()
	made, result, err := s.Register(t.Context(), e, terms)
	if err != nil {
		t.Fatal(err)
	}
	return made, result
}

var errForbidden = errors.New("forbidden")

// onlyOwner permits changes to who made the environment.
func onlyOwner(by string) environment.Terms {
	return environment.Terms{By: by, Permit: func(_ context.Context, e *environment.Environment) error {
		if e.CreatedBy != by {
			return errForbidden
		}
		return nil
	}}
}

func count(t *testing.T, c *cluster, object string) int {
	t.Helper()
	list, err := c.maps().List(t.Context(), metav1.ListOptions{LabelSelector: "kernel-jobs/object=" + object})
	if err != nil {
		t.Fatal(err)
	}
	return len(list.Items)
}
