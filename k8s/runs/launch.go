package runs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
)

// Launch makes the Job of a spec. If there is or was a run of the same version it returns that one, and false. The error
// is that of [process.Spec.Validate], [ErrTaken], [ErrRefused], or the cluster's.
//
// A name is used once: it is looked for in the archive before the Job is made, for the Job of a run that has ended is
// removed some time.
func (r *Runs) Launch(ctx context.Context, spec process.Spec) (Run, bool, error) {
	job, err := process.Job(spec)
	if err != nil {
		return Run{}, false, err
	}
	if _, err := r.Cluster.Job(ctx, spec.Namespace, job.Name); err != nil {
		return Run{}, false, err // what is launched could not be looked after
	}
	former, err := r.archived(ctx, archive.Run{Domain: spec.Namespace, Project: spec.Project, Process: spec.Process, Version: spec.Version})
	if !errors.Is(err, ErrNotFound) {
		return former, false, err
	}
	open, err := r.records().Open(ctx, archive.Opened{Domain: spec.Namespace, Job: job.Name})
	if err != nil {
		return Run{}, false, err
	}
	if open.Record == nil {
		made, err := r.create(ctx, job)
		if err == nil {
			r.recent.add(made, r.now())
			run, err := r.look(ctx, made, nil, nil)
			return run, err == nil, err
		}
		if !apierrors.IsAlreadyExists(err) {
			return Run{}, false, refused(fmt.Errorf("create job %s/%s: %w", spec.Namespace, job.Name, err))
		}
	}
	run, err := r.current(ctx, spec, job.Name)
	return run, false, err
}

// quotaConflict is how often, and how long, two who count against one quota are tried apart.
var quotaConflict = wait.Backoff{Steps: 4, Duration: 15 * time.Millisecond, Factor: 2, Jitter: 1}

// create makes a Job. That somebody else has changed a quota meanwhile is a conflict, of a Job that was not made.
func (r *Runs) create(ctx context.Context, job *batchv1.Job) (made *batchv1.Job, err error) {
	err = retry.OnError(quotaConflict, func(err error) bool { return apierrors.IsConflict(err) && ctx.Err() == nil }, func() error {
		made, err = r.Jobs.Jobs(job.Namespace).Create(ctx, job, metav1.CreateOptions{})
		return err
	})
	return made, err
}

// refused marks the error of a Job that a policy does not take. Neither a quota, which is free some time, nor a namespace
// that is going, nor a right that this service lacks is a policy of the domain.
func refused(err error) error {
	said := err.Error()
	switch denied := strings.Contains(said, "denied the request"); {
	case !denied && !apierrors.IsForbidden(err) && !apierrors.IsInvalid(err),
		strings.Contains(said, "exceeded quota"), strings.Contains(said, "failed quota"),
		strings.Contains(said, "cannot create resource"),
		apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return err
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}

// current is the run of a version that exists already, asked of the cluster itself: what is cached may not show it yet.
func (r *Runs) current(ctx context.Context, spec process.Spec, name string) (Run, error) {
	job, err := r.fresh(ctx, spec.Namespace, name)
	switch {
	case err != nil:
		return Run{}, err
	case job == nil:
		return r.Version(ctx, spec.Namespace, spec.Project, spec.Process, spec.Version)
	case !isOf(job, spec.Project, spec.Process):
		return Run{}, fmt.Errorf("%w: %s/%s", ErrTaken, spec.Namespace, name)
	}
	return r.live(ctx, job)
}
