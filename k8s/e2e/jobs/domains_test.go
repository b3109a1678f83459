//go:build e2e

package jobs

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestDomainsAreApart: what one domain has, users of another neither see nor use, and its names are taken. A user whose
// account is gone is nobody. T19.
func TestDomainsAreApart(t *testing.T) {
	t.Parallel()
	b, other := newBackendOfTwo(t, "apart")
	id := b.register(t, archives["tool"])
	path := b.launch(t, work(id, "print", "ours"))
	b.ended(t, path, "done")

	b.wantOf(t, "bob", http.StatusNotFound, http.MethodGet, "/api/v1/environment/"+id, nil, nil)
	b.wantOf(t, "bob", http.StatusNotFound, http.MethodGet, "/environments/"+id+"/process-types", nil, nil)
	b.wantOf(t, "bob", http.StatusNotFound, http.MethodDelete, "/api/v1/environment/"+id, nil, nil)
	b.wantOf(t, "bob", http.StatusNotFound, http.MethodGet, path, nil, nil)
	b.wantOf(t, "bob", http.StatusNotFound, http.MethodGet, path+"/logs", nil, nil)
	b.wantOf(t, "bob", http.StatusNotFound, http.MethodPost, "/projects/"+other+"/process", nil, work(id, "print", "x"))
	b.wantOf(t, "bob", http.StatusNotFound, http.MethodPost, "/projects/"+b.domain+"/process", nil, work(id, "print", "x"))
	var list []any
	b.wantOf(t, "bob", http.StatusOK, http.MethodGet, "/environments", nil, nil).into(t, &list)
	if len(list) != 0 {
		t.Errorf("bob sees %v", list)
	}
	got, err := b.uploadTo(t, "bob", other, archives["tool"])
	if err != nil || got.status != http.StatusConflict {
		t.Errorf("a name that another domain has: %d, %v: %s", got.status, err, got.body)
	}
	if bytes.Contains(got.body, []byte(b.domain)) {
		t.Errorf("the answer says whose it is: %s", got.body)
	}

	if err := api.CoreV1().ServiceAccounts(other).Delete(t.Context(), "ada", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "answer 401 to a token that is void", func() (bool, string) {
		got, err := b.request(t, "bob", http.MethodGet, "/environments", nil, nil)
		return err == nil && got.status == http.StatusUnauthorized, string(got.body)
	})
}

// TestDomainThatIsDeletedTakesOnlyItsOwnRunsAlong: those have failed, with DISRUPTED, LOST or, where only the exit code of
// the container that was told to end was seen, APP_ERROR, and are never a success; others go on, also after the backend has begun anew without that
// domain. T23.
func TestDomainThatIsDeletedTakesOnlyItsOwnRunsAlong(t *testing.T) {
	t.Parallel()
	b, other := newBackendOfTwo(t, "deleted")
	got, err := b.uploadTo(t, "bob", other, archives["named"])
	if err != nil || got.status != http.StatusCreated {
		t.Fatalf("upload: %d, %v: %s", got.status, err, got.body)
	}
	var made struct{ ID string }
	got.into(t, &made)
	theirs := b.wantOf(t, "bob", http.StatusCreated, http.MethodPost, "/projects/"+other+"/process", nil, work(made.ID, "sleep", "600")).location
	eventually(t, patience, "run in the other domain", func() (bool, string) {
		got := b.wantOf(t, "bob", http.StatusOK, http.MethodGet, theirs+"/logs", nil, nil)
		return bytes.Contains(got.body, []byte("asleep")), string(got.body)
	})
	id := b.register(t, archives["tool"])
	path := b.launch(t, work(id, "sleep", "20"))
	if err := api.CoreV1().Namespaces().Delete(t.Context(), other, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "end of the other domain", func() (bool, string) {
		_, err := api.CoreV1().Namespaces().Get(t.Context(), other, metav1.GetOptions{})
		return err != nil, "it is there"
	})
	b.kill(t)
	b.start(t) // it waits some seconds for the domain that is not there, and then does without it
	b.ended(t, path, "done")
	b.ended(t, b.launch(t, work(id, "print", "still here")), "done")
	// An administrator makes the namespace anew, and those who may look find out what became of it.
	b.makeDomain(t, other)
	b.tokens["bob"] = tokenOf(t, other, "ada")
	eventually(t, patience, "end of the run that went with its domain", func() (bool, string) {
		got, err := b.request(t, "bob", http.MethodGet, theirs, nil, nil)
		if bytes.Contains(got.body, []byte(`"state":"done"`)) {
			t.Fatalf("a run that went with its domain is a success: %s", got.body)
		}
		return err == nil && bytes.Contains(got.body, []byte(`"state":"failed"`)), string(got.body)
	})
}

