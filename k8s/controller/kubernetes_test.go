package controller_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"

	"kernelindexer/k8s/controller"
	"kernelindexer/k8s/process"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// launched is a Job in a fake API server, and a pod of it that has ended.
func launched(t *testing.T) (*fake.Clientset, *batchv1.Job, *corev1.Pod) {
	t.Helper()
	spec := request("done")
	spec.Storage = process.Storage{Base: "s3://x", Secret: "p-storage"}
	job, err := process.Job(spec)
	if err != nil {
		t.Fatal(err)
	}
	job.UID, job.CreationTimestamp = "uid-1", metav1.Now()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: job.Name + "-abcde", Namespace: job.Namespace, UID: "uid-2", CreationTimestamp: metav1.Now(),
		Labels:          map[string]string{"app.kubernetes.io/managed-by": "kernel-jobs", batchv1.JobNameLabel: job.Name},
		OwnerReferences: []metav1.OwnerReference{{Kind: "Job", Name: job.Name, UID: "uid-1", Controller: new(true)}},
	}}
	pod.Status.Phase = corev1.PodSucceeded
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "process", State: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: metav1.Now(), FinishedAt: metav1.Now()},
	}}}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "p-storage", Namespace: job.Namespace},
		Data:       map[string][]byte{"access_key": []byte("who"), "secret_key": []byte("hunter2-hunter2"), "other": []byte("not asked for")},
	}
	return fake.NewClientset(job, pod, secret), job, pod
}

