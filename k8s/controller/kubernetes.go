package controller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"kernelindexer/k8s/process"
)

// Kubernetes is a [Cluster] behind an API server. It needs, in each of its
// namespaces: jobs get, list, watch, create, patch, delete; pods get, list,
// watch, patch; pods/log get; events list, watch; secrets get.
type Kubernetes struct {
	client kubernetes.Interface
	caches map[string]*cache // by namespace
}

var _ Cluster = (*Kubernetes)(nil)

// Open implements [Logs].
func (k *Kubernetes) Open(
	ctx context.Context, namespace string, stream process.Stream, since time.Time, follow bool,
) (io.ReadCloser, error) {
	options := &corev1.PodLogOptions{Container: stream.Container, Follow: follow, Timestamps: true}
	if !since.IsZero() {
		options.SinceTime = &metav1.Time{Time: since}
	}
	log, err := k.client.CoreV1().Pods(namespace).GetLogs(stream.Pod, options).Stream(ctx)
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		// Also the container may be unknown to its node; that the pod is asked for.
		if pod, podErr := k.Pod(ctx, Key{Namespace: namespace, Name: stream.Pod}); podErr == nil && pod == nil {
			return nil, fmt.Errorf("%w: %w", ErrGone, err)
		}
	}
	return log, err
}

// Pod implements [Objects].
func (k *Kubernetes) Pod(ctx context.Context, key Key) (*corev1.Pod, error) {
	pod, err := k.client.CoreV1().Pods(key.Namespace).Get(ctx, key.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) && k.Last(key) != nil {
		return nil, nil // with a namespace also the right to ask for its pods goes
	}
	if err != nil {
		return nil, err
	}
	return pod, nil
}

// Secrets implements [Logs]. The containers are looked through in order, each
// Secret is read once.
func (k *Kubernetes) Secrets(ctx context.Context, job *batchv1.Job) ([]string, error) {
	var values []string
	var hidden error
	read := map[string]*corev1.Secret{}
	template := job.Spec.Template.Spec
	for _, container := range slices.Concat(template.InitContainers, template.Containers) {
		for _, variable := range container.Env {
			if variable.ValueFrom == nil || variable.ValueFrom.SecretKeyRef == nil {
				continue
			}
			ref := variable.ValueFrom.SecretKeyRef
			if _, known := read[ref.Name]; !known {
				secret, err := k.client.CoreV1().Secrets(job.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
				switch {
				case apierrors.IsNotFound(err):
					secret = nil
				case apierrors.IsForbidden(err):
					secret, hidden = nil, errors.Join(hidden, fmt.Errorf("%w: %w", ErrUnreadable, err))
				case err != nil:
					return nil, fmt.Errorf("values to mask: %w", err)
				}
				read[ref.Name] = secret
			}
			if secret := read[ref.Name]; secret != nil && len(secret.Data[ref.Key]) > 0 {
				values = append(values, string(secret.Data[ref.Key]))
			}
		}
	}
	return values, hidden
}

// Stop implements [Actions]. The Job first, so that no other pod begins.
func (k *Kubernetes) Stop(ctx context.Context, key Key, uid types.UID, pods []string) error {
	if err := k.patchJob(ctx, key, uid, map[string]any{"backoffLimit": 0}); err != nil {
		return err
	}
	for _, pod := range pods {
		patch := []byte(`{"spec":{"activeDeadlineSeconds":1}}`)
		_, err := k.client.CoreV1().Pods(key.Namespace).Patch(ctx, pod, types.MergePatchType, patch, metav1.PatchOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// ArmTTL implements [Actions].
func (k *Kubernetes) ArmTTL(ctx context.Context, key Key, uid types.UID, ttl time.Duration) error {
	return k.patchJob(ctx, key, uid, map[string]any{"ttlSecondsAfterFinished": int64(ttl / time.Second)})
}

// patchJob changes fields of the spec of one Job and no later one of the name.
func (k *Kubernetes) patchJob(ctx context.Context, key Key, uid types.UID, fields map[string]any) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": uid}, "spec": fields})
	if err != nil {
		return err
	}
	_, err = k.client.BatchV1().Jobs(key.Namespace).Patch(ctx, key.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	return settled(err)
}

// Delete implements [Actions].
func (k *Kubernetes) Delete(ctx context.Context, key Key, uid types.UID) error {
	return settled(k.client.BatchV1().Jobs(key.Namespace).Delete(ctx, key.Name, metav1.DeleteOptions{
		PropagationPolicy: new(metav1.DeletePropagationBackground), Preconditions: &metav1.Preconditions{UID: &uid},
	}))
}

// settled leaves out errors that say that there is nothing to be done: the object
// is gone, or another one has its name. A patch with another UID is refused as an
// attempt to change it.
func settled(err error) error {
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) && apierrors.IsInvalid(err) {
		if details := status.Status().Details; details != nil && slices.ContainsFunc(details.Causes, func(cause metav1.StatusCause) bool {
			return cause.Field == "metadata.uid"
		}) {
			return nil
		}
	}
	return err
}

// Create implements [Actions].
func (k *Kubernetes) Create(ctx context.Context, job *batchv1.Job) error {
	_, err := k.client.BatchV1().Jobs(job.Namespace).Create(ctx, job, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
