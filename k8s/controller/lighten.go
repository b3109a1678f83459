package controller

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"kernelindexer/k8s/process"
)

// lighten leaves out of a cached object what nobody reads there: a domain has as many finished Jobs as end within
// [process.Limits.ArchivedTTL], each with its pods, and each may bear 96 KiB of parameters three times over.
func lighten(object any) (any, error) {
	if accessor, err := meta.Accessor(object); err == nil {
		accessor.SetManagedFields(nil)
	}
	switch object := object.(type) {
	case *corev1.Pod:
		delete(object.Annotations, process.AnnotationParameters)
		object.Spec = corev1.PodSpec{NodeName: object.Spec.NodeName, ActiveDeadlineSeconds: object.Spec.ActiveDeadlineSeconds}
	case *batchv1.Job:
		if archived(object) {
			delete(object.Annotations, process.AnnotationRequest)
			object.Spec.Template = corev1.PodTemplateSpec{}
		}
	}
	return object, nil
}

// archived says that all about a Job is in the archive, which is asked first. Whoever makes a Job gives it a longer time
// to live than who archives it.
func archived(job *batchv1.Job) bool {
	ttl := job.Spec.TTLSecondsAfterFinished
	return ttl != nil && int64(*ttl) < int64(process.UnarchivedTTL.Seconds())
}