func TestActionsAsTheAPIServerSeesThem(t *testing.T) {
	client, job, pod := launched(t)
	ctx, cancel := context.WithCancel(t.Context())
	k, err := controller.Connect(ctx, client, []string{job.Namespace}, func(controller.Key) {})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Wait()
	defer cancel()
	key := controller.Key{Namespace: job.Namespace, Name: job.Name}
	client.ClearActions()
	for _, err := range []error{
		k.Stop(ctx, key, "uid-1", []string{pod.Name, "gone"}), k.ArmTTL(ctx, key, "uid-1", 10*time.Minute), k.Delete(ctx, key, "uid-1"),
		k.Delete(ctx, key, "uid-1"), k.ArmTTL(ctx, key, "uid-1", 1), k.Create(ctx, job), k.Create(ctx, job),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	var got []string
	for _, action := range client.Actions() {
		text := action.GetVerb() + " " + action.GetResource().Resource
		switch action := action.(type) {
		case ktesting.PatchActionImpl:
			text += " " + action.GetName() + " " + string(action.GetPatch())
		case ktesting.DeleteActionImpl:
			text += " " + string(*action.DeleteOptions.PropagationPolicy) + " " + string(*action.DeleteOptions.Preconditions.UID)
		}
		got = append(got, text)
	}
	want := []string{
		`patch jobs process-done-v0 {"metadata":{"uid":"uid-1"},"spec":{"backoffLimit":0}}`,
		`patch pods process-done-v0-abcde {"spec":{"activeDeadlineSeconds":1}}`,
		`patch pods gone {"spec":{"activeDeadlineSeconds":1}}`,
		`patch jobs process-done-v0 {"metadata":{"uid":"uid-1"},"spec":{"ttlSecondsAfterFinished":600}}`,
		"delete jobs Background uid-1",
		"delete jobs Background uid-1",
		`patch jobs process-done-v0 {"metadata":{"uid":"uid-1"},"spec":{"ttlSecondsAfterFinished":0}}`,
		"create jobs", "create jobs",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestErrorsOfTheAPIServer(t *testing.T) {
	client, job, _ := launched(t)
	k, err := controller.Connect(t.Context(), client, nil, func(controller.Key) {})
	if err != nil {
		t.Fatal(err)
	}
	key := controller.Key{Namespace: job.Namespace, Name: job.Name}
	var answer error
	client.PrependReactor("*", "*", func(ktesting.Action) (bool, runtime.Object, error) { return true, nil, answer })
	jobs := schema.GroupResource{Group: "batch", Resource: "jobs"}
	kind := schema.GroupKind{Group: "batch", Kind: "Job"}
	for _, test := range []struct {
		answer error
		bad    bool
	}{
		{apierrors.NewConflict(jobs, job.Name, errors.New("the UID in the precondition is another")), false},
		{apierrors.NewNotFound(jobs, job.Name), false},
		{apierrors.NewInvalid(kind, job.Name, field.ErrorList{field.Invalid(field.NewPath("metadata", "uid"), "uid-1", "field is immutable")}), false},
		{apierrors.NewInvalid(kind, job.Name, field.ErrorList{field.Invalid(field.NewPath("spec", "backoffLimit"), -1, "no")}), true},
		{apierrors.NewForbidden(jobs, job.Name, errors.New("no")), true},
		{apierrors.NewTimeoutError("busy", 1), true},
	} {
		answer = test.answer
		for name, err := range map[string]error{
			"stop": k.Stop(t.Context(), key, "uid-1", nil), "ttl": k.ArmTTL(t.Context(), key, "uid-1", 1),
			"delete": k.Delete(t.Context(), key, "uid-1"),
		} {
			if (err != nil) != test.bad {
				t.Errorf("%s: %v gives %v", name, test.answer, err)
			}
		}
		_, _, _, err := k.Look(t.Context(), key, true)
		if notFound := apierrors.IsNotFound(test.answer); (err == nil) != notFound {
			t.Errorf("look: %v gives %v", test.answer, err)
		}
	}
}

func TestLookIsTheSameFreshAndCached(t *testing.T) {
	client, job, pod := launched(t)
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan controller.Key, 100)
	k, err := controller.Connect(ctx, client, []string{job.Namespace, "empty"}, func(key controller.Key) { told <- key })
	if err != nil {
		t.Fatal(err)
	}
	defer k.Wait()
	defer cancel()
	key := controller.Key{Namespace: job.Namespace, Name: job.Name}
	for _, object := range []corev1.ObjectReference{
		{Kind: "Job", Namespace: job.Namespace, Name: job.Name, UID: job.UID},
		{Kind: "Pod", Namespace: job.Namespace, Name: pod.Name, UID: pod.UID},
		{Kind: "Pod", Namespace: job.Namespace, Name: "somebody else's", UID: "uid-9"},
	} {
		for len(told) > 0 {
			<-told
		}
		event := &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Name: "event-" + string(object.UID), Namespace: job.Namespace},
			InvolvedObject: object, Type: corev1.EventTypeWarning, Reason: "Failed",
		}
		if _, err := client.CoreV1().Events(job.Namespace).Create(ctx, event, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if object.UID == "uid-9" {
			continue
		}
		select {
		case got := <-told:
			if got != key {
				t.Errorf("told of %v", got)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("not told of an event about %s %s", object.Kind, object.Name)
		}
	}
	for _, fresh := range []bool{false, true} {
		gotJob, gotPods, gotEvents, err := k.Look(ctx, key, fresh)
		if err != nil || gotJob == nil || gotJob.UID != "uid-1" || len(gotPods) != 1 || gotPods[0].UID != "uid-2" || len(gotEvents) < 2 {
			t.Errorf("fresh %v: %v, %d pods, %d events, %v", fresh, gotJob, len(gotPods), len(gotEvents), err)
		}
		if gotJob, _, _, err := k.Look(ctx, controller.Key{Namespace: job.Namespace, Name: "none"}, fresh); gotJob != nil || err != nil {
			t.Errorf("fresh %v: no Job is %v, %v", fresh, gotJob, err)
		}
	}
	got, err := k.Secrets(ctx, job)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"hunter2-hunter2", "who"}, got); diff != "" || err != nil {
		t.Errorf("%v: secrets -want +got:\n%s", err, diff)
	}
}

