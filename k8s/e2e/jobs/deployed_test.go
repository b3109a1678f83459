//go:build e2e

package jobs

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// overlays of k8s/deploy: the backend with an image and a registry of the test, and a domain with a user.
const (
	backendOverlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: kernel-jobs
resources: [DEPLOY/jobs]
images: [{name: kernel-jobs, newName: localhost/kernel-jobs, newTag: dev}]
configMapGenerator:
  - name: kernel-jobs-settings
    behavior: merge
    literals: [REGISTRY=` + nodeRegistry + `/environments, REGISTRY_INSECURE=true]
patches:
  - target: {kind: PersistentVolumeClaim, name: kernel-jobs-archive}
    patch: |-
      - {op: add, path: /spec/storageClassName, value: ""}
      - {op: add, path: /spec/volumeName, value: kernel-jobs-archive}
`
	domainOverlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: kernel-jobs-example
resources: [DEPLOY/domain, ada.yaml]
`
	ada = `apiVersion: v1
kind: ServiceAccount
metadata: {name: ada}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ada}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: kernel-jobs-user}
subjects: [{kind: ServiceAccount, name: ada, namespace: kernel-jobs-example}]
`
)

// TestBackendAsItIsDeployed applies k8s/deploy/jobs and k8s/deploy/domain, with the image of Dockerfile.jobs, and takes an
// image from its upload to the result of a run: with the account and the rights that are shipped.
func TestBackendAsItIsDeployed(t *testing.T) {
	t.Parallel()
	const namespace, domain = "kernel-jobs", "kernel-jobs-example"
	loadBackend(t)
	makeArchive(t)
	applyOverlays(t, domain)
	for _, name := range []string{namespace, domain} {
		t.Cleanup(func() {
			if err := api.CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	kubectl := func(args ...string) string {
		t.Helper()
		out, err := cluster.Kubectl(t.Context(), append([]string{"--namespace", namespace}, args...)...)
		if err != nil {
			describe, _ := cluster.Kubectl(t.Context(), "--namespace", namespace, "describe", "pods")
			logs, _ := cluster.Kubectl(t.Context(), "--namespace", namespace, "logs", "deployment/kernel-jobs")
			t.Fatalf("%v\n%s\n%s", err, describe, logs)
		}
		return out
	}
	kubectl("rollout", "status", "deployment/kernel-jobs", "--timeout=120s")

	b := &backend{
		domain: domain, tokens: map[string]string{"ada": tokenOf(t, domain, "ada")},
		address: kubectl("get", "service", "kernel-jobs", "--output=jsonpath={.spec.clusterIP}") + ":80",
		client:  &http.Client{Transport: &http.Transport{DialContext: cluster.DialContext}},
	}
	b.reachable(t)
	id := b.register(t, archives["tool"])
	path := b.launch(t, work(id, "print", "from the cluster"))
	b.ended(t, path, "done")
	if diff := cmp.Diff([]string{"from the cluster"}, b.lines(t, path, "")); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	pods, err := api.CoreV1().Pods(domain).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(pods.Items) != 1 || pods.Items[0].Spec.ServiceAccountName != "kernel-jobs-runner" {
		t.Errorf("pods of the domain: %v, %d", err, len(pods.Items))
	}
	for _, args := range [][]string{
		{"list", "secrets", "--namespace", domain},
		{"create", "pods", "--namespace", domain},
		{"get", "secrets", "--namespace", "kube-system"},
		{"create", "jobs", "--namespace", "default"},
		{"get", "configmaps", "--namespace", domain},
	} {
		out, err := cluster.Kubectl(t.Context(), append([]string{"auth", "can-i", "--as=system:serviceaccount:kernel-jobs:kernel-jobs"}, args...)...)
		if err == nil {
			t.Errorf("the backend may %s: %s", strings.Join(args, " "), out)
		}
	}
	// Replaced by another pod, it knows what it knew: there is nothing but the cluster and the archive.
	kubectl("rollout", "restart", "deployment/kernel-jobs")
	kubectl("rollout", "status", "deployment/kernel-jobs", "--timeout=120s")
	b.reachable(t)
	b.ended(t, path, "done")
	b.ended(t, b.launch(t, work(id, "print", "again")), "done")
}

// reachable waits until the Service leads to the pod that is ready.
func (b *backend) reachable(t *testing.T) {
	t.Helper()
	eventually(t, time.Minute, "answer of the Service", func() (bool, string) {
		got, err := b.request(t, "", http.MethodGet, "/readyz", nil, nil)
		if err != nil {
			return false, err.Error()
		}
		return got.status == http.StatusOK, string(got.body)
	})
}

// loadBackend builds the image of Dockerfile.jobs of bin/kernel-jobs, and brings it to the node.
func loadBackend(t *testing.T) {
	t.Helper()
	scratch := t.TempDir()
	buildah := []string{"buildah", "--storage-driver", "vfs", "--root", scratch + "/root", "--runroot", scratch + "/run"}
	const tag = "localhost/kernel-jobs:dev"
	archive := filepath.Join(scratch, "backend.tar")
	for _, args := range [][]string{
		{
			"bud", "-q", "--isolation", "chroot", "--build-arg", "BINARIES=bin", "--build-arg", "BASE_IMAGE=scratch",
			"-f", "../../../Dockerfile.jobs", "-t", tag, "../../..",
		},
		{"push", "-q", tag, "docker-archive:" + archive + ":" + tag},
	} {
		if err := execute(t.Context(), nil, append(buildah, args...)...); err != nil {
			t.Fatal(err)
		}
	}
	if err := cluster.LoadImage(t.Context(), archive); err != nil {
		t.Fatal(err)
	}
}

// makeArchive makes the volume for the archive, on the node.
func makeArchive(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chown(dir, 65532, 65532); err != nil {
		t.Fatal(err)
	}
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "kernel-jobs-archive"},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:    corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("50Gi")},
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			ClaimRef:    &corev1.ObjectReference{Namespace: "kernel-jobs", Name: "kernel-jobs-archive"},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: dir},
			},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
		},
	}
	if _, err := api.CoreV1().PersistentVolumes().Create(t.Context(), volume, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := api.CoreV1().PersistentVolumes().Delete(context.WithoutCancel(t.Context()), volume.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
		// The pod that writes there is going.
		for range 100 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
}

// applyOverlays writes both overlays and applies them as an administrator does.
func applyOverlays(t *testing.T, domain string) {
	t.Helper()
	if err := createNamespace(t.Context(), domain, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}); err != nil {
		t.Fatal(err)
	}
	scratch := t.TempDir()
	deploy, err := filepath.Abs("../../deploy")
	if err != nil {
		t.Fatal(err)
	}
	for _, overlay := range []struct{ name, text string }{{"backend", backendOverlay}, {"domain", domainOverlay}} {
		dir := filepath.Join(scratch, overlay.name)
		from, err := filepath.Rel(dir, deploy) // kustomize takes no absolute path
		if err == nil {
			err = os.Mkdir(dir, 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(strings.ReplaceAll(overlay.text, "DEPLOY", from)), 0o644)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "ada.yaml"), []byte(ada), 0o644)
		}
		if err == nil {
			_, err = cluster.Kubectl(t.Context(), "apply", "--kustomize", dir)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
