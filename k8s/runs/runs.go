package runs

import (
	"context"
	"errors"
	"time"

	batchv1 "k8s.io/api/batch/v1"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/record"
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
	// ErrRefused is in the error for a Job that a policy of the cluster does not take; the rest of it says which.
	ErrRefused = errors.New("the cluster refuses the run")
)

// Runs knows the runs. It is safe for concurrent use, and must not be copied after its first use.
type Runs struct {
	Cluster Cluster
	Jobs    Jobs
	Archive *archive.Store
	Limits  process.Limits
	Now     func() time.Time // nil is the real clock
	// Damaged is told of documents that are passed over because they cannot be read; nil is nobody.
	Damaged func(error)

	recent recent
}

func (r *Runs) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

func (r *Runs) records() record.Archive { return record.Archive{Store: r.Archive} }

func (r *Runs) passOver(err error) {
	if r.Damaged != nil {
		r.Damaged(err)
	}
}

// Version returns one version of a process, or [ErrNotFound]. A run goes from its Job to the record of an open run to
// its outcome, and is looked for in that order after it was not found in the end: it cannot slip through.
func (r *Runs) Version(ctx context.Context, domain, project, id string, version int) (Run, error) {
	key := archive.Run{Domain: domain, Project: project, Process: id, Version: version}
	run, err := r.archived(ctx, key)
	if !errors.Is(err, ErrNotFound) {
		return run, err
	}
	name := archive.Opened{Domain: domain, Job: process.JobName(id, version)}
	job, err := r.job(ctx, name)
	switch {
	case err != nil:
		return Run{}, err
	case job != nil && !isOf(job, project, id):
		return Run{}, ErrNotFound
	case job != nil:
		return r.live(ctx, job)
	}
	open, err := r.records().Open(ctx, name)
	switch {
	case err != nil:
		return Run{}, err
	case open.Record == nil:
		return r.archived(ctx, key)
	case open.Record.Project != project || open.Record.Process != id:
		return Run{}, ErrNotFound
	}
	return r.vanished(ctx, open)
}

// job is a Job by its name, nil if there is none: as it is cached, or as it is where no cache shows it (yet).
func (r *Runs) job(ctx context.Context, name archive.Opened) (*batchv1.Job, error) {
	job, err := r.Cluster.Job(ctx, name.Domain, name.Job)
	if job == nil && err == nil {
		job, err = r.fresh(ctx, name.Domain, name.Job)
	}
	return job, err
}

// archived returns a run whose outcome is known, or [ErrNotFound]. Of one whose outcome is damaged it is known that it
// has ended, and nothing else.
func (r *Runs) archived(ctx context.Context, key archive.Run) (Run, error) {
	outcome, err := r.records().Outcome(ctx, key)
	switch {
	case record.Damaged(err) && outcome != nil:
		r.passOver(err)
	case err != nil:
		return Run{}, err
	case outcome == nil:
		return Run{}, ErrNotFound
	}
	return r.ended(ctx, outcome), nil
}

// ended makes a run of an archived end.
func (r *Runs) ended(ctx context.Context, outcome *process.Outcome) Run {
	run := Run{Record: outcome.Record, Status: outcome.Status, Archived: true}
	if outcome.Status.State == process.Done {
		run.Outputs = r.outputs(ctx, run)
	}
	return run
}

// isOf says that a Job is of the process of a project, not of one with another's name.
func isOf(job *batchv1.Job, project, id string) bool {
	return job.Annotations[process.AnnotationProject] == project && job.Annotations[process.AnnotationProcess] == id
}
