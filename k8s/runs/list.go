package runs

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/record"
)

// wanted are the runs of a project, of one process unless id is "".
type wanted struct{ domain, project, id string }

func (w wanted) has(project, id string) bool {
	return project == w.project && (w.id == "" || id == w.id)
}

func (w wanted) hasJob(job *batchv1.Job) bool {
	return w.has(job.Annotations[process.AnnotationProject], job.Annotations[process.AnnotationProcess])
}

// labels are those of the Jobs that are wanted. Others may have them too: a value may be a hash.
func (w wanted) labels() labels.Set {
	if w.id != "" {
		return labels.Set{process.LabelProcess: process.LabelValue(w.id)}
	}
	return labels.Set{process.LabelProject: process.LabelValue(w.project)}
}

var versionOf = regexp.MustCompile(`-v([0-9]{1,7})$`)

// mayBe says that a Job may be one that is wanted, by its name alone.
func (w wanted) mayBe(job string) bool {
	if w.id == "" {
		return true
	}
	found := versionOf.FindStringSubmatch(job)
	if found == nil {
		return false
	}
	version, err := strconv.Atoi(found[1])
	return err == nil && process.JobName(w.id, version) == job
}

// Versions returns the versions of a process in order; none if there is no such process. Those that were made here are
// among them at once, those that another replica has made a moment later.
func (r *Runs) Versions(ctx context.Context, domain, project, id string) ([]Run, error) {
	return r.cached(ctx, wanted{domain, project, id})
}

// VersionsNow is [Runs.Versions] with all that any replica has made. The API server looks through all Jobs of the domain
// for it.
func (r *Runs) VersionsNow(ctx context.Context, domain, project, id string) ([]Run, error) {
	w := wanted{domain, project, id}
	jobs, err := r.freshJobs(ctx, domain, w.labels())
	if err != nil {
		return nil, err
	}
	return r.list(ctx, w, jobs)
}

// Project returns all runs of a project, by process and version.
func (r *Runs) Project(ctx context.Context, domain, project string) ([]Run, error) {
	return r.cached(ctx, wanted{domain, project, ""})
}

// cached lists by what is cached, and by what was made here and is not cached yet.
func (r *Runs) cached(ctx context.Context, w wanted) ([]Run, error) {
	recent := r.recent.in(w.domain, r.now()) // first: what leaves them is cached
	jobs, err := r.Cluster.Jobs(ctx, w.domain, w.labels())
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, job := range jobs {
		known[job.Name] = true
	}
	jobs = slices.Clone(jobs)
	for _, job := range recent {
		if !known[job.Name] {
			jobs = append(jobs, job)
		}
	}
	return r.list(ctx, w, jobs)
}

// list returns the runs that are wanted. The Jobs were looked at before the open runs are, and those before the archive
// is, as a run goes: one that moves on in between is in two of them, not in none.
func (r *Runs) list(ctx context.Context, w wanted, jobs []*batchv1.Job) ([]Run, error) {
	jobs = slices.DeleteFunc(jobs, func(job *batchv1.Job) bool { return !w.hasJob(job) })
	found, err := r.unseen(ctx, w, jobs)
	if err != nil {
		return nil, err
	}
	over, err := r.outcomes(ctx, w)
	if err != nil {
		return nil, err
	}
	pods, err := r.podsOf(ctx, w)
	if err != nil {
		return nil, err
	}
	for _, job := range jobs {
		if _, known := over[job.Name]; known {
			continue
		}
		if w.id == "" { // of a project's many runs those attempts are told that are to be seen
			found[job.Name], err = r.look(ctx, job, pods[job.Name], nil)
		} else {
			found[job.Name], err = r.whole(ctx, job, pods[job.Name])
		}
		if err != nil {
			return nil, err
		}
	}
	maps.Copy(found, over)
	return slices.SortedFunc(maps.Values(found), func(a, b Run) int {
		return cmp.Or(cmp.Compare(a.Process, b.Process), cmp.Compare(a.Version, b.Version))
	}), nil
}

// unseen are the open runs, by Job, of which no Job was seen: it is gone, or it has just been made by another replica.
func (r *Runs) unseen(ctx context.Context, w wanted, jobs []*batchv1.Job) (map[string]Run, error) {
	seen, found := map[string]bool{}, map[string]Run{}
	for _, job := range jobs {
		seen[job.Name] = true
	}
	for name, err := range r.Archive.OpenedIn(ctx, w.domain) {
		if err != nil {
			return nil, err
		}
		if seen[name.Job] || !w.mayBe(name.Job) {
			continue
		}
		open, err := r.records().Open(ctx, name)
		if record.Damaged(err) {
			r.passOver(err)
			continue
		}
		if err != nil {
			return nil, err
		}
		if open.Record == nil || !w.has(open.Record.Project, open.Record.Process) {
			continue
		}
		if found[name.Job], err = r.open(ctx, name, open); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// open is an open run of which no Job is cached.
func (r *Runs) open(ctx context.Context, name archive.Opened, open record.Open) (Run, error) {
	job, err := r.job(ctx, name)
	if err != nil {
		return Run{}, err
	}
	if job != nil && isOf(job, open.Record.Project, open.Record.Process) {
		return r.live(ctx, job)
	}
	return r.vanished(ctx, open)
}

// outcomes are the archived runs that are wanted, by Job. What cannot be read is passed over.
func (r *Runs) outcomes(ctx context.Context, w wanted) (map[string]Run, error) {
	found := map[string]Run{}
	for document, err := range r.Archive.Outcomes(ctx, w.domain, w.project, w.id) {
		var outcome *process.Outcome
		if err == nil {
			outcome, err = record.DecodeOutcome(document)
		}
		if record.Damaged(err) {
			r.passOver(err)
			continue
		}
		if err != nil {
			return nil, err
		}
		found[outcome.Record.Job] = r.ended(ctx, outcome)
	}
	return found, nil
}

// podsOf are the pods of the runs that are wanted, by Job.
func (r *Runs) podsOf(ctx context.Context, w wanted) (map[string][]*corev1.Pod, error) {
	pods, err := r.Cluster.Pods(ctx, w.domain, w.labels())
	if err != nil {
		return nil, err
	}
	byJob := map[string][]*corev1.Pod{}
	for _, pod := range pods {
		job := pod.Labels[batchv1.JobNameLabel]
		byJob[job] = append(byJob[job], pod)
	}
	return byJob, nil
}

// Uses counts the runs that go on and refer to an environment, in all domains.
func (r *Runs) Uses(ctx context.Context, environment string) (int, error) {
	jobs, err := r.Cluster.Jobs(ctx, "", labels.Set{process.LabelEnvironment: process.LabelValue(environment)})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, job := range jobs {
		if job.Annotations[process.AnnotationEnvironment] == environment && !process.Finished(job) {
			n++
		}
	}
	return n, nil
}
