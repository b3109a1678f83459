package process_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"kernelindexer/k8s/process"
)

// FuzzObserve feeds objects that no API server would send.
func FuzzObserve(f *testing.F) {
	add := func(s *scene) {
		job, _ := json.Marshal(s.job)
		pod, _ := json.Marshal(s.pods[0].Pod)
		event, _ := json.Marshal(s.events)
		f.Add(job, pod, event, int64(700), true)
		f.Add([]byte("null"), pod, event, int64(-5), false)
	}
	for _, code := range []int32{0, 1, 127, 137} {
		s := &scene{at: at(0)}
		s.of(listed())
		s.pod("a").scheduled(1).disrupted("x").ends("cmd-00", code, "OOMKilled", "m", 1, 2).waits("cmd-01", "ErrImagePull", "not found").deleted(3, 4)
		s.event(s.job, "FailedCreate", "exceeded quota", 3)
		s.cancel(3)
		add(s)
	}
	f.Fuzz(func(t *testing.T, job, pod, events []byte, second int64, begun bool) {
		o := process.Observation{Now: time.Unix(second, 0), Limits: process.DefaultLimits()}
		// Whatever can be decoded is looked at, the rest is nil or partial.
		_ = json.Unmarshal(job, &o.Job)
		_ = json.Unmarshal(events, &o.Events)
		for range 3 {
			var one *corev1.Pod
			_ = json.Unmarshal(pod, &one)
			if one != nil && o.Job != nil && begun {
				one.Name += fmt.Sprint(len(o.Pods))
				for i := range one.OwnerReferences {
					one.OwnerReferences[i].UID, one.OwnerReferences[i].Controller = o.Job.UID, new(true)
				}
			}
			o.Pods = append(o.Pods, one)
		}
		if begun {
			o.Facts.Record = &process.Record{}
			o.Facts.Streams = map[process.Stream]process.StreamFact{{Pod: "p", Container: "c"}: {End: &process.End{}}}
		}
		objects := func() string {
			text, err := json.Marshal([]any{o.Job, o.Pods, o.Events})
			if err != nil {
				t.Skip("no JSON, as a time out of range")
			}
			return string(text)
		}
		before := objects()
		verdict := process.Observe(o)
		if objects() != before {
			t.Error("the objects were changed")
		}
		if diff := cmp.Diff(verdict, process.Observe(o)); diff != "" {
			t.Errorf("two answers:\n%s", diff)
		}
		if verdict.Status.State.Final() && verdict.Status.Phase != "" {
			t.Errorf("a final state in phase %s", verdict.Status.Phase)
		}
		if (verdict.Status.State == process.Failed || verdict.Status.State == process.Canceled) != (verdict.Status.Failure != nil) {
			t.Errorf("state %s, failure %v", verdict.Status.State, verdict.Status.Failure)
		}
		if verdict.Next.Kind == process.ActWait && !verdict.Next.Until.After(o.Now) {
			t.Errorf("waits until %v at %v", verdict.Next.Until, o.Now)
		}
	})
}

// walk is a run that random things happen to.
type walk struct {
	*scene
	random *rand.Rand
	uids   int
	names  int
	ended  bool // Kubernetes is done with the Job

	followed map[process.Stream]bool // logs that were begun
	order    []process.Stream        // of those, as they were told last
}

// look observes. A log that was begun was noted before, and stays where it is in the log of the run: only behind it
// others are added.
func (w *walk) look() process.Verdict {
	verdict := process.Observe(w.observation())
	var order []process.Stream
	for _, stream := range logOf(verdict.Status) {
		if w.followed[stream] {
			order = append(order, stream)
		}
	}
	if len(order) < len(w.order) || !slices.Equal(w.order, order[:len(w.order)]) {
		w.t.Fatalf("the log was %v and is %v", w.order, order)
	}
	w.order = order
	if verdict.Next.Kind == process.ActFollow {
		noted := map[process.Stream]bool{}
		for _, attempt := range w.facts.Record.Attempts {
			for _, container := range attempt.Containers {
				noted[process.Stream{Pod: attempt.Pod, Container: container}] = true
			}
		}
		for _, stream := range verdict.Next.Streams {
			w.followed[stream] = true
			if !noted[stream] {
				w.t.Fatalf("%v is not noted", stream)
			}
		}
	}
	return verdict
}

