package controller_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"kernelindexer/k8s/controller"
	"kernelindexer/k8s/process"
)

// sim is a small cluster in memory: a Job controller, a node and a kubelet's
// logs. What happens in it is the same every time, whoever looks.
type sim struct {
	mu      sync.Mutex
	moved   *sync.Cond
	jobs    map[controller.Key]*simJob
	pods    map[string]*corev1.Pod
	logs    map[process.Stream]*simLog
	made    map[controller.Key]int // Jobs of a name so far
	changed func(controller.Key)
	cuts    *rand.Rand // cuts streams; nil does not
	live    sync.WaitGroup
	writes  int    // actions of the loop
	words   string // that containers which fail say last
	secrets func() ([]string, error)
}

type simJob struct {
	*batchv1.Job
	events []*corev1.Event
	gone   chan struct{}
	stop   chan struct{}
}

func newSim() *sim {
	s := &sim{
		jobs: map[controller.Key]*simJob{}, pods: map[string]*corev1.Pod{}, logs: map[process.Stream]*simLog{},
		made: map[controller.Key]int{}, changed: func(controller.Key) {},
	}
	s.moved = sync.NewCond(&s.mu)
	return s
}

// change changes the cluster, and tells the loop.
func (s *sim) change(job *simJob, change func()) {
	s.mu.Lock()
	change()
	s.moved.Broadcast()
	changed := s.changed
	s.mu.Unlock()
	changed(controller.Key{Namespace: job.Namespace, Name: job.Name})
}

// Create makes a Job and lets it live.
func (s *sim) Create(_ context.Context, asked *batchv1.Job) error {
	key := controller.Key{Namespace: asked.Namespace, Name: asked.Name}
	s.mu.Lock()
	if s.jobs[key] != nil {
		s.mu.Unlock()
		return nil
	}
	s.made[key]++
	job := &simJob{Job: asked.DeepCopy(), gone: make(chan struct{}), stop: make(chan struct{})}
	job.UID = types.UID(fmt.Sprintf("%s-%d", key.Name, s.made[key]))
	job.CreationTimestamp = now()
	s.jobs[key] = job
	s.mu.Unlock()
	s.live.Go(func() { s.run(job) }) //nolint:contextcheck // a Job outlives who asked for it
	s.change(job, func() {})
	return nil
}

func now() metav1.Time { return metav1.NewTime(time.Now().Truncate(time.Second)) }

// wait lets time pass in the life of a Job: false when it is stopped or gone.
func (j *simJob) wait(d time.Duration) bool {
	select {
	case <-j.gone:
		return false
	case <-j.stop:
		return false
	case <-time.After(d):
		return true
	}
}

// run is the life of a Job; its process type says what happens.
func (s *sim) run(job *simJob) {
	kind := job.Annotations[process.AnnotationName]
	switch {
	case kind == "quota":
		s.change(job, func() {
			job.events = append(job.events, &corev1.Event{
				InvolvedObject: corev1.ObjectReference{UID: job.UID}, Reason: "FailedCreate", FirstTimestamp: now(),
				Message: `pods "x" is forbidden: exceeded quota: q`,
			})
		})
	case kind == "rejected" && job.Annotations[process.AnnotationReplaced] == "":
		job.wait(time.Second)
		pod := s.pod(job, 1)
		s.change(job, func() { pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, "OutOfcpu" })
		s.finish(job, "BackoffLimitExceeded")
	default:
		attempts := 1
		if kind == "retried" {
			attempts = 2
		}
		for attempt := 1; attempt <= attempts; attempt++ {
			if !s.attempt(job, kind, attempt, attempt == attempts) {
				break
			}
		}
	}
	// The Job stays until it is deleted, or its time to live is over.
	for {
		s.mu.Lock()
		ttl := time.Duration(*job.Spec.TTLSecondsAfterFinished) * time.Second
		finished := len(job.Status.Conditions) > 0
		s.mu.Unlock()
		if finished && ttl < process.UnarchivedTTL {
			select {
			case <-job.gone:
			case <-time.After(ttl):
				_ = s.Delete(context.Background(), controller.Key{Namespace: job.Namespace, Name: job.Name}, job.UID)
			}
			return
		}
		select {
		case <-job.gone:
			return
		case <-time.After(5 * time.Second):
		}
	}
}

func (s *sim) pod(job *simJob, attempt int) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: fmt.Sprintf("%s-%d", job.UID, attempt), Namespace: job.Namespace, UID: types.UID(fmt.Sprintf("pod-%s-%d", job.UID, attempt)),
		CreationTimestamp: now(), Labels: map[string]string{batchv1.JobNameLabel: job.Name},
		OwnerReferences: []metav1.OwnerReference{{Name: job.Name, UID: job.UID, Controller: new(true)}},
	}}
	pod.Status.Phase = corev1.PodPending
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: now()}}
	s.change(job, func() { s.pods[pod.Name] = pod })
	return pod
}

// attempt runs the containers of one pod. It is true when another may follow.
func (s *sim) attempt(job *simJob, kind string, attempt int, last bool) bool {
	if !job.wait(time.Second) {
		return false
	}
	pod := s.pod(job, attempt)
	if kind == "no-image" {
		s.change(job, func() {
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "process", State: corev1.ContainerState{
				Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "manifest unknown: not found"},
			}}}
		})
		return false
	}
	names := process.RecordOf(job.Job).Commands
	for i, name := range names {
		code := int32(0)
		switch {
		case kind == "failed", kind == "retried" && !last, kind == "commands-failed" && i == 1:
			code = 3
		}
		if !s.container(job, pod, name, i == len(names)-1, kind, code) {
			return false
		}
		if code != 0 {
			s.change(job, func() { pod.Status.Phase = corev1.PodFailed; job.Status.Failed++ })
			if last {
				s.finish(job, "BackoffLimitExceeded")
			}
			return true
		}
	}
	s.change(job, func() {
		pod.Status.Phase = corev1.PodSucceeded
		job.Status.Succeeded = 1
		job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue, LastTransitionTime: now()}}
	})
	return false
}

