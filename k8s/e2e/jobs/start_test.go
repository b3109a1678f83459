//go:build e2e

package jobs

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/cluster/onenode"
	"kernelindexer/k8s/process"
)

// TestImageThatCannotBePulledFailsAfterItsGrace: with the cause that the registry gave, and nothing left that could
// start later. T5.
func TestImageThatCannotBePulledFailsAfterItsGrace(t *testing.T) {
	t.Parallel()
	s := newSite(t, "pull", siteOptions{limits: func(l *process.Limits) { l.ImagePull = 5 * time.Second }})
	repository, digest, _ := strings.Cut(pinned(t, open, "tool").Image, "@")
	secret := pinned(t, closed, "tool").Image
	absent := "sha256:" + strings.Repeat("0", 64)
	tests := []struct {
		sub, image string
		retriable  bool
	}{
		{"notfound", repository + "@" + absent, false},
		{"notfound", open.address + "/none/such@" + digest, false},
		{"unauthorized", secret, false},
		{"name", open.address + "/UPPER@" + digest, false},
		{"network", "127.0.0.1:5999/nobody@" + digest, true},
	}
	specs := make([]process.Spec, len(tests))
	for i, tt := range tests {
		specs[i] = s.commands(t, fmt.Sprintf("%s-%d", tt.sub, i), []string{"print", "never"})
		specs[i].Environment.Image = tt.image
		s.launch(t, specs[i])
	}
	for i, tt := range tests {
		failure := s.want(t, specs[i], process.Failed, process.ImagePull).Failure
		if failure.Sub != tt.sub || failure.Retriable != tt.retriable || len(failure.Evidence) == 0 {
			t.Errorf("%s: want %s, retriable %t, with evidence: %s", tt.image, tt.sub, tt.retriable, asJSON(failure))
		}
		s.nothingLeft(t, specs[i])
	}
}

// TestImagePushedWithinTheGraceRuns: also one of a registry that wants a password, with the Secret that has it. T5.
func TestImagePushedWithinTheGraceRuns(t *testing.T) {
	t.Parallel()
	s := newSite(t, "push", siteOptions{})
	from := pinned(t, open, "tool").Image
	_, digest, _ := strings.Cut(from, "@")
	late := s.commands(t, "late", []string{"print", "at last"})
	late.Environment.Image = open.address + "/late/tool@" + digest
	s.launch(t, late)

	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	_, err := api.CoreV1().Secrets(s.namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "registry"}, Type: corev1.SecretTypeDockerConfigJson,
		StringData: map[string]string{corev1.DockerConfigJsonKey: `{"auths": {"` + closed.address + `": {"auth": "` + auth + `"}}}`},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	known := s.commands(t, "known", []string{"print", "let in"})
	known.Environment, known.PullSecrets = pinned(t, closed, "tool"), []string{"registry"}
	s.launch(t, known)

	eventually(t, patience, "an image that cannot be pulled", func() (bool, string) {
		for _, pod := range s.pods(t, late) {
			for _, status := range pod.Status.ContainerStatuses {
				if w := status.State.Waiting; w != nil && strings.Contains(w.Reason, "Image") {
					return true, ""
				}
			}
		}
		return false, ""
	})
	source, err := name.NewDigest(from)
	if err != nil {
		t.Fatal(err)
	}
	image, err := remote.Image(source, open.options...)
	if err != nil {
		t.Fatal(err)
	}
	target, err := name.ParseReference(open.address + "/late/tool:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(target, image, open.options...); err != nil {
		t.Fatal(err)
	}
	for spec, want := range map[*process.Spec]string{&late: "at last", &known: "let in"} {
		status := s.want(t, *spec, process.Done, "")
		if diff := cmp.Diff([]string{want}, s.logOf(t, *spec, status, 0)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", spec.Process, diff)
		}
	}
}

