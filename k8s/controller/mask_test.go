package controller_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	ktesting "k8s.io/client-go/testing"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/controller"
	"kernelindexer/k8s/process"
)

const secret = "hunter2-hunter2"

// works lets a loop look after Jobs of some kinds for a time.
func works(t *testing.T, cluster *sim, store *archive.Store, options controller.Options, d time.Duration, kinds ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	loop := controller.New(cluster, store, options)
	cluster.mu.Lock()
	cluster.changed = loop.Changed
	for key := range cluster.jobs {
		loop.Changed(key)
	}
	cluster.mu.Unlock()
	for _, kind := range kinds {
		job, err := process.Job(request(kind))
		if err != nil {
			t.Fatal(err)
		}
		if err := cluster.Create(ctx, job); err != nil {
			t.Fatal(err)
		}
	}
	if err := loop.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// contents are all objects of an archive that is a directory.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(&all, "%s\n%s\n", path, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// The tail of a log becomes the termination message of a container that fails. The kubelet cuts it anywhere.
func TestNothingThatIsArchivedShowsASecret(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	synctest.Test(t, func(t *testing.T) {
		store, err := archive.Open(t.Context(), "file://"+dir)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		cluster := newSim()
		cluster.words = secret[4:] + "\nlogin with " + secret + " failed\n" + strings.Repeat("x", 2<<10-8) + secret + "\n"
		var asked atomic.Int32
		cluster.secrets = func() ([]string, error) {
			if asked.Add(1) <= 3 {
				return nil, errors.New("the API server is busy")
			}
			return []string{secret, "short"}, nil
		}
		if err := works(t, cluster, store, controller.Options{}, 3*time.Hour, "failed"); err != nil {
			t.Error(err)
		}
		cluster.live.Wait()
		if got := read(t, store); got.Ends["failed"] != "failed APP_ERROR" || len(got.Logs["process-failed-v0-1-1/process"]) != 60 {
			t.Errorf("archived %v", got.Ends)
		}
		all := contents(t, dir)
		for n := 4; n < len(secret); n++ {
			if strings.Contains(all, secret[:n]) || strings.Contains(all, secret[len(secret)-n:]) {
				t.Errorf("%d bytes of the secret are in\n%s", n, all)
				break
			}
		}
		if !strings.Contains(all, `login with *** failed`) && !strings.Contains(all, `xxx***`) {
			t.Errorf("what is around it is not there\n%s", all)
		}
	})
}

// Secrets that may not be read cannot be masked. That is said once, and keeps no run from its end.
func TestSecretsThatMayNotBeReadAreReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory(t)
		cluster := newSim()
		cluster.secrets = func() ([]string, error) { return []string{secret}, fmt.Errorf("%w: no", controller.ErrUnreadable) }
		cluster.words = "with " + secret
		var mu sync.Mutex
		var told []error
		options := controller.Options{Failed: func(_ controller.Key, err error) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, err)
		}}
		if err := works(t, cluster, store, options, 3*time.Hour, "failed", "done", "commands"); err != nil {
			t.Error(err)
		}
		cluster.live.Wait()
		if len(told) != 1 || !errors.Is(told[0], controller.ErrUnreadable) {
			t.Errorf("told %v", told)
		}
		if got := read(t, store); len(got.Ends) != 3 || got.Ends["failed"] != "failed APP_ERROR" {
			t.Errorf("archived %v", got.Ends)
		}
	})
}

// Only what is not there or not allowed is not known for good; an API server that is busy knows it later.
func TestSecretsOfTheAPIServer(t *testing.T) {
	client, job, _ := launched(t)
	k, err := controller.Connect(t.Context(), client, nil, func(controller.Key) {})
	if err != nil {
		t.Fatal(err)
	}
	var answer error
	client.PrependReactor("get", "secrets", func(ktesting.Action) (bool, runtime.Object, error) { return true, nil, answer })
	resource := corev1.Resource("secrets")
	for _, test := range []struct {
		answer     error
		unreadable bool
		fails      bool
	}{
		{answer: apierrors.NewNotFound(resource, "p-storage")},
		{answer: apierrors.NewForbidden(resource, "p-storage", errors.New("no")), unreadable: true, fails: true},
		{answer: apierrors.NewTimeoutError("busy", 1), fails: true},
		{answer: apierrors.NewTooManyRequests("busy", 1), fails: true},
		{answer: apierrors.NewInternalError(errors.New("etcd")), fails: true},
		{answer: context.DeadlineExceeded, fails: true},
	} {
		answer = test.answer
		values, err := k.Secrets(t.Context(), job)
		if len(values) > 0 || (err != nil) != test.fails || errors.Is(err, controller.ErrUnreadable) != test.unreadable {
			t.Errorf("%v gives %v, %v", test.answer, values, err)
		}
	}
}
