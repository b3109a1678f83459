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
	case *corev1.Event:
		object.Source, object.ReportingController, object.ReportingInstance, object.Action = corev1.EventSource{}, "", "", ""
		object.InvolvedObject.APIVersion, object.InvolvedObject.ResourceVersion = "", ""
	case *batchv1.Job:
		if process.Archived(object) {
			delete(object.Annotations, process.AnnotationRequest)
			object.Spec.Template = corev1.PodTemplateSpec{}
		}
	}
	return object, nil
}
