package deploy_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// templates returns the pods that a rendering makes.
func templates(r rendering) map[string]*corev1.PodTemplateSpec {
	pods := map[string]*corev1.PodTemplateSpec{}
	for _, d := range all[*appsv1.Deployment](r) {
		pods["Deployment "+d.Name] = &d.Spec.Template
	}
	for _, c := range all[*batchv1.CronJob](r) {
		pods["CronJob "+c.Name] = &c.Spec.JobTemplate.Spec.Template
	}
	return pods
}

// eachFolder runs a test on every combination.
func eachFolder(t *testing.T, check func(t *testing.T, r rendering)) {
	for _, folder := range folders(t) {
		t.Run(folder, func(t *testing.T) { check(t, render(t, folder)) })
	}
}

// TestPodsAreRestricted asks Kubernetes' own judge of the level "restricted", which the namespace enforces, and checks
// what that level leaves open.
func TestPodsAreRestricted(t *testing.T) {
	judge, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	allowed := func(pod *corev1.PodTemplateSpec) policy.AggregateCheckResult {
		return policy.AggregateCheckResults(judge.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec))
	}
	eachFolder(t, func(t *testing.T, r rendering) {
		pods := templates(r)
		if len(pods) != 2 {
			t.Errorf("%d kinds of pods", len(pods))
		}
		for name, pod := range pods {
			if result := allowed(pod); !result.Allowed {
				t.Errorf("%s: %s", name, result.ForbiddenDetail())
			}
			checkPod(t, name, &pod.Spec)
			open := pod.DeepCopy() // and the judge can say no
			open.Spec.Containers[0].SecurityContext.Capabilities = nil
			if allowed(open).Allowed {
				t.Errorf("%s is allowed with all capabilities", name)
			}
		}
		ns := one[*corev1.Namespace](t, r)
		for _, mode := range []string{"enforce", "audit", "warn"} {
			if ns.Labels["pod-security.kubernetes.io/"+mode] != "restricted" {
				t.Errorf("the namespace does not %s", mode)
			}
		}
		for _, account := range all[*corev1.ServiceAccount](r) {
			if account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
				t.Errorf("account %s mounts its token", account.Name)
			}
		}
	})
}

// checkPod checks what "restricted" does not ask for.
func checkPod(t *testing.T, name string, spec *corev1.PodSpec) {
	t.Helper()
	want := map[string]bool{
		"no token is mounted":              spec.AutomountServiceAccountToken != nil && !*spec.AutomountServiceAccountToken,
		"it has an account of its own":     spec.ServiceAccountName != "" && spec.ServiceAccountName != "default",
		"no variables of other services":   spec.EnableServiceLinks != nil && !*spec.EnableServiceLinks,
		"a user and group that are not 0":  *spec.SecurityContext.RunAsUser > 0 && *spec.SecurityContext.RunAsGroup > 0,
		"no fsGroup, which NFS would miss": spec.SecurityContext.FSGroup == nil,
		"one container":                    len(spec.Containers) == 1 && len(spec.InitContainers) == 0,
	}
	c := spec.Containers[0]
	want["a root file system that is read-only"] = c.SecurityContext.ReadOnlyRootFilesystem != nil && *c.SecurityContext.ReadOnlyRootFilesystem
	for _, resource := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		request, limit := c.Resources.Requests[resource], c.Resources.Limits[resource]
		want["a request of "+string(resource)+" below the limit"] = request.Sign() > 0 && request.Cmp(limit) < 0
	}
	for what, ok := range want {
		if !ok {
			t.Errorf("%s: not so: %s", name, what)
		}
	}
}

