package access_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/access"
)

// cluster answers both reviews, and counts them.
type cluster struct {
	mu     sync.Mutex
	users  map[string]authenticationv1.UserInfo // by token
	knows  []string                             // audiences that it names
	rights map[string]bool                      // "user verb resource domain[/name]"
	asked  []string
	broken error
	delay  time.Duration
}

type tokens struct{ *cluster }

func (c tokens) Create(ctx context.Context, r *authenticationv1.TokenReview, _ metav1.CreateOptions) (*authenticationv1.TokenReview, error) {
	time.Sleep(c.delay)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, "token "+r.Spec.Token)
	if c.broken != nil || ctx.Err() != nil {
		return nil, errors.Join(c.broken, ctx.Err())
	}
	answer := r.DeepCopy()
	answer.Status.User, answer.Status.Authenticated = c.users[r.Spec.Token], c.users[r.Spec.Token].Username != ""
	for _, audience := range r.Spec.Audiences {
		if slices.Contains(c.knows, audience) {
			answer.Status.Audiences = append(answer.Status.Audiences, audience)
		}
	}
	return answer, nil
}

type rights struct{ *cluster }

func (c rights) Create(ctx context.Context, r *authorizationv1.SubjectAccessReview, _ metav1.CreateOptions) (*authorizationv1.SubjectAccessReview, error) {
	time.Sleep(c.delay)
	c.mu.Lock()
	defer c.mu.Unlock()
	a := r.Spec.ResourceAttributes
	resource := strings.TrimSuffix(a.Resource+"/"+a.Subresource, "/")
	question := fmt.Sprintf("%s %s %s %s", r.Spec.User, a.Verb, resource, strings.TrimSuffix(a.Namespace+"/"+a.Name, "/"))
	c.asked = append(c.asked, question)
	if c.broken != nil || a.Group != "kernel-jobs" {
		return nil, errors.Join(c.broken, errors.New("group "+a.Group))
	}
	answer := r.DeepCopy()
	wide := fmt.Sprintf("%s %s %s %s", r.Spec.User, a.Verb, resource, a.Namespace)
	answer.Status.Allowed = c.rights[question] || c.rights[wide]
	return answer, nil
}

func (c *cluster) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.asked
	c.asked = nil
	return asked
}

func newCluster() *cluster {
	return &cluster{
		users: map[string]authenticationv1.UserInfo{
			"a-token": {Username: "ada", UID: "1", Groups: []string{"people"}, Extra: map[string]authenticationv1.ExtraValue{"k": {"v"}}},
			"b-token": {Username: "bob"},
		},
		knows:  []string{"kernel-jobs"},
		rights: map[string]bool{},
	}
}