// TestEveryImageRunsInARestrictedNamespace: the kubelet cannot tell that a user with a name is not root, and root it
// refuses. The backend names numbers. T6.
func TestEveryImageRunsInARestrictedNamespace(t *testing.T) {
	t.Parallel()
	s := newSite(t, "restricted", siteOptions{labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}})
	_, err := api.CoreV1().Pods(s.namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "ordinary"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "none"}}},
	}, metav1.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), "restricted") {
		t.Fatalf("the namespace takes an ordinary pod: %v", err)
	}
	tests := []struct {
		image    string
		uid, gid int
		home     string
	}{
		{"root", process.NonRootID, process.NonRootID, "/tmp"},
		{"named", 1234, 2345, "/home/app"},
		{"tool", 65532, 65532, "/"}, // who is in no user table lives there
	}
	specs := make([]process.Spec, len(tests))
	for i, tt := range tests {
		specs[i] = s.commands(t, tt.image, []string{"echo"}, []string{"write", "/data/mine", "x"})
		specs[i].Environment, specs[i].Directories = pinned(t, open, tt.image), []string{"data"}
		s.launch(t, specs[i])
	}
	for i, tt := range tests {
		status := s.want(t, specs[i], process.Done, "")
		got := echoed(t, s.logOf(t, specs[i], status, 0))
		if got.UID != tt.uid || got.GID != tt.gid || got.Env["HOME"] != tt.home {
			t.Errorf("%s runs as %d:%d at %s, want %+v", tt.image, got.UID, got.GID, got.Env["HOME"], tt)
		}
	}
}

// TestPodThatAPolicyRefusesIsDenied: with the rule as evidence.
func TestPodThatAPolicyRefusesIsDenied(t *testing.T) {
	t.Parallel()
	s := newSite(t, "denied", siteOptions{limits: func(l *process.Limits) { l.Admission = 3 * time.Second }})
	_, err := api.CoreV1().LimitRanges(s.namespace).Create(t.Context(), &corev1.LimitRange{
		ObjectMeta: metav1.ObjectMeta{Name: "small"},
		Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypeContainer, Max: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("32Mi")},
		}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	spec := s.commands(t, "denied", []string{"print", "never"})
	s.launch(t, spec)
	failure := s.want(t, spec, process.Failed, process.AdmissionDenied).Failure
	if !strings.Contains(strings.Join(failure.Evidence, "\n"), "maximum memory usage per Container is 32Mi") {
		t.Errorf("the evidence does not say which rule: %s", asJSON(failure))
	}
	s.nothingLeft(t, spec)
}

