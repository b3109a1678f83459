package process

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// This file sees what keeps a run from starting. Kubernetes never gives up on
// any of it.

// refusals are why the Job controller could not create a pod. A message of none
// of them is taken to pass.
var refusals = []pattern{
	{sub: "quota", words: []string{"exceeded quota", "failed quota"}},
	{sub: "transient", words: []string{
		"failed calling webhook", "timed out", "timeout", "connection refused", "etcdserver", "internal error",
		"object has been modified", "is being terminated",
	}},
	{sub: "podsecurity", words: []string{"violates podsecurity"}},
	{sub: "webhook", words: []string{"denied the request", "admission webhook"}},
	{sub: "policy", words: []string{"validatingadmissionpolicy"}},
	{sub: "account", words: []string{"serviceaccount", "service account"}},
	{sub: "limitrange", words: []string{
		"usage per container", "usage per pod", "maximum cpu", "maximum memory", "minimum cpu", "minimum memory", "limit to request ratio",
	}},
	{sub: "forbidden", words: []string{"is forbidden", "is invalid"}},
}

// refused is the last event of a pod that could not be created, while there has
// never been one, and its pattern.
func (v *view) refused() (*corev1.Event, pattern, bool) {
	status := v.job.Status
	if len(v.pods) > 0 || status.Active+status.Succeeded+status.Failed > 0 {
		return nil, pattern{}, false
	}
	for _, event := range slices.Backward(v.events) {
		if event.Reason == "FailedCreate" && event.InvolvedObject.UID == v.job.UID {
			p, ok := match(refusals, event.Message)
			return event, p, ok
		}
	}
	return nil, pattern{}, false
}

func findDenied(v *view) (finding, bool) {
	event, p, ok := v.refused()
	if !ok || p.sub == "quota" || p.sub == "transient" {
		return finding{}, false
	}
	return finding{
		sub: p.sub, message: event.Message, evidence: []string{said(event)}, since: firstSeen(event),
	}, true
}

func findQuota(v *view) (finding, bool) {
	event, p, ok := v.refused()
	if !ok || p.sub != "quota" {
		return finding{}, false
	}
	return finding{message: event.Message, evidence: []string{said(event)}, since: v.created()}, true
}

func findSuspended(v *view) (finding, bool) {
	if v.job.Spec.Suspend == nil || !*v.job.Spec.Suspend {
		return finding{}, false
	}
	queue := v.job.Labels[labelQueue]
	f := finding{message: "the Job is suspended and nobody admitted it", since: v.created()}
	if queue != "" {
		f.message = fmt.Sprintf("the queue %q did not admit the run", queue)
	}
	for _, event := range v.events {
		f.evidence = append(f.evidence, said(event))
	}
	return f, true
}

// unplaced are what a scheduler says of nodes. A volume comes first, for its
// messages speak of affinity too.
var unplaced = []pattern{
	{sub: "volume", words: []string{"volume", "persistentvolumeclaim"}},
	{sub: "resources", words: []string{"insufficient", "too many pods"}},
	{sub: "affinity", words: []string{"affinity", "node selector", "topology spread"}},
	{sub: "taint", words: []string{"taint", "unschedulable"}},
}

func findUnscheduled(v *view) (finding, bool) {
	pod := v.pod()
	switch {
	case pod == nil && v.job.Status.Active+v.job.Status.Succeeded+v.job.Status.Failed == 0:
		f := finding{message: "no pod was created", since: v.created()}
		if event, _, _ := v.refused(); event != nil {
			f.message, f.evidence = event.Message, []string{said(event)}
		}
		return f, true
	case pod == nil || podOver(pod) || podStarted(pod) || !scheduledAt(pod).IsZero():
		return finding{}, false
	}
	f := finding{message: "no node was assigned", since: pod.CreationTimestamp.Time}
	if condition := podCondition(pod, corev1.PodScheduled); condition != nil {
		f.message = condition.Message
		f.evidence = []string{reasoned(condition.Reason, condition.Message)}
		if p, ok := match(unplaced, condition.Message); ok {
			f.sub = p.sub
		}
	}
	return f, true
}

// pullReasons are the kubelet's words for an image that it does not have; true
// when it tries again.
var pullReasons = map[string]bool{
	"ErrImagePull": true, "ImagePullBackOff": true, "RegistryUnavailable": true, "SignatureValidationFailed": true,
	"ImageInspectError": true, "InvalidImageName": false, "ErrImageNeverPull": false,
}