// TestRunIsNeverRetried is what the schedule of the indexer promises.
func TestRunIsNeverRetried(t *testing.T) {
	eachFolder(t, func(t *testing.T, r rendering) {
		cron := one[*batchv1.CronJob](t, r).Spec
		job, pod := cron.JobTemplate.Spec, cron.JobTemplate.Spec.Template.Spec
		if cron.ConcurrencyPolicy != batchv1.ForbidConcurrent || cron.StartingDeadlineSeconds == nil || cron.TimeZone == nil ||
			cron.SuccessfulJobsHistoryLimit == nil || cron.FailedJobsHistoryLimit == nil {
			t.Errorf("schedule %+v", cron)
		}
		if job.BackoffLimit == nil || *job.BackoffLimit != 0 || job.ActiveDeadlineSeconds == nil || pod.RestartPolicy != corev1.RestartPolicyNever {
			t.Errorf("job %+v", job)
		}
		if c := pod.Containers[0]; c.LivenessProbe != nil || c.ReadinessProbe != nil || c.StartupProbe != nil {
			t.Error("a probe could end a run that is well")
		}
	})
}

// TestShardsOfTheJobAndOfTheProgramAgree is that each pod of an Indexed Job is told how many there are.
func TestShardsOfTheJobAndOfTheProgramAgree(t *testing.T) {
	seen := 0
	eachFolder(t, func(t *testing.T, r rendering) {
		job := one[*batchv1.CronJob](t, r).Spec.JobTemplate.Spec
		env := map[string]corev1.EnvVar{}
		for _, e := range job.Template.Spec.Containers[0].Env {
			env[e.Name] = e
		}
		_, sharded := env["SHARDS"]
		_, named := env["ROUND"]
		indexed := job.CompletionMode != nil && *job.CompletionMode == batchv1.IndexedCompletion
		if sharded != indexed || named != indexed {
			t.Errorf("indexed %v, SHARDS %v, ROUND %v", indexed, sharded, named)
		}
		if !indexed {
			return
		}
		seen++
		if n := strconv.Itoa(int(*job.Completions)); env["SHARDS"].Value != n || *job.Parallelism != *job.Completions {
			t.Errorf("%s completions, parallelism %d, SHARDS %s", n, *job.Parallelism, env["SHARDS"].Value)
		}
		if path := env["ROUND"].ValueFrom.FieldRef.FieldPath; path != "metadata.labels['"+batchv1.ControllerUidLabel+"']" {
			t.Errorf("ROUND is %s", path)
		}
	})
	if seen != 2 {
		t.Errorf("%d combinations have shards", seen)
	}
}

// TestVolumes is that a missing repository fails the pod, that the server cannot write, and that the claim gets its volume.
func TestVolumes(t *testing.T) {
	eachFolder(t, func(t *testing.T, r rendering) {
		volume, claim := one[*corev1.PersistentVolume](t, r), one[*corev1.PersistentVolumeClaim](t, r)
		switch source := volume.Spec.PersistentVolumeSource; {
		case source.HostPath != nil:
			if source.HostPath.Type == nil || *source.HostPath.Type != corev1.HostPathDirectory {
				t.Errorf("hostPath %+v", source.HostPath)
			}
		case source.NFS == nil:
			t.Errorf("volume %+v", source)
		}
		ref := volume.Spec.ClaimRef
		if volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimRetain || claim.Spec.VolumeName != volume.Name ||
			ref == nil || ref.Name != claim.Name || ref.Namespace != claim.Namespace || *claim.Spec.StorageClassName != volume.Spec.StorageClassName {
			t.Errorf("volume %+v, claim %+v", volume.Spec, claim.Spec)
		}
		for name, pod := range templates(r) {
			var claims []string
			for _, v := range pod.Spec.Volumes {
				if v.PersistentVolumeClaim != nil {
					claims = append(claims, v.PersistentVolumeClaim.ClaimName)
				}
			}
			if diff := cmp.Diff([]string{claim.Name}, claims); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
		}
		web := one[*appsv1.Deployment](t, r).Spec.Template.Spec
		if !web.Containers[0].VolumeMounts[0].ReadOnly || !web.Volumes[0].PersistentVolumeClaim.ReadOnly {
			t.Error("the server's mount can be written to")
		}
	})
}