// TestRunWaitsForQuotaAndForNoLongerThanItsStart: T7.
func TestRunWaitsForQuotaAndForNoLongerThanItsStart(t *testing.T) {
	t.Parallel()
	s := newSite(t, "quota", siteOptions{})
	_, err := api.CoreV1().ResourceQuotas(s.namespace).Create(t.Context(), &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "one"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	first := s.commands(t, "first", []string{"sleep", "600"})
	s.launch(t, first)
	s.running(t, first)
	impatient := s.commands(t, "impatient", []string{"print", "never"})
	impatient.StartWithin = 5 * time.Second
	s.launch(t, impatient)
	patient := s.commands(t, "patient", []string{"print", "my turn"})
	s.launch(t, patient)

	failure := s.want(t, impatient, process.Failed, process.QuotaExceeded).Failure
	if !failure.Retriable || !strings.Contains(strings.Join(failure.Evidence, "\n"), "exceeded quota: one") {
		t.Errorf("want it retriable, and the quota named: %s", asJSON(failure))
	}
	s.nothingLeft(t, impatient)
	if _, err := s.store.Outcome(t.Context(), s.name(patient)); err == nil {
		t.Error("the patient run ended while there was no quota")
	}
	s.cancel(t, first)
	s.want(t, first, process.Canceled, process.CancelRequested)
	status := s.want(t, patient, process.Done, "")
	if diff := cmp.Diff([]string{"my turn"}, s.logOf(t, patient, status, 0)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// TestRunThatNoNodeTakesEndsAtItsStartTimeout: T8.
func TestRunThatNoNodeTakesEndsAtItsStartTimeout(t *testing.T) {
	t.Parallel()
	s := newSite(t, "unschedulable", siteOptions{})
	large := s.commands(t, "large", []string{"print", "never"})
	large.Resources.Memory = "100Ti"
	foreign := s.commands(t, "foreign", []string{"print", "never"})
	foreign.Environment.Arch = "s390x"
	for _, tt := range []struct {
		spec process.Spec
		sub  string
	}{{large, "resources"}, {foreign, "affinity"}} {
		tt.spec.StartWithin = 5 * time.Second
		begin := time.Now()
		s.launch(t, tt.spec)
		failure := s.want(t, tt.spec, process.Failed, process.Unschedulable).Failure
		if waited := time.Since(begin); waited < tt.spec.StartWithin-time.Second { // Kubernetes' times are whole seconds
			t.Errorf("%s ended after %s", tt.spec.Process, waited)
		}
		if failure.Sub != tt.sub || !failure.Retriable || !strings.Contains(failure.Message, "nodes are available") {
			t.Errorf("%s: want %s, retriable, in the scheduler's words: %s", tt.spec.Process, tt.sub, asJSON(failure))
		}
		s.nothingLeft(t, tt.spec)
	}
}

// TestRunStartsWhenTheNodeIsAsItWants: it waits for a label of the node, which comes within its time. T8. No other test
// runs beside it, for whom the label would be wrong.
func TestRunStartsWhenTheNodeIsAsItWants(t *testing.T) {
	s := newSite(t, "label", siteOptions{})
	spec := s.commands(t, "late", []string{"print", "at last"})
	spec.Environment.Arch = "test"
	s.launch(t, spec)
	eventually(t, patience, "pod that no node takes", func() (bool, string) {
		for _, pod := range s.pods(t, spec) {
			for _, c := range pod.Status.Conditions {
				if c.Type == corev1.PodScheduled && c.Reason == corev1.PodReasonUnschedulable {
					return true, ""
				}
			}
		}
		return false, ""
	})
	label := func(arch string) {
		if _, err := cluster.Kubectl(context.WithoutCancel(t.Context()), "label", "--overwrite", "node", onenode.NodeName, corev1.LabelArchStable+"="+arch); err != nil {
			t.Error(err)
		}
	}
	label("test")
	status := s.want(t, spec, process.Done, "")
	label(runtime.GOARCH)
	if diff := cmp.Diff([]string{"at last"}, s.logOf(t, spec, status, 0)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// TestImageOfAnotherPlatformIsToldAsSuch: an index that has an image, and none for the node. T5.
func TestImageOfAnotherPlatformIsToldAsSuch(t *testing.T) {
	t.Parallel()
	s := newSite(t, "platform", siteOptions{limits: func(l *process.Limits) { l.ImagePull = 5 * time.Second }})
	from, err := name.NewDigest(pinned(t, open, "tool").Image)
	if err != nil {
		t.Fatal(err)
	}
	image, err := remote.Image(from, open.options...)
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}},
	})
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	target, err := name.NewTag(open.address + "/foreign/tool:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(target, index, open.options...); err != nil {
		t.Fatal(err)
	}
	spec := s.commands(t, "foreign", []string{"print", "never"})
	spec.Environment.Image = target.Context().Digest(digest.String()).String()
	s.launch(t, spec)
	if failure := s.want(t, spec, process.Failed, process.ImagePull).Failure; failure.Sub != "platform" || failure.Retriable {
		t.Errorf("want platform, not retriable: %s", asJSON(failure))
	}
	s.nothingLeft(t, spec)
}

// TestWhatCannotBeStartedSaysWhy: a command that is not there, and a Secret that is not.
func TestWhatCannotBeStartedSaysWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t, "unstarted", siteOptions{limits: func(l *process.Limits) { l.Config = 5 * time.Second }})
	missing := s.commands(t, "missing")
	missing.Commands = []process.Command{{Args: []string{"/not/there"}, Exec: true}}
	s.launch(t, missing)
	secret := s.commands(t, "secret", []string{"print", "never"})
	secret.Storage = process.Storage{Base: "s3://project", Secret: "nobody-made-it"}
	s.launch(t, secret)
	if failure := s.want(t, missing, process.Failed, process.StartError).Failure; !strings.Contains(asJSON(failure), "/not/there") {
		t.Errorf("want the command named: %s", asJSON(failure))
	}
	if failure := s.want(t, secret, process.Failed, process.ContainerConfig).Failure; !strings.Contains(asJSON(failure), "nobody-made-it") {
		t.Errorf("want the Secret named: %s", asJSON(failure))
	}
	s.nothingLeft(t, secret)
}