func TestLoopOverAClient(t *testing.T) {
	client, job, pod := launched(t)
	job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	if _, err := client.BatchV1().Jobs(job.Namespace).UpdateStatus(t.Context(), job, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	store := memory(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var loop *controller.Loop
	var ready sync.WaitGroup
	ready.Add(1)
	k, err := controller.Connect(ctx, client, []string{job.Namespace}, func(key controller.Key) { ready.Wait(); loop.Changed(key) })
	if err != nil {
		t.Fatal(err)
	}
	loop = controller.New(k, store, controller.Options{Failed: func(key controller.Key, err error) { t.Log(key, err) }})
	ready.Done()
	var running sync.WaitGroup
	running.Go(func() {
		if err := loop.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	for {
		got, err := client.BatchV1().Jobs(job.Namespace).Get(ctx, job.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if *got.Spec.TTLSecondsAfterFinished == 600 && read(t, store).Open == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	cancel()
	running.Wait()
	k.Wait()
	got := read(t, store)
	if got.Ends["done"] != "done" || len(got.Logs[pod.Name+"/process"]) != 1 || !strings.Contains(got.Logs[pod.Name+"/process"][0], "fake logs") {
		t.Errorf("archived %+v", got)
	}
}

func TestOneLeadsAfterTheOther(t *testing.T) {
	client := fake.NewClientset()
	lease := controller.Lease{Namespace: "n", Name: "l", Duration: 2 * time.Second}
	var leading, terms atomic.Int32
	work := func(ctx context.Context) error {
		if leading.Add(1) != 1 {
			t.Error("two lead")
		}
		terms.Add(1)
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond) // what was begun is ended
		leading.Add(-1)
		return ctx.Err()
	}
	var all sync.WaitGroup
	for _, identity := range []string{"one", "two", "three"} {
		ctx, cancel := context.WithCancel(t.Context())
		all.Go(func() {
			lease.Identity = identity
			lease := lease
			if err := controller.Lead(ctx, client, lease, work); err != nil {
				t.Error(err)
			}
		})
		before := terms.Load()
		deadline := time.Now().Add(20 * time.Second)
		for terms.Load() == before && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
		if terms.Load() == before {
			t.Errorf("%s never leads", identity)
		}
		cancel()
		all.Wait()
	}
	failed := errors.New("failed")
	lease.Identity = "four"
	if err := controller.Lead(t.Context(), client, lease, func(context.Context) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("got %v, want the error of work", err)
	}
}

// TestPodThatIsGoneIsKnownAsItWasLastSeen: an evicted pod says how it ended a moment before it is gone.
func TestPodThatIsGoneIsKnownAsItWasLastSeen(t *testing.T) {
	client, _, pod := launched(t)
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan controller.Key, 100)
	k, err := controller.Connect(ctx, client, []string{pod.Namespace}, func(key controller.Key) { told <- key })
	if err != nil {
		t.Fatal(err)
	}
	defer k.Wait()
	defer cancel()
	key := controller.Key{Namespace: pod.Namespace, Name: pod.Name}
	if last := k.Last(key); last != nil {
		t.Fatalf("it is there, and is known as gone: %+v", last)
	}
	pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{
		Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI",
	})
	if _, err := client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); k.Last(key) == nil; {
		select {
		case <-told:
		case <-time.After(time.Until(begin.Add(10 * time.Second))):
			t.Fatal("not known")
		}
	}
	end := process.EndOf(k.Last(key), "process", strings.ToUpper)
	if end == nil || end.Disrupted != "EvictionByEvictionAPI" {
		t.Errorf("its end is known as %+v", end)
	}
	if k.Last(controller.Key{Namespace: "other", Name: pod.Name}) != nil || k.Last(controller.Key{Namespace: pod.Namespace, Name: "other"}) != nil {
		t.Error("others are known too")
	}
}

// TestFinishedRunsAreCachedWithoutWhatNobodyReads: ten minutes of them, with up to 96 KiB of parameters each.
func TestFinishedRunsAreCachedWithoutWhatNobodyReads(t *testing.T) {
	client, job, pod := launched(t)
	pod.Annotations = map[string]string{process.AnnotationParameters: "{}", "other": "stays"}
	pod.Spec = corev1.PodSpec{NodeName: "node", ActiveDeadlineSeconds: new(int64(60)), Containers: job.Spec.Template.Spec.Containers}
	if err := client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("pods"), pod, pod.Namespace); err != nil {
		t.Fatal(err)
	}
	archived := job.DeepCopy()
	archived.Name, archived.UID, archived.Spec.TTLSecondsAfterFinished = "archived", "uid-3", new(int32(600))
	if err := client.Tracker().Add(archived); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	k, err := controller.Connect(ctx, client, []string{job.Namespace}, func(controller.Key) {})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Wait()
	defer cancel()

	cached, pods, _, err := k.Look(ctx, controller.Key{Namespace: job.Namespace, Name: job.Name}, false)
	if err != nil || len(pods) != 1 {
		t.Fatalf("%d pods, %v", len(pods), err)
	}
	if diff := cmp.Diff(job.Spec.Template, cached.Spec.Template); diff != "" {
		t.Errorf("template of a Job that is not archived (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"other": "stays"}, pods[0].Annotations); diff != "" {
		t.Errorf("annotations of a pod (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(corev1.PodSpec{NodeName: "node", ActiveDeadlineSeconds: new(int64(60))}, pods[0].Spec); diff != "" {
		t.Errorf("spec of a pod (-want +got):\n%s", diff)
	}
	cached, _, _, err = k.Look(ctx, controller.Key{Namespace: job.Namespace, Name: "archived"}, false)
	if err != nil || len(cached.Spec.Template.Spec.Containers) != 0 || cached.Annotations[process.AnnotationRequest] != "" {
		t.Errorf("a Job that is archived: %v, %+v", err, cached)
	}
	if cached.Annotations[process.AnnotationProcess] != job.Annotations[process.AnnotationProcess] {
		t.Error("a Job that is archived does not say any more whose it is")
	}
}