// happen lets one thing happen that can happen in a cluster.
func (w *walk) happen() {
	w.at = w.at.Add(time.Duration(w.random.IntN(90)) * time.Second)
	if w.job == nil {
		return
	}
	var pod *scenePod
	for _, one := range w.pods {
		if one.OwnerReferences[0].UID == w.job.UID {
			pod = one
		}
	}
	over := pod == nil || pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded
	second := int(w.at.Sub(at(0)) / time.Second)
	switch choice := w.random.IntN(12); {
	case choice == 0:
		w.job.Annotations[process.AnnotationCancel] = process.Cancellation(w.at, "ada")
	case choice == 1 && w.random.IntN(4) == 0:
		w.job, w.pods = nil, nil // somebody deletes it
	case choice == 2 && pod != nil && w.random.IntN(4) == 0:
		w.pods = w.pods[:len(w.pods)-1] // garbage collection, or by hand
	case w.ended:
	case pod == nil && choice < 5:
		w.event(w.job, "FailedCreate", []string{"exceeded quota: q", "violates PodSecurity", "timeout"}[w.random.IntN(3)], second)
	case over && w.uids < 20:
		w.names++
		w.uids++
		w.pod(fmt.Sprint("pod", w.names)).at(second).UID = types.UID(fmt.Sprint("pod-", w.names))
	case pod.Status.StartTime == nil && choice < 6:
		pod.unscheduled("0/1 nodes are available: 1 Insufficient cpu.")
	case pod.Status.StartTime == nil && choice == 6:
		pod.fails("OutOfcpu", "")
		w.finish()
	case pod.Status.StartTime == nil:
		pod.Status.Conditions = nil
		pod.scheduled(second)
	default:
		w.container(pod, choice, second)
	}
}

// container lets something happen to the next container of a pod on a node.
func (w *walk) container(pod *scenePod, choice, second int) {
	spec := w.job.Spec.Template.Spec
	var names []string
	for _, c := range append(spec.InitContainers, spec.Containers...) {
		names = append(names, c.Name)
	}
	done := 0
	all := append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...)
	for _, status := range all {
		if status.State.Terminated != nil {
			done++
		}
	}
	name := names[min(done, len(names)-1)]
	set := func(change func()) { // replace the status of the container
		for _, list := range []*[]corev1.ContainerStatus{&pod.Status.InitContainerStatuses, &pod.Status.ContainerStatuses} {
			for i := range *list {
				if (*list)[i].Name == name {
					*list = append((*list)[:i], (*list)[i+1:]...)
					break
				}
			}
		}
		change()
	}
	switch {
	case choice < 4:
		reason := []string{"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "ContainerCreating"}[w.random.IntN(5)]
		set(func() { pod.waits(name, reason, "not found") })
	case choice < 7:
		set(func() { pod.runs(name, second) })
	case choice < 8:
		pod.disrupted("EvictionByEvictionAPI").fails("", "")
	default:
		code := []int32{0, 0, 0, 1, 127, 137}[w.random.IntN(6)]
		reason := []string{"Completed", "Error", "OOMKilled", "StartError"}[w.random.IntN(4)]
		set(func() { pod.ends(name, code, reason, "", second-1, second) })
		switch {
		case code != 0:
			pod.fails("", "")
			w.finish()
		case name == names[len(names)-1]:
			pod.Status.Phase = corev1.PodSucceeded
			w.completed()
			w.ended = true
		}
	}
}

func (w *walk) finish() {
	w.failed("BackoffLimitExceeded")
	w.ended = true
}

