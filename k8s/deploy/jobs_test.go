package deploy_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// renderBackend makes the objects of the backend and of one domain, water, and decodes them strictly. They are apart from
// those of the index, whose tests say that nothing there has any rights.
func renderBackend(t *testing.T) rendering {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "testdata/jobs")
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, networkingv1.AddToScheme, rbacv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	r := rendering{name: "testdata/jobs"}
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		object, kind, err := decoder.Decode(document, nil, nil)
		if err != nil || kind.Version != "v1" {
			t.Fatalf("%v, %v\n%s", kind, err, document)
		}
		r.objects = append(r.objects, object)
	}
	return r
}

// TestBackendObjects is that they carry the recommended labels and are where they belong.
func TestBackendObjects(t *testing.T) {
	for _, object := range renderBackend(t).objects {
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			t.Fatal(err)
		}
		o := unstructured.Unstructured{Object: fields}
		what := o.GetKind() + " " + o.GetName()
		checkLabels(t, what, o.GetLabels())
		want := "kernel-jobs"
		switch {
		case strings.HasPrefix(o.GetKind(), "Cluster") || o.GetKind() == "Namespace":
			want = ""
		case o.GetLabels()["app.kubernetes.io/instance"] == "domain":
			want = "water"
		}
		if o.GetNamespace() != want {
			t.Errorf("%s is in namespace %q, want %q", what, o.GetNamespace(), want)
		}
	}
}

// TestBackendHasTheLeastRights is the whole list of what its account may do, and where.
func TestBackendHasTheLeastRights(t *testing.T) {
	r := renderBackend(t)
	rules := map[string][]rbacv1.PolicyRule{}
	for _, role := range all[*rbacv1.ClusterRole](r) {
		rules["ClusterRole "+role.Name] = role.Rules
	}
	for _, role := range all[*rbacv1.Role](r) {
		rules["Role "+role.Name] = role.Rules
	}
	got := map[string][]string{}
	bind := func(where string, ref rbacv1.RoleRef, subjects []rbacv1.Subject) {
		if diff := cmp.Diff([]rbacv1.Subject{{Kind: "ServiceAccount", Name: "kernel-jobs", Namespace: "kernel-jobs"}}, subjects); diff != "" {
			t.Errorf("%s of %s (-want +got)\n%s", where, ref.Name, diff)
		}
		for _, rule := range rules[ref.Kind+" "+ref.Name] {
			for _, resource := range rule.Resources {
				got[where] = append(got[where], resource+" "+strings.Join(rule.Verbs, ","))
			}
		}
		slices.Sort(got[where])
	}
	for _, b := range all[*rbacv1.ClusterRoleBinding](r) {
		bind("everywhere", b.RoleRef, b.Subjects)
	}
	for _, b := range all[*rbacv1.RoleBinding](r) {
		bind(b.Namespace, b.RoleRef, b.Subjects)
	}
	want := map[string][]string{
		"everywhere":  {"subjectaccessreviews create", "tokenreviews create"},
		"kernel-jobs": {"configmaps get,list,create,update,delete", "leases get,create,update"},
		"water": {
			"events list,watch", "jobs get,list,watch,create,patch,delete", "pods get,list,watch,patch", "pods/log get", "secrets get",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, name := range []string{"kernel-jobs-user", "kernel-jobs-admin"} {
		for _, rule := range rules["ClusterRole "+name] {
			if diff := cmp.Diff([]string{"kernel-jobs"}, rule.APIGroups); diff != "" {
				t.Errorf("%s is about more than virtual resources\n%s", name, diff)
			}
		}
	}
	for _, account := range all[*corev1.ServiceAccount](r) {
		if account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
			t.Errorf("account %s mounts its token", account.Name)
		}
	}
}

// TestBackendPodIsRestricted asks the judge of the level that its namespace enforces.
func TestBackendPodIsRestricted(t *testing.T) {
	r := renderBackend(t)
	judge, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	d := one[*appsv1.Deployment](t, r)
	pod := d.Spec.Template
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	if result := policy.AggregateCheckResults(judge.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec)); !result.Allowed {
		t.Error(result.ForbiddenDetail())
	}
	c := pod.Spec.Containers[0]
	if !*c.SecurityContext.ReadOnlyRootFilesystem || *pod.Spec.EnableServiceLinks || pod.Spec.ServiceAccountName != "kernel-jobs" {
		t.Errorf("pod %+v", pod.Spec)
	}
	selected := labels.Set(pod.Labels)
	if !labels.SelectorFromSet(one[*corev1.Service](t, r).Spec.Selector).Matches(selected) || len(one[*corev1.Service](t, r).Spec.Selector) == 0 {
		t.Errorf("the service selects %v", one[*corev1.Service](t, r).Spec.Selector)
	}
	if p := one[*networkingv1.NetworkPolicy](t, r).Spec; !labels.SelectorFromSet(p.PodSelector.MatchLabels).Matches(selected) || len(p.PolicyTypes) != 2 {
		t.Errorf("policy %+v", p)
	}
	// The archive is a volume that one node has: two pods at once could not both have it.
	if d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType || *d.Spec.Replicas != 1 {
		t.Errorf("%+v", d.Spec.Strategy)
	}
}

// TestBackendTakesItsEnvironment is that the program knows every variable, and that ports, probes and the grace of the pod
// are its own.
func TestBackendTakesItsEnvironment(t *testing.T) {
	r := renderBackend(t)
	program := filepath.Join(t.TempDir(), "kernel-jobs")
	if out, err := exec.Command("go", "build", "-o", program, "kernelindexer/cmd/kernel-jobs").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	pod := one[*appsv1.Deployment](t, r).Spec.Template
	c := &pod.Spec.Containers[0]
	known := variablesOf(t, program, c.Args[0])
	env := environment(t, r, c)
	for variable := range env {
		if !slices.Contains(known, variable) && variable != "GOMEMLIMIT" {
			t.Errorf("kernel-jobs %s knows no %s", c.Args[0], variable)
		}
	}
	var needs time.Duration
	for _, name := range []string{"DRAIN_DELAY", "SHUTDOWN_GRACE"} {
		d, err := time.ParseDuration(env[name])
		if err != nil {
			t.Error(err)
		}
		needs += d
	}
	if given := time.Duration(*pod.Spec.TerminationGracePeriodSeconds) * time.Second; given <= needs {
		t.Errorf("the pod is killed after %v, and needs %v", given, needs)
	}
	mounts := map[string]bool{}
	for _, m := range c.VolumeMounts {
		mounts[m.MountPath] = true
	}
	if !mounts[strings.TrimPrefix(env["ARCHIVE_URL"], "file://")] || !mounts[env["SPOOL_DIR"]] {
		t.Errorf("the archive or the spool is no volume: %v", mounts)
	}
	if account := all[*corev1.ServiceAccount](r); !slices.ContainsFunc(account, func(a *corev1.ServiceAccount) bool { return a.Namespace == "water" && a.Name == env["RUNNER_ACCOUNT"] }) {
		t.Errorf("the domain has no account %s", env["RUNNER_ACCOUNT"])
	}
}
