package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
)

// Launch makes the Job of a spec. If there is or was a run of the same version it returns that one, and false. The error
// is that of [process.Spec.Validate], [ErrTaken], or the cluster's.
//
// A name is used once: it is looked for in the archive before the Job is made, for the Job of a run that has ended is
// removed some time.
func (r *Runs) Launch(ctx context.Context, spec process.Spec) (Run, bool, error) {
	job, err := process.Job(spec)
	if err != nil {
		return Run{}, false, err
	}
	former, err := r.archived(ctx, archive.Run{Domain: spec.Namespace, Project: spec.Project, Process: spec.Process, Version: spec.Version})
	if err == nil || !errors.Is(err, archive.ErrNotFound) {
		return former, false, err
	}
	record, err := r.opened(ctx, spec.Namespace, job.Name)
	if err != nil {
		return Run{}, false, err
	}
	if record == nil {
		made, err := r.Jobs.Jobs(spec.Namespace).Create(ctx, job, metav1.CreateOptions{})
		if err == nil {
			run := Run{Record: *process.RecordOf(made)}
			run.Status = process.Observe(process.Observation{Job: made, Facts: process.Facts{Record: &run.Record}, Now: r.now(), Limits: r.Limits}).Status
			return run, true, nil
		}
		if !apierrors.IsAlreadyExists(err) {
			return Run{}, false, fmt.Errorf("create job %s/%s: %w", spec.Namespace, job.Name, err)
		}
	}
	run, err := r.current(ctx, spec, job.Name)
	return run, false, err
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

// Cancel asks for the end of a run, in the name of somebody. Asking twice is asking once. The error is [ErrEnded] or
// [ErrNotFound] if there is nothing to end.
func (r *Runs) Cancel(ctx context.Context, run process.Record, by string) error {
	jobs := r.Jobs.Jobs(run.Namespace)
	job, err := jobs.Get(ctx, run.Job, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return ErrNotFound
	case err != nil:
		return fmt.Errorf("job %s/%s: %w", run.Namespace, run.Job, err)
	case !isOf(job, run.Project, run.Process):
		return ErrNotFound
	case over(job):
		return ErrEnded
	case job.Annotations[process.AnnotationCancel] != "":
		return nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid":             job.UID,             // of this Job,
		"resourceVersion": job.ResourceVersion, // as it was looked at
		"annotations":     map[string]string{process.AnnotationCancel: process.Cancellation(r.now(), by)},
	}})
	if err != nil {
		return err
	}
	_, err = jobs.Patch(ctx, run.Job, types.MergePatchType, patch, metav1.PatchOptions{})
	switch {
	case apierrors.IsConflict(err):
		return r.Cancel(ctx, run, by) // its status has changed; it ends, or this does
	case apierrors.IsNotFound(err):
		return ErrNotFound
	case err != nil:
		return fmt.Errorf("cancel job %s/%s: %w", run.Namespace, run.Job, err)
	}
	return nil
}

// over says that Kubernetes has done with a Job.
func over(job *batchv1.Job) bool {
	for _, c := range job.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}
