package process_test

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/process"
)

var metav1Selector = metav1.LabelSelector{MatchLabels: map[string]string{batchv1.ControllerUidLabel: "uid-1"}}

// at is a moment, in seconds since the Job was created.
func at(second int) time.Time {
	return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC).Add(time.Duration(second) * time.Second)
}

// scene is one run as a cluster shows it.
type scene struct {
	t      *testing.T
	job    *batchv1.Job
	pods   []*scenePod
	events []*corev1.Event
	facts  process.Facts
	at     time.Time
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, at: at(120)}
	s.of(typed())
	return s
}

// of makes the scene one of a Job for the request.
func (s *scene) of(spec process.Spec) {
	job, err := process.Job(spec)
	if err != nil {
		s.t.Fatal(err)
	}
	job.UID, job.CreationTimestamp = "uid-1", metav1.NewTime(at(0))
	s.job = job
	s.facts = process.Facts{Streams: map[process.Stream]process.StreamFact{}, Record: &process.Record{
		Namespace: job.Namespace, Job: job.Name, UID: job.UID, Process: spec.Process, CreatedAt: at(0),
	}}
}

func (s *scene) now(second int) { s.at = at(second) }

func (s *scene) observation() process.Observation {
	o := process.Observation{Job: s.job, Events: s.events, Facts: s.facts, Now: s.at, Limits: process.DefaultLimits()}
	for _, pod := range s.pods {
		o.Pods = append(o.Pods, pod.Pod)
	}
	return o
}

// archiveLogs lets all logs be in the archive or on their way.
func (s *scene) archiveLogs() {
	for _, pod := range s.pods {
		for _, status := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
			s.facts.Streams[process.Stream{Pod: pod.Name, Container: status.Name}] = process.StreamFact{
				Following: status.State.Running != nil, Complete: status.State.Terminated != nil,
			}
		}
	}
}

func (s *scene) cancel(second int) {
	s.job.Annotations[process.AnnotationCancel] = process.Cancellation(at(second), "ada")
}

func (s *scene) failed(reason string) {
	s.job.Status.Failed = 1
	s.condition(batchv1.JobFailed, reason)
}

func (s *scene) completed() {
	s.job.Status.Succeeded = 1
	s.condition(batchv1.JobComplete, "CompletionsReached")
}

func (s *scene) condition(kind batchv1.JobConditionType, reason string) {
	s.job.Status.Conditions = append(s.job.Status.Conditions, batchv1.JobCondition{
		Type: kind, Status: corev1.ConditionTrue, Reason: reason, LastTransitionTime: metav1.NewTime(at(100)),
	})
}

func (s *scene) event(object metav1.Object, reason, message string, second int) {
	s.events = append(s.events, &corev1.Event{
		InvolvedObject: corev1.ObjectReference{UID: object.GetUID(), Name: object.GetName()},
		Reason:         reason, Message: message, Type: corev1.EventTypeWarning,
		FirstTimestamp: metav1.NewTime(at(second)), LastTimestamp: metav1.NewTime(at(second)), Count: 1,
	})
}

// scenePod is a pod that can be told what happens to it.
type scenePod struct {
	*corev1.Pod
	job *batchv1.Job
}

func (s *scene) pod(suffix string) *scenePod {
	pod := &scenePod{job: s.job, Pod: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: s.job.Name + "-" + suffix, Namespace: s.job.Namespace, UID: "uid-1-" + "pod",
		CreationTimestamp: metav1.NewTime(at(0)),
		OwnerReferences:   []metav1.OwnerReference{{Kind: "Job", Name: s.job.Name, UID: s.job.UID, Controller: new(true)}},
	}}}
	pod.Status.Phase = corev1.PodPending
	s.pods = append(s.pods, pod)
	return pod
}

func (p *scenePod) at(second int) *scenePod {
	p.CreationTimestamp = metav1.NewTime(at(second))
	return p
}

func (p *scenePod) condition(kind corev1.PodConditionType, status corev1.ConditionStatus, reason, message string, second int) *scenePod {
	p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
		Type: kind, Status: status, Reason: reason, Message: message, LastTransitionTime: metav1.NewTime(at(second)),
	})
	return p
}

func (p *scenePod) scheduled(second int) *scenePod {
	p.Status.StartTime = new(metav1.NewTime(at(second)))
	return p.condition(corev1.PodScheduled, corev1.ConditionTrue, "", "", second)
}

func (p *scenePod) unscheduled(message string) *scenePod {
	return p.condition(corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable, message, 0)
}

func (p *scenePod) disrupted(reason string) *scenePod {
	return p.condition(corev1.DisruptionTarget, corev1.ConditionTrue, reason, "the cluster wanted it", 8)
}

func (p *scenePod) fails(reason, message string) *scenePod {
	p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, reason, message
	return p
}

func (p *scenePod) deleted(second int, grace int64) *scenePod {
	p.DeletionTimestamp = new(metav1.NewTime(at(second).Add(time.Duration(grace) * time.Second)))
	p.DeletionGracePeriodSeconds = &grace
	return p
}

func (p *scenePod) waits(container, reason, message string) *scenePod {
	return p.container(container, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}})
}

func (p *scenePod) runs(container string, second int) *scenePod {
	p.Status.Phase = corev1.PodRunning
	return p.container(container, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(at(second))}})
}

func (p *scenePod) ends(container string, code int32, reason, message string, from, to int) *scenePod {
	return p.container(container, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: code, Reason: reason, Message: message, StartedAt: metav1.NewTime(at(from)), FinishedAt: metav1.NewTime(at(to)),
	}})
}

func (p *scenePod) container(name string, state corev1.ContainerState) *scenePod {
	status := corev1.ContainerStatus{Name: name, State: state}
	for _, init := range p.job.Spec.Template.Spec.InitContainers {
		if init.Name == name {
			p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses, status)
			return p
		}
	}
	p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, status)
	return p
}