// pullCauses are what a runtime says of a registry. A name can be unknown for
// want of a right, so the right comes first.
var pullCauses = []pattern{
	{sub: "ratelimit", retriable: true, words: []string{"toomanyrequests", "too many requests", "rate limit", "429"}},
	{sub: "unauthorized", words: []string{
		"unauthorized", "authentication required", "access denied", "access to the requested resource is not authorized",
		"insufficient_scope", "authorization failed", "no basic auth", "403 forbidden", "denied:",
	}},
	{sub: "platform", words: []string{"no match for platform", "no matching manifest", "does not match the specified platform"}},
	{sub: "name", words: []string{"invalid reference format", "couldn't parse image", "failed to parse image"}},
	{sub: "notfound", words: []string{"not found", "manifest unknown", "name unknown", "no such image", "does not exist"}},
	{sub: "network", retriable: true, words: []string{
		"no such host", "connection refused", "connection reset", "network is unreachable", "no route to host", "i/o timeout", "timeout",
		"deadline exceeded", "dial tcp", "tls", "x509", "eof", "server gave http response", "bad gateway", "service unavailable",
		"internal server error",
	}},
}

func findPull(v *view) (finding, bool) {
	pod := v.pod()
	if pod == nil || podOver(pod) {
		return finding{}, false
	}
	status, why := waiting(pod)
	if why == nil {
		return finding{}, false
	}
	again, ours := pullReasons[why.Reason]
	if !ours {
		return finding{}, false
	}
	events := v.about(pod, status.Name, "Failed", "BackOff", "ErrImageNeverPull", "InspectFailed")
	f := v.stuckAt(pod, status, why, events)
	// The image's own name may hold any of the words.
	said := strings.ReplaceAll(strings.Join(append(f.evidence, why.Message), "\n"), imageOf(v, status.Name), "")
	switch p, ok := match(pullCauses, said); {
	case why.Reason == "InvalidImageName":
		f.sub = "name"
	case why.Reason == "ErrImageNeverPull":
		f.sub = "notfound"
	case ok:
		f.sub, f.retriable = p.sub, new(p.retriable)
	}
	if again {
		f.at = v.limits.ImagePull
	}
	return f, true
}

func findConfig(v *view) (finding, bool) {
	pod := v.pod()
	if pod == nil || podOver(pod) {
		return finding{}, false
	}
	status, why := waiting(pod)
	if why == nil || !slices.Contains([]string{
		"CreateContainerConfigError", "CreateContainerError", "PreCreateHookError", "RunContainerError",
	}, why.Reason) {
		return finding{}, false
	}
	return v.stuckAt(pod, status, why, v.about(pod, status.Name, "Failed")), true
}

// findStuck: a pod that has a node and does not start, for no other reason.
func findStuck(v *view) (finding, bool) {
	pod := v.pod()
	if pod == nil || podOver(pod) || podStarted(pod) || scheduledAt(pod).IsZero() {
		return finding{}, false
	}
	f := finding{message: "the pod was not started by its node", since: scheduledAt(pod)}
	for _, event := range v.events {
		if event.InvolvedObject.UID != pod.UID || event.Type != corev1.EventTypeWarning {
			continue
		}
		f.message = event.Message
		f.evidence = append(f.evidence, said(event))
		switch event.Reason {
		case "FailedMount", "FailedAttachVolume", "FailedMapVolume":
			f.sub = "volume"
		case "FailedCreatePodSandBox":
			f.sub = "sandbox"
		}
	}
	return f, true
}

// stuckAt is the finding of a container that waits. A waiting state has no time
// of its own: the first event about it has, and before that nothing can have
// been wrong that the container before it did not survive.
func (v *view) stuckAt(pod *corev1.Pod, status corev1.ContainerStatus, why *corev1.ContainerStateWaiting, events []*corev1.Event) finding {
	since := scheduledAt(pod)
	if since.IsZero() {
		since = pod.CreationTimestamp.Time
	}
	if _, last := times(pod); last.After(since) {
		since = last
	}
	f := finding{message: why.Message, stream: &Stream{Pod: pod.Name, Container: status.Name}}
	if f.message == "" {
		f.message = why.Reason
	}
	f.evidence = []string{reasoned(why.Reason, why.Message)}
	for i, event := range events {
		f.evidence = append(f.evidence, said(event))
		if at := firstSeen(event); i == 0 && at.After(since) {
			since = at
		}
	}
	f.since = since
	return f
}

// about are the events of a container, oldest first. An event that names no
// container is about all of them.
func (v *view) about(pod *corev1.Pod, container string, reasons ...string) []*corev1.Event {
	var events []*corev1.Event
	for _, event := range v.events {
		object := event.InvolvedObject
		if object.UID == pod.UID && slices.Contains(reasons, event.Reason) &&
			(object.FieldPath == "" || strings.HasSuffix(object.FieldPath, "{"+container+"}")) {
			events = append(events, event)
		}
	}
	return events
}

// imageOf is the image that a container asks for.
func imageOf(v *view, container string) string {
	spec := v.job.Spec.Template.Spec
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		if c.Name == container && c.Image != "" {
			return c.Image
		}
	}
	return "\x00" // in no message
}

func said(event *corev1.Event) string {
	return fmt.Sprintf("%s %s: %s", lastSeen(event).UTC().Format(time.RFC3339), event.Reason, event.Message)
}
