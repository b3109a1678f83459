package process

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// This file tells the attempts of a run in their order. A log is the logs of all
// of them, and its lines are numbered: an attempt that has printed something must
// neither vanish with its pod nor come to stand elsewhere. That is why it is in
// the record of the run before its first line is in the archive.

// maxEarlier bounds the attempts before the last one that are in a [Status], and
// maxNoted those in a [Record]. Failures of the work itself are at most
// [MaxRetries]; a cluster may take away as many pods as it likes.
const (
	maxEarlier = 50
	maxNoted   = 1000
)

// Attempt is a pod of a run. Attempts are told by when their pods were created:
// a Job makes the next pod when the one before it is over.
type Attempt struct {
	Pod        string    `json:"pod"`
	CreatedAt  time.Time `json:"createdAt"`            // the zero time when nobody knows
	Containers []string  `json:"containers,omitempty"` // those that have begun, in the order in which they run
}

// has says that a container of the attempt has begun.
func (a Attempt) has(container string) bool { return slices.Contains(a.Containers, container) }

// noted are the attempts in the record of the run, in their order; those of a Job
// that this one replaces are among them.
func (v *view) noted() []Attempt {
	if v.facts.Record == nil {
		return nil
	}
	return v.facts.Record.Attempts
}

// hasNoted says that a container is noted to have begun.
func (v *view) hasNoted(stream Stream) bool {
	return slices.ContainsFunc(v.noted(), func(one Attempt) bool { return one.Pod == stream.Pod && one.has(stream.Container) })
}

// rank is the place of a pod among those that are noted, or behind them. It
// decides between pods of the same second.
func (v *view) rank(pod string) int {
	if i, noted := v.ranks[pod]; noted {
		return i
	}
	return len(v.ranks)
}

// attempts are all that are known, in order: by the record, by pods, and by logs.
func (v *view) attempts() []Attempt {
	found := map[string]*Attempt{}
	begun := func(pod string, created time.Time, containers ...string) {
		one := found[pod]
		if one == nil {
			one = &Attempt{Pod: pod, CreatedAt: created.UTC()}
			found[pod] = one
		}
		for _, container := range containers {
			if !one.has(container) {
				one.Containers = append(one.Containers, container)
			}
		}
	}
	for _, one := range v.noted() {
		begun(one.Pod, one.CreatedAt, one.Containers...)
	}
	for _, pod := range v.pods {
		begun(pod.Name, pod.CreationTimestamp.Time)
		for _, status := range statuses(pod) {
			if status.State.Running != nil || status.State.Terminated != nil {
				begun(pod.Name, pod.CreationTimestamp.Time, status.Name)
			}
		}
	}
	for _, stream := range v.known() {
		// Of a Job that is there all pods that count are known by now; the others
		// are of the Job before it.
		if found[stream.Pod] != nil || v.job == nil {
			begun(stream.Pod, v.begunAt(stream), stream.Container)
		}
	}
	order := v.order()
	var all []Attempt
	for _, one := range found {
		slices.SortFunc(one.Containers, func(a, b string) int { return cmp.Or(cmp.Compare(order[a], order[b]), cmp.Compare(a, b)) })
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b Attempt) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(v.rank(a.Pod), v.rank(b.Pod)), cmp.Compare(a.Pod, b.Pod))
	})
	return all
}

// known are the logs of which something is known, the oldest of a pod first.
func (v *view) known() []Stream {
	return slices.SortedFunc(maps.Keys(v.facts.Streams), func(a, b Stream) int {
		return cmp.Or(v.begunAt(a).Compare(v.begunAt(b)), byContainer(a, b))
	})
}

// begunAt is when a container began that has ended, or the zero time.
func (v *view) begunAt(stream Stream) time.Time {
	if end := v.facts.Streams[stream].End; end != nil {
		return end.StartedAt
	}
	return time.Time{}
}

// order is the place of each container of the run.
func (v *view) order() map[string]int {
	var names []string
	switch {
	case v.job != nil:
		names = commandNames(v.job)
	case v.facts.Record != nil:
		names = v.facts.Record.Commands
	}
	order := map[string]int{}
	for i, name := range names {
		order[name] = i
	}
	return order
}

// note is the record with all attempts in it, when one of the logs is of an
// attempt, or a container of it, that is not; else nil. What is beyond the bound
// is known as long as its pod is.
func (v *view) note(streams []Stream) *Record {
	noted := v.noted()
	missing := slices.ContainsFunc(streams, func(stream Stream) bool {
		i := slices.IndexFunc(noted, func(one Attempt) bool { return one.Pod == stream.Pod })
		return i < 0 && len(noted) < maxNoted || i >= 0 && !noted[i].has(stream.Container)
	})
	if !missing {
		return nil
	}
	record := *v.facts.Record
	record.Attempts = v.attempts()
	record.Attempts = record.Attempts[:min(len(record.Attempts), maxNoted)]
	return &record
}

// tell puts the attempts into a status: the last one by its commands, those
// before it by where their logs are. why is Kubernetes' or our word for what
// became of a pod that nobody saw end, "" while the run goes on: then a pod that
// is not there is one of those before, whether or not the next one is to be seen.
func (v *view) tell(status *Status, why string) {
	all := v.attempts()
	status.Attempts = len(all)
	if len(all) > 0 {
		last := all[len(all)-1]
		switch pod := v.pod(); {
		case pod != nil && pod.Name == last.Pod:
			status.Commands, all = v.commands(pod), all[:len(all)-1]
		case why != "":
			status.Commands, all = v.remembered(last, why), all[:len(all)-1]
		}
	}
	if left := len(all) - maxEarlier; left > 0 {
		all = all[left:]
	}
	status.Earlier = all
}

// leftOut warns of attempts that are not in the status.
func (s *Status) leftOut() []string {
	if n := s.First() - 1; n > 0 {
		return []string{fmt.Sprintf("the logs of the first %d attempts are left out", n)}
	}
	return nil
}

// First is the number, from 1, of the first attempt of which the status tells,
// which is that of [Status.Earlier] unless that is empty.
func (s *Status) First() int {
	n := s.Attempts - len(s.Earlier)
	if len(s.Commands) > 0 {
		n--
	}
	return max(n, 0) + 1
}