// newBackendOfTwo starts a backend with two domains: ada is of the first, bob of the other, which is returned.
func newBackendOfTwo(t *testing.T, name string) (*backend, string) {
	t.Helper()
	other := "domain-" + name + "-other"
	b := prepareBackend(t, name, "--domains", other)
	b.makeDomain(t, other)
	b.tokens["bob"] = tokenOf(t, other, "ada")
	b.start(t)
	return b, other
}

// TestSecretsAreGivenToRunsAndKeptOutOfLogs: the credentials of a project's storage arrive as variables, from its Secret,
// and where a run prints one, or dies with one in its last words, nobody reads it. N12.
func TestSecretsAreGivenToRunsAndKeptOutOfLogs(t *testing.T) {
	t.Parallel()
	b := newBackend(t, "secrets", "--storage-base", "s3://{project}")
	const key, secret = "AKIA-the-user-of-it", "the/secret+that=nobody-reads"
	_, err := api.CoreV1().Secrets(b.domain).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: b.domain + "-storage"},
		StringData: map[string]string{"access_key": key, "secret_key": secret},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	id := b.register(t, archives["tool"])
	path := b.launch(t, work(id, "env", "STORAGE_BASE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "NO_SUCH"))
	b.ended(t, path, "done")
	want := []string{"STORAGE_BASE is s3://" + b.domain, "AWS_ACCESS_KEY_ID is ***", "AWS_SECRET_ACCESS_KEY is ***", "NO_SUCH is "}
	if diff := cmp.Diff(want, b.lines(t, path, "")); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	loud := b.launch(t, work(id, "env-and-fail", "AWS_SECRET_ACCESS_KEY"))
	b.ended(t, loud, "failed")
	for _, path := range []string{loud, loud + "/logs", loud + "/versions/0/result"} {
		if got := b.want(t, http.StatusOK, http.MethodGet, path, nil); strings.Contains(string(got.body), secret) || !strings.Contains(string(got.body), "***") {
			t.Errorf("%s: %s", path, got.body)
		}
	}
	jobs, err := api.BatchV1().Jobs(b.domain).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(jobs.Items) != 2 || strings.Contains(asJSON(jobs), secret) {
		t.Errorf("the secret is in one of %d Jobs, or %v", len(jobs.Items), err)
	}
}

// TestReplicaThatLeadsIsKilledAndTheOtherGoesOn: two programs on one archive. Runs that began with one end with the
// other, with all that they printed, and whoever follows a log at the one that lives notices nothing. T13.
func TestReplicaThatLeadsIsKilledAndTheOtherGoesOn(t *testing.T) {
	t.Parallel()
	first := newBackend(t, "replicas", "--leader-elect", "--identity", "first")
	second := &backend{namespace: first.namespace, domain: first.domain, dir: first.dir, tokens: first.tokens, client: first.client}
	second.configure(t, []string{"--leader-elect", "--identity", "second"})
	second.start(t)
	t.Cleanup(func() { second.end(t) })

	id := second.register(t, archives["tool"])
	path := second.launch(t, work(id, "spew", "600", "20", "3")) // half a minute
	eventually(t, patience, "lines of the run", func() (bool, string) { return len(second.lines(t, path, "")) > 20, "" })
	begin := time.Now()
	first.kill(t)
	got := second.ended(t, path, "done")
	t.Logf("the run was at its end %.0f s after the leader's", time.Since(begin).Seconds())
	if lines := second.lines(t, path, "?limit=10000"); len(lines) != 1200 || len(got.Versions[0].Warnings) != 0 {
		t.Errorf("%d lines, want 1200; warnings %v", len(lines), got.Versions[0].Warnings)
	}
	lease, err := api.CoordinationV1().Leases(first.namespace).Get(context.WithoutCancel(t.Context()), "kernel-jobs", metav1.GetOptions{})
	if err != nil || lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity != "second" {
		t.Errorf("the lease is %v's (%v)", lease.Spec.HolderIdentity, err)
	}
}
