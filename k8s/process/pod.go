package process

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Names of volumes, and where parameters are a file.
const (
	volumeInputs    = "inputs"
	volumeWork      = "work"
	volumeKernels   = "kernels"
	inputsPath      = "/run/inputs"
	parametersFile  = "parameters.json"
	containerOfType = "process"
)

// CommandName is the name of the container of the i-th command, from 0.
func CommandName(i int) string { return fmt.Sprintf("cmd-%02d", i) }

func (s Spec) template() corev1.PodTemplateSpec {
	template := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: s.labels()},
		Spec: corev1.PodSpec{
			RestartPolicy:                 corev1.RestartPolicyNever,
			ActiveDeadlineSeconds:         new(seconds(s.Deadline)),
			TerminationGracePeriodSeconds: new(int64(30)),
			ServiceAccountName:            s.Account,
			AutomountServiceAccountToken:  new(false),
			// A variable a Service of the namespace would fill up the environment.
			EnableServiceLinks: new(false),
			SecurityContext:    s.podSecurity(),
			Volumes:            s.volumes(),
		},
	}
	if s.Environment.Arch != "" {
		template.Spec.NodeSelector = map[string]string{corev1.LabelArchStable: s.Environment.Arch}
	}
	for _, name := range s.PullSecrets {
		template.Spec.ImagePullSecrets = append(template.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	if s.Type != "" {
		template.Annotations = map[string]string{AnnotationParameters: s.Parameters}
		template.Spec.Containers = []corev1.Container{s.container(containerOfType)}
		return template
	}
	// Init containers run one after the other and stop at the first failure:
	// what a list of commands asks for, with a log and a status for each.
	for i, command := range s.Commands {
		container := s.container(CommandName(i))
		container.Args = escapeAll(command.Args)
		if command.Exec {
			container.Command, container.Args = container.Args, nil
		}
		if i < len(s.Commands)-1 {
			template.Spec.InitContainers = append(template.Spec.InitContainers, container)
		} else {
			template.Spec.Containers = []corev1.Container{container}
		}
	}
	return template
}

func (s Spec) container(name string) corev1.Container {
	return corev1.Container{
		Name:            name,
		Image:           s.Environment.Image,
		ImagePullPolicy: corev1.PullIfNotPresent,
		Env:             s.variables(),
		Resources:       s.Resources.requirements(),
		VolumeMounts:    s.mounts(),
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		// What a container that failed last said becomes its message.
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
}

// podSecurity fits the Pod Security Standard "restricted": nobody is root, an
// image that would be is given an ordinary user.
func (s Spec) podSecurity() *corev1.PodSecurityContext {
	user := s.Environment.user()
	return &corev1.PodSecurityContext{
		RunAsNonRoot:        new(true),
		RunAsUser:           new(user.UID),
		RunAsGroup:          new(user.GID),
		FSGroup:             new(user.GID),
		FSGroupChangePolicy: new(corev1.FSGroupChangeOnRootMismatch),
		SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

// user is who the containers run as.
func (e Environment) user() User {
	user := e.User
	if user.UID == 0 {
		user = User{UID: NonRootID, GID: NonRootID}
	}
	if user.GID == 0 {
		user.GID = user.UID // the group root is no more wanted than the user
	}
	if user.Home == "" {
		user.Home = "/tmp"
	}
	return user
}

// requirements asks for all three resources and limits those that cannot be
// taken back from a container: CPU that is free may be used.
func (r Resources) requirements() corev1.ResourceRequirements {
	cpu, memory, ephemeral := resource.MustParse(r.CPU), resource.MustParse(r.Memory), resource.MustParse(r.Ephemeral)
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{
			corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory, corev1.ResourceEphemeralStorage: ephemeral,
		},
		Limits: corev1.ResourceList{corev1.ResourceMemory: memory, corev1.ResourceEphemeralStorage: ephemeral},
	}
}

func (s Spec) volumes() []corev1.Volume {
	var volumes []corev1.Volume
	if s.Type != "" {
		volumes = append(volumes, corev1.Volume{Name: volumeInputs, VolumeSource: corev1.VolumeSource{
			DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{{
				Path: parametersFile, FieldRef: parametersField(),
			}}},
		}})
	}
	if len(s.Directories) > 0 {
		limit := resource.MustParse(s.Resources.Ephemeral)
		volumes = append(volumes, corev1.Volume{Name: volumeWork, VolumeSource: corev1.VolumeSource{
			EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &limit},
		}})
	}
	if s.Environment.Kind == KindKernel {
		volumes = append(volumes, corev1.Volume{Name: volumeKernels, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{
				ClaimName: s.Environment.Kernel.Claim, ReadOnly: true,
			},
		}})
	}
	return volumes
}

func (s Spec) mounts() []corev1.VolumeMount {
	var mounts []corev1.VolumeMount
	if s.Type != "" {
		mounts = append(mounts, corev1.VolumeMount{Name: volumeInputs, MountPath: inputsPath, ReadOnly: true})
	}
	for _, dir := range s.Directories {
		mounts = append(mounts, corev1.VolumeMount{Name: volumeWork, MountPath: "/" + dir, SubPath: dir})
	}
	if s.Environment.Kind == KindKernel {
		kernel := s.Environment.Kernel
		mounts = append(mounts, corev1.VolumeMount{
			Name: volumeKernels, MountPath: kernel.Prefix, SubPath: kernel.SubPath, ReadOnly: true,
		})
	}
	return mounts
}