// The user is what Kubernetes says, with all that authorization may depend on.
func TestTokenBecomesUser(t *testing.T) {
	c := newCluster()
	g := access.New(tokens{c}, rights{c}, access.Options{Audience: "kernel-jobs"})
	user, err := g.Authenticate(t.Context(), "a-token")
	want := &access.User{Name: "ada", UID: "1", Groups: []string{"people"}, Extra: map[string][]string{"k": {"v"}}}
	if diff := cmp.Diff(want, user); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	for name, token := range map[string]string{"none": "", "nobody's": "x", "endless": strings.Repeat("x", 1<<20)} {
		if _, err := g.Authenticate(t.Context(), token); !errors.Is(err, access.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := cmp.Diff([]string{"token a-token", "token x"}, c.take()); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
}

// A token that was made for the API server, or for another service, is nobody's here. An authenticator that knows no
// audiences names none.
func TestTokenOfAnotherAudienceIsUnknown(t *testing.T) {
	for _, knows := range [][]string{nil, {"another-service"}} {
		c := newCluster()
		c.knows = knows
		g := access.New(tokens{c}, rights{c}, access.Options{Audience: "kernel-jobs"})
		if user, err := g.Authenticate(t.Context(), "a-token"); !errors.Is(err, access.ErrUnknown) {
			t.Errorf("%v: %v, %v", knows, user, err)
		}
		if user, err := access.New(tokens{c}, rights{c}, access.Options{}).Authenticate(t.Context(), "a-token"); err != nil || user.Name != "ada" {
			t.Errorf("without an audience: %v, %v", user, err)
		}
	}
}

// What may be seen is forbidden, what may not is not there, and owners may do what creators may.
func TestRefusals(t *testing.T) {
	c := newCluster()
	c.rights = map[string]bool{
		"ada get environments water": true, "ada create environments water": true,
		"bob get environments water": true, "bob delete environments water/env-1": true,
	}
	g := access.New(tokens{c}, rights{c}, access.Options{})
	ada, bob, eve := &access.User{Name: "ada"}, &access.User{Name: "bob"}, &access.User{Name: "eve"}
	environment := func(verb, name, owner string) access.Deed {
		return access.Deed{Verb: verb, Resource: access.Environments, Domain: "water", Name: name, Owner: owner}
	}
	tests := map[string]struct {
		user *access.User
		deed access.Deed
		want error
	}{
		"seen":                        {ada, environment(access.Get, "env-1", ""), nil},
		"created":                     {ada, environment(access.Create, "", ""), nil},
		"not by a reader":             {bob, environment(access.Create, "", ""), access.ErrForbidden},
		"not by a stranger":           {eve, environment(access.Create, "", ""), access.ErrHidden},
		"not seen by a stranger":      {eve, environment(access.Get, "env-1", ""), access.ErrHidden},
		"another's":                   {ada, environment(access.Delete, "env-1", "bob"), access.ErrForbidden},
		"one's own":                   {ada, environment(access.Delete, "env-1", "ada"), nil},
		"own, but may create no more": {bob, environment(access.Delete, "env-2", "bob"), access.ErrForbidden},
		"own, but a stranger now":     {eve, environment(access.Delete, "env-2", "eve"), access.ErrHidden},
		"by name":                     {bob, environment(access.Delete, "env-1", ""), nil},
		"another of that kind":        {bob, environment(access.Delete, "env-2", ""), access.ErrForbidden},
		"another domain":              {ada, access.Deed{Verb: access.Get, Resource: access.Environments, Domain: "soil"}, access.ErrHidden},
		"another resource":            {ada, access.Deed{Verb: access.Get, Resource: access.Logs, Domain: "water"}, access.ErrHidden},
		"nobody owns nothing":         {&access.User{}, environment(access.Delete, "env-1", ""), access.ErrHidden},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := g.Require(t.Context(), test.user, test.deed)
			if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	c.take()
	if err := g.Require(t.Context(), ada, access.Deed{Verb: access.Get, Resource: access.Logs, Domain: "fire", Name: "p"}); !errors.Is(err, access.ErrHidden) {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"ada get processes/logs fire/p"}, c.take()); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
}

// A yes holds for a minute, a no for ten seconds, an error not at all.
func TestAnswersHoldForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster()
		c.rights["ada get environments water"] = true
		g := access.New(tokens{c}, rights{c}, access.Options{})
		ada := &access.User{Name: "ada"}
		questions := func() int {
			_, _ = g.Authenticate(t.Context(), "a-token")
			_, _ = g.Authenticate(t.Context(), "x")
			_ = g.Require(t.Context(), ada, access.Deed{Verb: access.Get, Resource: access.Environments, Domain: "water"})
			_ = g.Require(t.Context(), ada, access.Deed{Verb: access.Get, Resource: access.Environments, Domain: "soil"})
			return len(c.take())
		}
		for i, want := range []int{4, 0, 2, 2, 2, 2, 2, 4} { // every 10 seconds but for the second
			if got := questions(); got != want {
				t.Errorf("round %d: %d questions, want %d", i, got, want)
			}
			switch i {
			case 0:
				time.Sleep(9 * time.Second)
			case 1:
				time.Sleep(time.Second)
			default:
				time.Sleep(10 * time.Second)
			}
		}
		c.broken = errors.New("no route to host")
		time.Sleep(time.Minute)
		for range 2 {
			if got := questions(); got != 4 {
				t.Errorf("%d questions to a broken cluster", got)
			}
		}
		if _, err := g.Authenticate(t.Context(), "a-token"); err == nil || errors.Is(err, access.ErrUnknown) {
			t.Errorf("broken cluster: %v", err)
		}
		if err := g.Require(t.Context(), ada, access.Deed{}); err == nil || errors.Is(err, access.ErrHidden) || errors.Is(err, access.ErrForbidden) {
			t.Errorf("broken cluster: %v", err)
		}
	})
}

// Rights of one user are not another's, whatever their names are made of.
func TestRightsAreNotMixedUp(t *testing.T) {
	c := newCluster()
	c.rights["ada get environments water"] = true
	g := access.New(tokens{c}, rights{c}, access.Options{})
	deed := access.Deed{Verb: access.Get, Resource: access.Environments, Domain: "water"}
	for _, user := range []*access.User{{Name: "ada"}, {Name: "ada", Groups: []string{"x"}}, {Name: "ada\x00"}, {Name: "bob", UID: "ada"}} {
		_ = g.Require(t.Context(), user, deed)
	}
	if got := len(c.take()); got != 4 {
		t.Errorf("%d questions about four users", got)
	}
}

// Many who ask at once cause one question, and one of them who leaves spoils it for nobody.
func TestOneQuestionForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster()
		c.delay = time.Second
		g := access.New(tokens{c}, rights{c}, access.Options{})
		var all sync.WaitGroup
		var failed atomic.Int32
		for i := range 100 {
			all.Go(func() {
				ctx := t.Context()
				if i == 0 {
					short, cancel := context.WithTimeout(ctx, time.Millisecond)
					defer cancel()
					ctx = short
				}
				if _, err := g.Authenticate(ctx, "a-token"); err != nil {
					failed.Add(1)
				}
			})
			if i == 0 {
				time.Sleep(time.Microsecond) // it asks first
			}
		}
		all.Wait()
		if asked := c.take(); len(asked) != 1 || failed.Load() != 1 {
			t.Errorf("%d questions, %d failed", len(asked), failed.Load())
		}
	})
}

// However many tokens are tried, only so many are remembered: those that are in use.
func TestMemoryIsBounded(t *testing.T) {
	c := newCluster()
	g := access.New(tokens{c}, rights{c}, access.Options{Size: 10})
	for i := range 100 {
		_, _ = g.Authenticate(t.Context(), fmt.Sprint("guess-", i))
		_, _ = g.Authenticate(t.Context(), "a-token")
	}
	asked := c.take()
	if n := len(slices.DeleteFunc(asked, func(q string) bool { return q != "token a-token" })); n != 1 {
		t.Errorf("a token in use was reviewed %d times", n)
	}
	_, _ = g.Authenticate(t.Context(), "guess-0")
	_, _ = g.Authenticate(t.Context(), "guess-99")
	if diff := cmp.Diff([]string{"token guess-0"}, c.take()); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
}
