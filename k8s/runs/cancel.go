package runs

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"

	"kernelindexer/k8s/process"
)

// Cancel asks for the end of a run, in the name of somebody. Asking twice is asking once. The error is [ErrEnded] or
// [ErrNotFound] if there is nothing to end.
func (r *Runs) Cancel(ctx context.Context, run process.Record, by string) error {
	// A conflict says that its status has changed in between: it is looked at again.
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error { return r.cancel(ctx, run, by) })
}

func (r *Runs) cancel(ctx context.Context, run process.Record, by string) error {
	jobs := r.Jobs.Jobs(run.Namespace)
	job, err := jobs.Get(ctx, run.Job, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return ErrNotFound
	case err != nil:
		return fmt.Errorf("job %s/%s: %w", run.Namespace, run.Job, err)
	case !isOf(job, run.Project, run.Process):
		return ErrNotFound
	case process.Finished(job):
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
	if apierrors.IsNotFound(err) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("cancel job %s/%s: %w", run.Namespace, run.Job, err)
	}
	return nil
}