// act does what a controller does for an action, and what the cluster does then.
func (w *walk) act(next process.Action) {
	switch next.Kind {
	case process.ActBegin, process.ActNote:
		w.facts.Record = next.Record
	case process.ActSettle:
		w.facts.Record, w.facts.Replacement = next.Record, nil
	case process.ActFollow:
		for _, stream := range next.Streams {
			w.facts.Streams[stream] = process.StreamFact{Following: true}
		}
	case process.ActArchive:
		w.facts.Outcome = next.Outcome
	case process.ActReplace:
		w.facts.Replacement = next.Replacement
	case process.ActArmTTL:
		w.job.Spec.TTLSecondsAfterFinished = new(int32(next.TTL / time.Second))
	case process.ActDelete:
		w.job, w.pods = nil, nil
	case process.ActCreate:
		w.uids++
		w.job, w.ended = next.Job.DeepCopy(), false
		w.job.UID, w.job.CreationTimestamp.Time = types.UID(fmt.Sprint("job-", w.uids)), w.at
	case process.ActClose:
		w.facts.Record = nil
	case process.ActStop, process.ActWait, process.ActNone:
	}
	if next.Kind == process.ActStop || next.Kind == process.ActWait {
		w.deadlines(next)
	}
	// A log ends with its container.
	for stream, fact := range w.facts.Streams {
		if fact.Following && w.random.IntN(3) == 0 {
			w.facts.Streams[stream] = process.StreamFact{Complete: true}
		}
	}
}

// deadlines ends the pods that are to be stopped, and those that ran too long.
func (w *walk) deadlines(next process.Action) {
	if next.Kind == process.ActStop {
		w.job.Spec.BackoffLimit = new(int32(0))
	}
	if w.job == nil {
		return
	}
	for _, pod := range w.pods {
		late := pod.Status.StartTime != nil && w.at.Sub(pod.Status.StartTime.Time) > time.Hour
		stopped := false
		for _, name := range next.Pods {
			stopped = stopped || name == pod.Name
		}
		if (late || stopped) && pod.Status.Phase != corev1.PodFailed && pod.Status.Phase != corev1.PodSucceeded {
			pod.fails("DeadlineExceeded", "")
			w.finish()
		}
	}
	if bound := time.Duration(*w.job.Spec.ActiveDeadlineSeconds) * time.Second; !w.ended && w.at.Sub(w.job.CreationTimestamp.Time) > bound {
		w.pods = nil
		w.failed("DeadlineExceeded")
		w.ended = true
	}
}

func TestEveryRunComesToAnEnd(t *testing.T) {
	states := map[process.State]int{}
	codes := map[process.Code]int{}
	for seed := range uint64(3000) {
		w := &walk{scene: newScene(t), random: rand.New(rand.NewPCG(seed, 1)), followed: map[process.Stream]bool{}}
		if seed%2 == 0 {
			w.of(listed())
		}
		w.facts.Record, w.at = nil, at(0)
		for range 1 + w.random.IntN(40) {
			if w.random.IntN(2) == 0 {
				w.happen()
			} else {
				w.act(w.look().Next)
			}
		}
		// From here on nothing happens by itself.
		begun := w.facts.Record != nil || w.job != nil || w.facts.Outcome != nil
		var trail []process.ActionKind
		for range 2000 {
			next := w.look().Next
			trail = append(trail, next.Kind)
			if next.Kind == process.ActNone {
				break
			}
			if next.Kind == process.ActWait {
				w.at = next.Until
			}
			w.act(next)
		}
		if !begun {
			continue // deleted before anybody saw it
		}
		if w.facts.Outcome == nil || !w.facts.Outcome.Status.State.Final() || w.facts.Record != nil || trail[len(trail)-1] != process.ActNone {
			t.Fatalf("seed %d does not end: %v", seed, trail[max(0, len(trail)-20):])
		}
		states[w.facts.Outcome.Status.State]++
		if failure := w.facts.Outcome.Status.Failure; failure != nil {
			codes[failure.Code]++
		}
	}
	// The walk is worth something only if it goes everywhere.
	if len(states) != 3 || len(codes) < 12 {
		t.Errorf("the walk sees only %v and %v", states, codes)
	}
	t.Log(states, codes)
}