// container runs one container: it says a few things, many of them at once.
func (s *sim) container(job *simJob, pod *corev1.Pod, name string, last bool, kind string, code int32) bool {
	log := &simLog{}
	started := now()
	set := func(state corev1.ContainerState) {
		list := &pod.Status.InitContainerStatuses
		if last {
			list = &pod.Status.ContainerStatuses
		}
		kept := (*list)[:0:0]
		for _, status := range *list {
			if status.Name != name {
				kept = append(kept, status)
			}
		}
		*list = append(kept, corev1.ContainerStatus{Name: name, State: state})
	}
	s.change(job, func() {
		pod.Status.Phase = corev1.PodRunning
		s.logs[process.Stream{Pod: pod.Name, Container: name}] = log
		set(corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}})
	})
	end := func(code int32, reason string) {
		words := ""
		if code != 0 {
			words = s.words
		}
		s.change(job, func() {
			log.ended = true
			set(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ExitCode: code, Reason: reason, Message: words, StartedAt: started, FinishedAt: now(),
			}})
		})
	}
	for round := range 12 {
		s.mu.Lock()
		for i := range 5 {
			text := []string{"the same", "the same", fmt.Sprint(name, " ", round), strings.Repeat("long ", 40), ""}[i]
			log.lines = append(log.lines, simLine{time.Now(), text})
		}
		s.moved.Broadcast()
		s.mu.Unlock()
		if kind == "canceled" && round == 1 {
			s.change(job, func() { job.Annotations[process.AnnotationCancel] = process.Cancellation(time.Now(), "ada") })
			job.wait(time.Hour)
		}
		if !job.wait(700 * time.Millisecond) {
			end(143, "Error")
			s.change(job, func() { pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, "DeadlineExceeded" })
			s.finish(job, "BackoffLimitExceeded")
			return false
		}
	}
	reason := "Completed"
	if code != 0 {
		reason = "Error"
	}
	if kind == "oom" {
		reason = "OOMKilled"
	}
	end(code, reason)
	return true
}

func (s *sim) finish(job *simJob, reason string) {
	s.change(job, func() {
		job.Status.Conditions = []batchv1.JobCondition{{
			Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: reason, LastTransitionTime: now(),
		}}
	})
}

// Look implements controller.Objects.
func (s *sim) Look(_ context.Context, key controller.Key, _ bool) (*batchv1.Job, []*corev1.Pod, []*corev1.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	job := s.jobs[key]
	if job == nil {
		return nil, nil, nil, nil
	}
	var pods []*corev1.Pod
	for _, pod := range s.pods {
		if pod.Labels[batchv1.JobNameLabel] == key.Name {
			pods = append(pods, pod.DeepCopy())
		}
	}
	return job.DeepCopy(), pods, job.events, nil
}

// Pod implements controller.Objects.
func (s *sim) Pod(_ context.Context, key controller.Key) (*corev1.Pod, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pod := s.pods[key.Name]; pod != nil {
		return pod.DeepCopy(), nil
	}
	return nil, nil
}

// Last implements controller.Objects.
func (s *sim) Last(controller.Key) *corev1.Pod { return nil }

// Secrets implements controller.Logs.
func (s *sim) Secrets(context.Context, *batchv1.Job) ([]string, error) {
	if s.secrets == nil {
		return nil, nil
	}
	return s.secrets()
}

// of returns the Job of a key when it is the one with the uid.
func (s *sim) of(key controller.Key, uid types.UID) *simJob {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	if job := s.jobs[key]; job != nil && job.UID == uid {
		return job
	}
	return nil
}

// Stop implements controller.Actions.
func (s *sim) Stop(_ context.Context, key controller.Key, uid types.UID, pods []string) error {
	if job := s.of(key, uid); job != nil {
		s.change(job, func() {
			job.Spec.BackoffLimit = new(int32(0))
			for _, name := range pods {
				if pod := s.pods[name]; pod != nil && pod.Spec.ActiveDeadlineSeconds == nil {
					pod.Spec.ActiveDeadlineSeconds = new(int64(1))
					close(job.stop)
				}
			}
		})
	}
	return nil
}

// ArmTTL implements controller.Actions.
func (s *sim) ArmTTL(_ context.Context, key controller.Key, uid types.UID, ttl time.Duration) error {
	if job := s.of(key, uid); job != nil {
		s.change(job, func() { job.Spec.TTLSecondsAfterFinished = new(int32(ttl / time.Second)) })
	}
	return nil
}

// Delete implements controller.Actions.
func (s *sim) Delete(_ context.Context, key controller.Key, uid types.UID) error {
	if job := s.of(key, uid); job != nil {
		s.change(job, func() {
			delete(s.jobs, key)
			for name, pod := range s.pods {
				if pod.OwnerReferences[0].UID == uid {
					delete(s.pods, name)
					for stream, log := range s.logs {
						log.ended = log.ended || stream.Pod == name
					}
				}
			}
			close(job.gone)
		})
	}
	return nil
}
