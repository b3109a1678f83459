package runs

import (
	"slices"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
)

// recent remembers the Jobs that were made here a moment ago, so that who makes a run and asks for it finds it: a cache
// follows the cluster by milliseconds, or by seconds when that is busy. The zero value is ready for use.
type recent struct {
	mu   sync.Mutex
	made []made // oldest first
}

type made struct {
	job   *batchv1.Job
	until time.Time
}

// Bounds of what is remembered. A Job may have 400 KiB of parameters and variables; most have two.
const (
	recentTime = 10 * time.Second
	maxRecent  = 500
)

func (r *recent) add(job *batchv1.Job, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(now)
	if len(r.made) == maxRecent {
		r.made = slices.Delete(r.made, 0, 1)
	}
	r.made = append(r.made, made{job: job, until: now.Add(recentTime)})
}

// expire forgets what is cached by now.
func (r *recent) expire(now time.Time) {
	r.made = slices.DeleteFunc(r.made, func(m made) bool { return !now.Before(m.until) })
}

// in are the Jobs of a domain.
func (r *recent) in(domain string, now time.Time) []*batchv1.Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(now)
	var jobs []*batchv1.Job
	for _, m := range r.made {
		if m.job.Namespace == domain {
			jobs = append(jobs, m.job)
		}
	}
	return jobs
}
