package environment_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
	"kernelindexer/k8s/processtype"
)

// TestRegisterAndGet: what is registered comes back.
func TestRegisterAndGet(t *testing.T) {
	s, _, clock := newStore()
	made, result := register(t, s, entry(), environment.Terms{By: "ann"})
	if result != environment.Created {
		t.Errorf("result %s", result)
	}
	got, err := s.Get(t.Context(), environment.IDOf("env:1"))
	if err != nil {
		t.Fatal(err)
	}
	want := &environment.Environment{
		ID: environment.IDOf("env:1"), Name: "env", Tag: "1", FullName: "env:1", Scope: "user", Kind: "image", DomainID: "a",
		Image: "registry/env@sha256:1", ImageID: "sha256:i1", Platform: "linux/amd64",
		User: image.User{UID: 1000, GID: 100, Home: "/home/app"}, SizeBytes: 42, ProcessTypes: []string{"fft"}, PackageCount: 3,
		Warnings: []string{}, CreatedBy: "ann", CreatedAt: clock.Now(), UpdatedBy: "ann", UpdatedAt: clock.Now(),
		State: "active", Revision: 1, Revisions: got.Revisions,
	}
	for _, e := range []*environment.Environment{made, got} {
		if diff := cmp.Diff(want, e, cmp.FilterPath(func(p cmp.Path) bool {
			return strings.HasPrefix(p.String(), "version") || strings.HasPrefix(p.String(), "schemas")
		}, cmp.Ignore()), cmp.AllowUnexported(environment.Environment{})); diff != "" {
			t.Error("(-want +got)\n", diff)
		}
	}
	types, err := got.Types()
	if err != nil || !types.Has("fft") {
		t.Errorf("types %v, %v", types, err)
	}
	packages, err := s.Packages(t.Context(), got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(entry().Prefixes, packages); diff != "" {
		t.Error(diff)
	}
	if !environment.IsID(got.ID) || len(got.ID) > 63 {
		t.Errorf("ID %s", got.ID)
	}
}

// TestWhoMayRegister is the table of D8: whose names are whose.
func TestWhoMayRegister(t *testing.T) {
	bob, ann := onlyOwner("bob"), onlyOwner("ann")
	with := func(terms environment.Terms, change func(*environment.Terms)) environment.Terms {
		change(&terms)
		return terms
	}
	for _, c := range []struct {
		name    string
		there   *environment.Entry // by ann
		deleted bool
		entry   environment.Entry
		terms   environment.Terms
		result  environment.Result
		err     error
	}{
		{"a new name", nil, false, entry(), ann, environment.Created, nil},
		{"one's own, the same content", ptr(entry()), false, entry(), ann, environment.Unchanged, nil},
		{"one's own, new content", ptr(entry()), false, entry(newImage("2")), ann, environment.Replaced, nil},
		{"one's own, not to be replaced", ptr(entry()), false, entry(), with(ann, func(t *environment.Terms) { t.Keep = true }), "", environment.ErrExistsInDomain},
		{"another's in the domain", ptr(entry()), false, entry(), bob, "", errForbidden},
		{"another's, by an admin", ptr(entry()), false, entry(newImage("2")), environment.Terms{By: "root"}, environment.Replaced, nil},
		{"of another domain", ptr(entry()), false, entry(inDomain("b")), bob, "", environment.ErrExistsInOtherDomain},
		{"of another domain, by an admin", ptr(entry()), false, entry(inDomain("b")), environment.Terms{By: "root"}, "", environment.ErrExistsInOtherDomain},
		{"of another domain, deleted", ptr(entry()), true, entry(inDomain("b")), bob, "", environment.ErrExistsInOtherDomain},
		{"one's own, deleted, comes back", ptr(entry()), true, entry(), with(ann, func(t *environment.Terms) { t.Keep = true }), environment.Replaced, nil},
		{"another's, deleted", ptr(entry()), true, entry(), bob, "", errForbidden},
		{"the system's", ptr(entry(system)), false, entry(), ann, "", environment.ErrSystem},
		{"the system's, by the configuration", ptr(entry(system)), false, entry(system, newImage("2")), environment.Terms{By: "configuration"}, environment.Replaced, nil},
		{"a user's, by the configuration", ptr(entry()), false, entry(system), environment.Terms{By: "configuration"}, "", environment.ErrExistsInOtherDomain},
		{"the revision that there is", ptr(entry()), false, entry(newImage("2")), with(ann, func(t *environment.Terms) { t.Revision = 1 }), environment.Replaced, nil},
		{"another revision", ptr(entry()), false, entry(newImage("2")), with(ann, func(t *environment.Terms) { t.Revision = 2 }), "", environment.ErrRevision},
		{"a revision of nothing", nil, false, entry(), with(ann, func(t *environment.Terms) { t.Revision = 1 }), "", environment.ErrRevision},
		{"the one that is meant", ptr(entry()), false, entry(newImage("2")), with(ann, func(t *environment.Terms) { t.ID = environment.IDOf("env:1") }), environment.Replaced, nil},
		{"another than the one that is meant", ptr(entry()), false, entry(), with(ann, func(t *environment.Terms) { t.ID = environment.IDOf("env:2") }), "", environment.ErrNameMismatch},
		{"one that is meant and not there", nil, false, entry(), with(ann, func(t *environment.Terms) { t.ID = environment.IDOf("env:1") }), "", environment.ErrNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _, _ := newStore()
			if c.there != nil {
				made, _ := register(t, s, *c.there, environment.Terms{By: "ann"})
				if c.deleted {
					if _, err := s.Delete(t.Context(), made.ID, environment.Terms{By: "ann"}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := s.Check(t.Context(), c.entry.Name, c.entry.Scope, c.entry.Domain, c.terms); !errors.Is(err, c.err) {
				t.Errorf("check: %v, want %v", err, c.err)
			}
			made, result, err := s.Register(t.Context(), c.entry, c.terms)
			if !errors.Is(err, c.err) || result != c.result {
				t.Fatalf("%s, %v; want %s, %v", result, err, c.result, c.err)
			}
			if err == nil && (made.State != environment.Active || made.DeletedAt != nil || c.there != nil && made.CreatedBy != "ann") {
				t.Errorf("%+v", made)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

// TestRevisions: a revision for each change of content, the last twenty remembered.
func TestRevisions(t *testing.T) {
	s, cluster, _ := newStore()
	for i := range 25 {
		made, _ := register(t, s, entry(newImage(fmt.Sprint(i))), environment.Terms{By: fmt.Sprint("user", i)})
		if made.Revision != int64(i+1) || made.Revisions[0].Number != made.Revision || made.CreatedBy != "user0" {
			t.Fatalf("revision %d: %+v", i, made)
		}
	}
	e, err := s.Get(t.Context(), environment.IDOf("env:1"))
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Revisions) != environment.MaxRevisions {
		t.Fatalf("%d revisions", len(e.Revisions))
	}
	if was := e.Revisions[15]; was.Number != 10 || was.Image != "registry/env@sha256:9" || was.By != "user9" {
		t.Errorf("%+v", was)
	}
	if n := count(t, cluster, "packages"); n != 1 {
		t.Errorf("the same packages are stored %d times", n)
	}
}

// TestDelete: a tombstone that stays readable, once.
func TestDelete(t *testing.T) {
	s, cluster, _ := newStore()
	made, _ := register(t, s, entry(), environment.Terms{By: "ann"})
	if _, err := s.Delete(t.Context(), made.ID, onlyOwner("bob")); !errors.Is(err, errForbidden) {
		t.Errorf("by another: %v", err)
	}
	if _, err := s.Delete(t.Context(), made.ID, environment.Terms{By: "ann", Revision: 7}); !errors.Is(err, environment.ErrRevision) {
		t.Errorf("another revision: %v", err)
	}
	gone, err := s.Delete(t.Context(), made.ID, onlyOwner("ann"))
	if err != nil || gone.State != environment.Deleted || gone.DeletedBy != "ann" || gone.Revision != 2 || gone.Image != made.Image {
		t.Fatalf("%+v, %v", gone, err)
	}
	if len(gone.Revisions) != 1 || gone.Revisions[0].Number != 1 {
		t.Error("the revision that runs refer to is forgotten")
	}
	writes := cluster.writes
	again, err := s.Delete(t.Context(), made.ID, onlyOwner("ann"))
	if err != nil || again.Revision != 2 || cluster.writes != writes {
		t.Errorf("deleted twice: %+v, %v, %d writes", again, err, cluster.writes-writes)
	}
	for id, want := range map[string]error{environment.IDOf("none:1"): environment.ErrNotFound, "../x": environment.ErrNotFound, "": environment.ErrNotFound} {
		if _, err := s.Delete(t.Context(), id, environment.Terms{}); !errors.Is(err, want) {
			t.Errorf("%q: %v", id, err)
		}
		if _, err := s.Get(t.Context(), id); !errors.Is(err, want) {
			t.Errorf("get %q: %v", id, err)
		}
	}
	sys, _ := register(t, s, entry(system, func(e *environment.Entry) { e.Name.Tag = "sys" }), environment.Terms{By: "configuration"})
	if _, err := s.Delete(t.Context(), sys.ID, environment.Terms{By: "root"}); !errors.Is(err, environment.ErrSystem) {
		t.Errorf("a system environment: %v", err)
	}
}

// TestConcurrentRegistration: of many at once for one name exactly one creates, whoever they are and however many
// replicas there are; all others see that it exists.
func TestConcurrentRegistration(t *testing.T) {
	const users = 24
	_, cluster, clock := newStore()
	var mu sync.Mutex
	results := map[string]int{}
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range users {
		s := environment.NewStore(cluster.maps(), clock.Now) // a replica of its own
		e := entry(newImage(fmt.Sprint(i)), inDomain(string(rune('a'+i%3))))
		terms := onlyOwner(fmt.Sprint("user", i))
		terms.Keep = i%2 == 0
		all.Go(func() {
			<-start
			_, result, err := s.Register(context.Background(), e, terms)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				results[string(result)]++
			case errors.Is(err, environment.ErrExistsInOtherDomain), errors.Is(err, errForbidden):
				results["refused"]++
			default:
				t.Error(err)
			}
		})
	}
	close(start)
	all.Wait()
	if diff := cmp.Diff(map[string]int{"created": 1, "refused": users - 1}, results); diff != "" {
		t.Error(diff)
	}
	if n := count(t, cluster, "environment"); n != 1 {
		t.Errorf("%d environments", n)
	}
}

// TestConcurrentRevisions: of one owner's changes at once none is lost and no number is given twice.
func TestConcurrentRevisions(t *testing.T) {
	const changes = 10
	s, _, _ := newStore()
	register(t, s, entry(), environment.Terms{By: "ann"})
	var mu sync.Mutex
	var numbers []int64
	var all sync.WaitGroup
	for i := range changes {
		all.Go(func() {
			made, _, err := s.Register(context.Background(), entry(newImage(fmt.Sprint("c", i))), environment.Terms{By: "ann"})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			numbers = append(numbers, made.Revision)
		})
	}
	all.Wait()
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != int64(i+2) {
			t.Fatalf("revisions %v", numbers)
		}
	}
}

// TestList: a domain sees its own and the system's; pages are joined; a damaged record hides nothing else.
func TestList(t *testing.T) {
	s, cluster, _ := newStore()
	for i := range 30 {
		register(t, s, entry(func(e *environment.Entry) {
			e.Name.Tag, e.Domain = fmt.Sprintf("t%02d", i), string(rune('a'+i%3))
			if i == 0 {
				system(e)
			}
		}), environment.Terms{By: "ann"})
	}
	if _, err := cluster.maps().Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name:   environment.IDOf("damaged:1"),
		Labels: map[string]string{"app.kubernetes.io/managed-by": "kernel-jobs", "kernel-jobs/object": "environment"},
	}, Data: map[string]string{"environment.json": "{}"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for domain, want := range map[string]int{"": 30, "a": 10, "b": 11, "c": 11, "none": 1} {
		n, broken := 0, 0
		err := s.List(t.Context(), domain, func(err error) {
			broken++
			if !errors.Is(err, environment.ErrCorrupt) {
				t.Error(err)
			}
		}, func(e *environment.Environment) bool { n++; return true })
		if err != nil || n != want || broken != 1 {
			t.Errorf("domain %q: %d and %d broken, %v; want %d", domain, n, broken, err, want)
		}
	}
	n := 0
	if err := s.List(t.Context(), "", nil, func(*environment.Environment) bool { n++; return n < 5 }); err != nil || n != 5 {
		t.Errorf("stopped after %d, %v", n, err)
	}
	if _, err := s.Get(t.Context(), environment.IDOf("damaged:1")); !errors.Is(err, environment.ErrCorrupt) {
		t.Error(err)
	}
}

// TestSweep removes what nobody refers to, and only that, and only after a while.
func TestSweep(t *testing.T) {
	s, cluster, clock := newStore()
	used := func(_ context.Context, id string) (bool, error) { return id == environment.IDOf("used:1"), nil }
	named := func(name string) environment.Entry {
		return entry(func(e *environment.Entry) {
			e.Name.Repository = name
			e.Prefixes = []image.Prefix{{Path: "/" + name, Packages: []image.Package{{Name: name}}}}
		})
	}
	for _, name := range []string{"kept", "used", "gone"} {
		register(t, s, named(name), environment.Terms{By: "ann"})
	}
	for _, name := range []string{"used", "gone"} {
		if _, err := s.Delete(t.Context(), environment.IDOf(name+":1"), environment.Terms{By: "ann"}); err != nil {
			t.Fatal(err)
		}
	}
	sweep := func() environment.Swept {
		swept, err := s.Sweep(t.Context(), time.Minute, used)
		if err != nil {
			t.Fatal(err)
		}
		return swept
	}
	if swept := sweep(); len(swept.Tombstones) != 0 || swept.Packages != 0 {
		t.Errorf("at once: %+v", swept)
	}
	clock.add(2 * time.Minute)
	if swept := sweep(); !slices.Equal(swept.Tombstones, []string{"gone:1"}) || swept.Packages != 0 {
		t.Errorf("after two minutes: %+v", swept)
	}
	clock.add(environment.Grace)
	// Somebody registers the packages again that the sweep would remove.
	register(t, s, named("gone"), environment.Terms{By: "bob"})
	if swept := sweep(); len(swept.Tombstones) != 0 || swept.Packages != 0 {
		t.Errorf("registered again: %+v", swept)
	}
	if _, err := s.Delete(t.Context(), environment.IDOf("gone:1"), environment.Terms{By: "bob"}); err != nil {
		t.Fatal(err)
	}
	clock.add(2 * environment.Grace)
	sweep() // its packages are referred to until it is gone
	if swept := sweep(); swept.Packages != 1 || count(t, cluster, "packages") != 2 || count(t, cluster, "environment") != 2 {
		t.Errorf("in the end: %+v, %d lists, %d environments", swept, count(t, cluster, "packages"), count(t, cluster, "environment"))
	}
	if _, err := s.Sweep(t.Context(), time.Minute, func(context.Context, string) (bool, error) { return false, errForbidden }); !errors.Is(err, errForbidden) {
		t.Errorf("inUse fails: %v", err)
	}
}

// TestSweepAndRevival: a tombstone that somebody revives while the sweep is at it stays.
func TestSweepAndRevival(t *testing.T) {
	s, _, clock := newStore()
	made, _ := register(t, s, entry(), environment.Terms{By: "ann"})
	if _, err := s.Delete(t.Context(), made.ID, environment.Terms{By: "ann"}); err != nil {
		t.Fatal(err)
	}
	clock.add(time.Hour)
	swept, err := s.Sweep(t.Context(), time.Minute, func(context.Context, string) (bool, error) {
		register(t, s, entry(), environment.Terms{By: "ann"}) //nolint:contextcheck // the test has a context of its own
		return false, nil
	})
	if err != nil || len(swept.Tombstones) != 0 {
		t.Errorf("%+v, %v", swept, err)
	}
	if e, err := s.Get(t.Context(), made.ID); err != nil || e.State != environment.Active {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestTooLarge: nothing is written that an API server would refuse.
func TestTooLarge(t *testing.T) {
	s, cluster, _ := newStore()
	random := rand.NewChaCha8([32]byte{})
	noise := make([]byte, 1<<20)
	if _, err := random.Read(noise); err != nil {
		t.Fatal(err)
	}
	types, err := processtype.Parse(fmt.Appendf(nil, `{"t":{"schema":{"title":"%x"}}}`, noise))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Register(t.Context(), entry(func(e *environment.Entry) { e.Types = types }), environment.Terms{}); !errors.Is(err, environment.ErrTooLarge) {
		t.Errorf("schemas of 2 MiB that do not compress: %v", err)
	}
	long := strings.Repeat("x", 200<<10)
	if _, _, err := s.Register(t.Context(), entry(func(e *environment.Entry) { e.Runtime.Entrypoint = []string{long} }), environment.Terms{}); !errors.Is(err, environment.ErrTooLarge) {
		t.Errorf("a long entrypoint: %v", err)
	}
	if cluster.writes != 0 {
		t.Error("something was written")
	}
}

// TestManyPackages: what does not fit is left out, from the end, and said to be.
func TestManyPackages(t *testing.T) {
	s, _, _ := newStore()
	random := rand.NewChaCha8([32]byte{})
	place := func(path string, n int) image.Prefix {
		p := image.Prefix{Path: path, Kind: image.SitePackages}
		name := make([]byte, 100)
		for i := range n {
			if _, err := random.Read(name); err != nil {
				t.Fatal(err)
			}
			p.Packages = append(p.Packages, image.Package{Name: fmt.Sprintf("%x", name), Version: fmt.Sprint(i)})
		}
		return p
	}
	e := entry(func(e *environment.Entry) {
		e.Prefixes = []image.Prefix{place("/a", 1000), place("/b", 10_000), place("/c", 1000)}
	})
	made, _ := register(t, s, e, environment.Terms{})
	got, err := s.Packages(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || len(got[0].Packages) != 1000 || len(got[1].Packages) != 0 || !strings.Contains(got[1].Error, "10000") {
		t.Errorf("%d places, %d packages, %q", len(got), len(got[0].Packages), got[1].Error)
	}
	if made.PackageCount != 12_000 {
		t.Errorf("%d packages", made.PackageCount)
	}
	none, _ := register(t, s, entry(func(e *environment.Entry) { e.Name.Tag, e.Prefixes, e.Types = "none", nil, nil }), environment.Terms{})
	if got, err := s.Packages(t.Context(), none); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	if types, err := none.Types(); err != nil || len(types.Names()) != 0 {
		t.Errorf("%v, %v", types, err)
	}
}

// TestKernelEnvironment: a kernel is an environment, too, and another prefix is another revision.
func TestKernelEnvironment(t *testing.T) {
	s, _, _ := newStore()
	kernel := func(prefix string) environment.Entry {
		return entry(func(e *environment.Entry) {
			e.Kind, e.Types, e.Prefixes = environment.Kernel, nil, nil
			e.Kernel = &environment.KernelPath{Language: "Python", Name: "geo", Version: "1.0", Prefix: prefix}
		})
	}
	register(t, s, kernel("/sw/geo"), environment.Terms{By: "ann"})
	if _, result := register(t, s, kernel("/sw/geo"), environment.Terms{By: "ann"}); result != environment.Unchanged {
		t.Error(result)
	}
	made, result := register(t, s, kernel("/sw/geo2"), environment.Terms{By: "ann"})
	if result != environment.Replaced || made.Kernel.Prefix != "/sw/geo2" {
		t.Errorf("%s, %+v", result, made.Kernel)
	}
}
