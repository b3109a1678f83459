package controller_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"

	"kernelindexer/k8s/controller"
)

// refuse lets an API server refuse all in a namespace while it is set.
func refuse(client *fake.Clientset, namespace string) *atomic.Bool {
	refused := &atomic.Bool{}
	refused.Store(true)
	forbidden := apierrors.NewForbidden(corev1.Resource("pods"), "", errors.New("no"))
	client.PrependReactor("*", "*", func(action ktesting.Action) (bool, runtime.Object, error) {
		return action.GetNamespace() == namespace && refused.Load(), nil, forbidden
	})
	client.PrependWatchReactor("*", func(action ktesting.Action) (bool, watch.Interface, error) {
		return action.GetNamespace() == namespace && refused.Load(), nil, forbidden
	})
	return refused
}

// A namespace that this service may not watch keeps the others for a while only. When it may, that namespace is watched,
// and the Jobs that are there are told.
func TestOneNamespaceThatIsRefusedKeepsNoOther(t *testing.T) {
	client, job, pod := launched(t)
	refused := refuse(client, "soil")
	other := job.DeepCopy()
	other.Namespace = "soil"
	if err := client.Tracker().Add(other); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var told []controller.Key
	began := time.Now()
	k, err := controller.ConnectWithin(ctx, time.Second, client, []string{"soil", job.Namespace}, func(key controller.Key) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, key)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Wait()
	defer cancel()
	if took := time.Since(began); took < time.Second || took > 10*time.Second {
		t.Errorf("waited %v", took)
	}
	if diff := cmp.Diff([]string{"soil"}, k.Unwatched()); diff != "" || !k.Watched(job.Namespace) || k.Watched("soil") || k.Watched("nowhere") {
		t.Errorf("unwatched: -want +got:\n%s", diff)
	}
	gotJob, gotPods, _, err := k.Look(ctx, controller.Key{Namespace: job.Namespace, Name: job.Name}, false)
	if err != nil || gotJob == nil || len(gotPods) != 1 || gotPods[0].UID != pod.UID {
		t.Errorf("the other namespace: %v, %d pods, %v", gotJob, len(gotPods), err)
	}
	key := controller.Key{Namespace: "soil", Name: other.Name}
	if gotJob, _, _, err := k.Look(ctx, key, false); err == nil {
		t.Errorf("a Job that cannot be seen is %v, without an error", gotJob)
	}
	if _, err := k.Jobs(ctx, "soil", nil); !apierrors.IsServiceUnavailable(err) {
		t.Errorf("its Jobs, as far as is known: %v", err)
	}
	if _, err := k.Job(ctx, "soil", other.Name); !apierrors.IsServiceUnavailable(err) {
		t.Errorf("one of its Jobs, as far as is known: %v", err)
	}
	if jobs, err := k.Jobs(ctx, "", nil); err != nil || len(jobs) != 1 {
		t.Errorf("all Jobs that are known: %d, %v", len(jobs), err)
	}
	refused.Store(false)
	if !k.AwaitWatch(ctx, "soil") || len(k.Unwatched()) > 0 {
		t.Error("it is not watched later")
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		mu.Lock()
		found := slices.Contains(told, key)
		mu.Unlock()
		if found {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody is told of the Job that is there")
		}
	}
}

func TestConnectEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _, _ := launched(t)
		refuse(client, "soil")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := controller.Connect(ctx, client, []string{"soil"}, func(controller.Key) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// With a namespace go its Jobs, its pods and the right to ask for them. What was running there is lost, and the others
// do not notice.
func TestNamespaceThatIsDeletedDisturbsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, job, pod := launched(t)
		refused := refuse(client, "soil")
		refused.Store(false)
		ctx, cancel := context.WithCancel(t.Context())
		var leading atomic.Pointer[controller.Loop]
		k, err := controller.Connect(ctx, client, []string{"soil", job.Namespace}, func(key controller.Key) {
			if loop := leading.Load(); loop != nil {
				loop.Changed(key)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer k.Wait()
		defer cancel()
		store := memory(t)
		loop := controller.New(k, store, controller.Options{})
		leading.Store(loop)
		var running sync.WaitGroup
		running.Go(func() {
			if err := loop.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		theirs, pods := job.DeepCopy(), pod.DeepCopy()
		theirs.Namespace, pods.Namespace = "soil", "soil"
		theirs.UID, pods.OwnerReferences[0].UID = "uid-9", "uid-9"
		pods.Status.Phase = corev1.PodRunning
		pods.Status.ContainerStatuses[0].State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}}
		if _, err := client.BatchV1().Jobs("soil").Create(ctx, theirs, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := client.CoreV1().Pods("soil").Create(ctx, pods, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if open := read(t, store).Open; open != 1 {
			t.Errorf("%d runs are open", open)
		}
		for _, err := range []error{
			client.CoreV1().Pods("soil").Delete(ctx, pods.Name, metav1.DeleteOptions{}),
			client.BatchV1().Jobs("soil").Delete(ctx, theirs.Name, metav1.DeleteOptions{}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		refused.Store(true)
		time.Sleep(20 * time.Minute)
		ends := map[string]string{}
		for data, err := range store.Outcomes(ctx, "soil", "", "") {
			if err != nil {
				t.Fatal(err)
			}
			ends["soil"] = endOf(t, data)
		}
		if diff := cmp.Diff(map[string]string{"soil": "failed LOST, logs may be incomplete"}, ends); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if !k.Watched(job.Namespace) {
			t.Error("the other namespace is not watched any more")
		}
		cancel()
		running.Wait()
	})
}
