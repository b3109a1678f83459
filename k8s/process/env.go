package process

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Variables of the seed, and those that make a kernel the active environment.
const (
	envType       = "PROCESS_TYPE"
	envProcess    = "PROCESS_ID"
	envVersion    = "VERSION"
	envProject    = "PROJECT_ID"
	envParameters = "PARAMETERS_JSON"
	envFile       = "PARAMETERS_FILE"
	envBackend    = "BACKEND_URL"
	envBase       = "STORAGE_BASE"
	envEndpoint   = "STORAGE_ENDPOINT"
	envAccessKey  = "AWS_ACCESS_KEY_ID"
	envSecretKey  = "AWS_SECRET_ACCESS_KEY"
	envHome       = "HOME"
	envPath       = "PATH"
	envPrefix     = "CONDA_PREFIX"
)

// Keys in the Secret of a project's storage.
const (
	keyAccess = "access_key"
	keySecret = "secret_key"
)

// defaultPath is what container runtimes set when an image does not.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// isReserved says that a request may not set a variable. HOME and PATH it may.
func isReserved(name string) bool {
	return slices.Contains([]string{
		envType, envProcess, envVersion, envProject, envParameters, envFile, envBackend, envBase, envEndpoint, envAccessKey, envSecretKey,
		envPrefix,
	}, name)
}

// variables are the environment of every container, in an order that the same
// request always has.
func (s Spec) variables() []corev1.EnvVar {
	var vars []corev1.EnvVar
	set := func(name, value string) { vars = append(vars, corev1.EnvVar{Name: name, Value: escape(value)}) }
	if s.Type != "" {
		set(envType, s.Type)
	}
	set(envProcess, s.Process)
	set(envVersion, strconv.Itoa(s.Version))
	set(envProject, s.Project)
	if s.Type != "" {
		// The kubelet expands $(…) in values, never in what a field refers to.
		vars = append(vars, corev1.EnvVar{
			Name: envParameters, ValueFrom: &corev1.EnvVarSource{FieldRef: parametersField()},
		})
		set(envFile, inputsPath+"/"+parametersFile)
	}
	set(envBackend, s.BackendURL)
	set(envBase, s.Storage.Base)
	if s.Storage.Endpoint != "" {
		set(envEndpoint, s.Storage.Endpoint)
	}
	if s.Storage.Secret != "" {
		vars = append(vars, fromSecret(envAccessKey, s.Storage.Secret, keyAccess),
			fromSecret(envSecretKey, s.Storage.Secret, keySecret))
	}
	own := s.ownVariables()
	for _, name := range slices.Sorted(maps.Keys(own)) {
		set(name, own[name])
	}
	return vars
}

// ownVariables are those that the environment or the request decides.
func (s Spec) ownVariables() map[string]string {
	own := map[string]string{
		envHome: s.Environment.user().Home,
		// What a run prints is read while it runs.
		"PYTHONUNBUFFERED": "1",
	}
	maps.Copy(own, s.Env)
	if s.Environment.Kind == KindKernel {
		kernel := s.Environment.Kernel
		before := defaultPath
		if s.Environment.Path != "" {
			before = s.Environment.Path
		}
		if asked, ok := s.Env[envPath]; ok {
			before = asked
		}
		own[envPath] = kernel.Prefix + "/bin:" + before
		own[envPrefix] = kernel.Prefix
	}
	return own
}

func parametersField() *corev1.ObjectFieldSelector {
	return &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.annotations['" + AnnotationParameters + "']"}
}

func fromSecret(name, secret, key string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key,
	}}}
}

// escape makes text stay what it is: the kubelet replaces $(NAME) in values,
// commands and arguments by a variable, and makes one dollar of two.
func escape(text string) string { return strings.ReplaceAll(text, "$", "$$") }

func escapeAll(words []string) []string {
	escaped := make([]string, len(words))
	for i, word := range words {
		escaped[i] = escape(word)
	}
	return escaped
}
