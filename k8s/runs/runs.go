package runs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
)

// Run is one version of a process.
type Run struct {
	process.Record

	Status   process.Status
	Outputs  string // what the process type reported, as JSON; "" where it reported nothing that is known
	Archived bool   // nothing about it changes any more, and no line of its logs is added
}

// Errors of runs that are asked for.
var (
	ErrNotFound = errors.New("no such run")
	ErrTaken    = errors.New("another Job has the name of the run's")
	ErrEnded    = errors.New("the run has ended")
)

// Runs knows the runs. It is safe for concurrent use.
type Runs struct {
	Cluster Cluster
	Jobs    Jobs
	Archive *archive.Store
	Limits  process.Limits
	Now     func() time.Time // nil is the real clock
}

func (r *Runs) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

// Version returns one version of a process, or [ErrNotFound].
func (r *Runs) Version(ctx context.Context, domain, project, id string, version int) (Run, error) {
	run, err := r.archived(ctx, archive.Run{Domain: domain, Project: project, Process: id, Version: version})
	if err == nil || !errors.Is(err, archive.ErrNotFound) {
		return run, err
	}
	name := process.JobName(id, version)
	job, err := r.Cluster.Job(ctx, domain, name)
	if err == nil && job == nil {
		// What is cached does not show a Job that has just been made.
		job, err = r.fresh(ctx, domain, name)
	}
	if err != nil {
		return Run{}, err
	}
	if job != nil {
		if !isOf(job, project, id) {
			return Run{}, ErrNotFound
		}
		return r.live(ctx, job)
	}
	return r.vanished(ctx, domain, project, id, version)
}

// archived returns a run whose outcome is known.
func (r *Runs) archived(ctx context.Context, key archive.Run) (Run, error) {
	document, err := r.Archive.Outcome(ctx, key)
	if err != nil {
		return Run{}, err
	}
	return r.outcome(ctx, document)
}

// outcome makes a run of an archived end.
func (r *Runs) outcome(ctx context.Context, document []byte) (Run, error) {
	var outcome process.Outcome
	if err := json.Unmarshal(document, &outcome); err != nil {
		return Run{}, fmt.Errorf("outcome of a run: %w", err)
	}
	run := Run{Record: outcome.Record, Status: outcome.Status, Archived: true}
	if outcome.Status.State == process.Done {
		run.Outputs = r.outputs(ctx, run)
	}
	return run, nil
}

// isOf says that a Job is of the process of a project, not of one with another's name.
func isOf(job *batchv1.Job, project, id string) bool {
	return job.Annotations[process.AnnotationProject] == project && job.Annotations[process.AnnotationProcess] == id
}

// live looks at a run by its Job.
func (r *Runs) live(ctx context.Context, job *batchv1.Job) (Run, error) {
	pods, err := r.Cluster.Pods(ctx, job.Namespace, labels.Set{batchv1.JobNameLabel: job.Name})
	if err != nil {
		return Run{}, err
	}
	return r.look(ctx, job, pods)
}

// look is live with the pods at hand.
func (r *Runs) look(ctx context.Context, job *batchv1.Job, pods []*corev1.Pod) (Run, error) {
	facts, err := r.facts(ctx, job, pods)
	if err != nil {
		return Run{}, err
	}
	events, err := r.events(ctx, job, pods)
	if err != nil {
		return Run{}, err
	}
	verdict := process.Observe(process.Observation{Job: job, Pods: pods, Events: events, Facts: facts, Now: r.now(), Limits: r.Limits})
	return Run{Record: *facts.Record, Status: unarchived(verdict.Status)}, nil
}

// unarchived is the status of a run whose outcome is not in the archive yet: it has not ended, whatever its Job says. Its
// logs are still collected, so that who saw it ended and read them now would miss lines; and a run that its node refused
// is made once more.
func unarchived(status process.Status) process.Status {
	if !status.State.Final() {
		return status
	}
	status.State, status.Phase = process.Running, process.PhaseFinishing
	if status.StartedAt == nil {
		status.State = process.Queued
	}
	status.Failure, status.ReturnCode, status.FinishedAt, status.Warnings = nil, nil, nil, nil
	return status
}