// TestServerCanBeReplacedUnderLoad is what rolling updates, drains and the end of a pod need.
func TestServerCanBeReplacedUnderLoad(t *testing.T) {
	eachFolder(t, func(t *testing.T, r rendering) {
		d, budget := one[*appsv1.Deployment](t, r), one[*policyv1.PodDisruptionBudget](t, r)
		rolling := d.Spec.Strategy.RollingUpdate
		if *d.Spec.Replicas < 2 || rolling.MaxUnavailable.IntValue() != 0 || rolling.MaxSurge.IntValue() < 1 || budget.Spec.MaxUnavailable.IntValue() != 1 {
			t.Errorf("%d replicas, %+v, budget %+v", *d.Spec.Replicas, rolling, budget.Spec)
		}
		pod := d.Spec.Template.Spec
		var needs time.Duration
		for _, e := range pod.Containers[0].Env {
			if e.Name == "DRAIN_DELAY" || e.Name == "SHUTDOWN_GRACE" {
				delay, err := time.ParseDuration(e.Value)
				if err != nil || delay <= 0 {
					t.Errorf("%s is %q", e.Name, e.Value)
				}
				needs += delay
			}
		}
		if given := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second; needs == 0 || given <= needs {
			t.Errorf("the pod is killed after %v, and needs %v", given, needs)
		}
		if len(pod.TopologySpreadConstraints) != 1 {
			t.Errorf("spread %+v", pod.TopologySpreadConstraints)
		}
	})
}

// TestSelectorsFindThePods is that services, budgets and policies are about pods that there are.
func TestSelectorsFindThePods(t *testing.T) {
	eachFolder(t, func(t *testing.T, r rendering) {
		web := labels.Set(one[*appsv1.Deployment](t, r).Spec.Template.Labels)
		indexer := labels.Set(one[*batchv1.CronJob](t, r).Spec.JobTemplate.Spec.Template.Labels)
		check := func(what string, s *metav1.LabelSelector) {
			t.Helper()
			selector, err := metav1.LabelSelectorAsSelector(s)
			if err != nil || !selector.Matches(web) || selector.Matches(indexer) {
				t.Errorf("%s selects %v, %v", what, s, err)
			}
		}
		check("the Deployment", one[*appsv1.Deployment](t, r).Spec.Selector)
		check("the budget", one[*policyv1.PodDisruptionBudget](t, r).Spec.Selector)
		check("the spread", one[*appsv1.Deployment](t, r).Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector)
		for _, s := range all[*corev1.Service](r) {
			check("service "+s.Name, &metav1.LabelSelector{MatchLabels: s.Spec.Selector})
			if s.Spec.Ports[0].TargetPort.StrVal != "http" {
				t.Errorf("service %s goes to %v", s.Name, s.Spec.Ports)
			}
		}
		closed, open := 0, 0
		for _, p := range all[*networkingv1.NetworkPolicy](r) {
			if len(p.Spec.PolicyTypes) != 2 || len(p.Spec.Egress) != 0 {
				t.Errorf("policy %s: %+v", p.Name, p.Spec)
			}
			if len(p.Spec.PodSelector.MatchLabels) == 0 && len(p.Spec.Ingress) == 0 {
				closed++
				continue
			}
			check("policy "+p.Name, &p.Spec.PodSelector)
			open++
		}
		if closed != 1 || open != 1 {
			t.Errorf("%d policies close, %d open", closed, open)
		}
	})
}

// TestLocalImagesAreNeverPulled is what the component "local" is for.
func TestLocalImagesAreNeverPulled(t *testing.T) {
	for _, folder := range []string{"overlays/local", "testdata/everything"} {
		for name, pod := range templates(render(t, folder)) {
			if c := pod.Spec.Containers[0]; c.ImagePullPolicy != corev1.PullNever || c.Image != "docker.io/local/"+c.Name+":dev" {
				t.Errorf("%s: %s: image %s, %s", folder, name, c.Image, c.ImagePullPolicy)
			}
		}
	}
}