// events are those that explain why a run does not start. Once a container has started nothing is explained by them.
func (r *Runs) events(ctx context.Context, job *batchv1.Job, pods []*corev1.Pod) ([]*corev1.Event, error) {
	if job.Status.Ready != nil && *job.Status.Ready > 0 || job.Status.CompletionTime != nil {
		return nil, nil
	}
	for _, pod := range pods {
		if pod.Status.Phase != corev1.PodPending && pod.Status.Phase != "" {
			return nil, nil
		}
	}
	all, err := r.Cluster.Events(ctx, job.Namespace, job.UID)
	for _, pod := range pods {
		if err != nil {
			break
		}
		var more []*corev1.Event
		more, err = r.Cluster.Events(ctx, pod.Namespace, pod.UID)
		all = append(all, more...)
	}
	return all, err
}

// vanished is a run whose Job is gone and whose end has not been recorded: it is, soon.
func (r *Runs) vanished(ctx context.Context, domain, project, id string, version int) (Run, error) {
	record, err := r.opened(ctx, domain, process.JobName(id, version))
	if err != nil {
		return Run{}, err
	}
	if record == nil || record.Project != project || record.Process != id {
		return Run{}, ErrNotFound
	}
	verdict := process.Observe(process.Observation{Facts: process.Facts{Record: record}, Now: r.now(), Limits: r.Limits})
	return Run{Record: *record, Status: verdict.Status}, nil
}

// Versions returns the versions of a process in order; none if there is no such process.
func (r *Runs) Versions(ctx context.Context, domain, project, id string) ([]Run, error) {
	with := labels.Set{process.LabelProcess: process.LabelValue(id)}
	// The cluster itself is asked: a version that has just been made must be among them.
	jobs, err := r.freshJobs(ctx, domain, with)
	if err != nil {
		return nil, err
	}
	return r.list(ctx, jobs, domain, project, id, with)
}

// Project returns all runs of a project, by process and version.
func (r *Runs) Project(ctx context.Context, domain, project string) ([]Run, error) {
	with := labels.Set{process.LabelProject: process.LabelValue(project)}
	jobs, err := r.Cluster.Jobs(ctx, domain, with)
	if err != nil {
		return nil, err
	}
	return r.list(ctx, jobs, domain, project, "", with)
}

// list returns the runs of a project, of one process unless id is "". The Jobs were looked at before the archive is: a run
// that is archived in between is in both.
func (r *Runs) list(ctx context.Context, jobs []*batchv1.Job, domain, project, id string, with labels.Set) ([]Run, error) {
	pods, err := r.Cluster.Pods(ctx, domain, with)
	if err != nil {
		return nil, err
	}
	found := map[string]Run{}
	for document, err := range r.Archive.Outcomes(ctx, domain, project, id) {
		if err != nil {
			return nil, err
		}
		run, err := r.outcome(ctx, document)
		if err != nil {
			return nil, err
		}
		found[run.Job] = run
	}
	byJob := map[string][]*corev1.Pod{}
	for _, pod := range pods {
		byJob[pod.Labels[batchv1.JobNameLabel]] = append(byJob[pod.Labels[batchv1.JobNameLabel]], pod)
	}
	for _, job := range jobs {
		if _, known := found[job.Name]; known || job.Annotations[process.AnnotationProject] != project || id != "" && job.Annotations[process.AnnotationProcess] != id {
			continue
		}
		if found[job.Name], err = r.look(ctx, job, byJob[job.Name]); err != nil {
			return nil, err
		}
	}
	list := make([]Run, 0, len(found))
	for _, run := range found {
		list = append(list, run)
	}
	slices.SortFunc(list, func(a, b Run) int {
		return cmp.Or(cmp.Compare(a.Process, b.Process), cmp.Compare(a.Version, b.Version))
	})
	return list, nil
}

// Uses counts the runs that go on and refer to an environment, in all domains.
func (r *Runs) Uses(ctx context.Context, environment string) (int, error) {
	jobs, err := r.Cluster.Jobs(ctx, "", labels.Set{process.LabelEnvironment: process.LabelValue(environment)})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, job := range jobs {
		if job.Annotations[process.AnnotationEnvironment] == environment && !over(job) {
			n++
		}
	}
	return n, nil
}
