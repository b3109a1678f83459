//go:build e2e

package jobs

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/e2e/suite"
	"kernelindexer/testrepo"
)

// root is the root of the repository, seen from the folder of this package, where tests run.
const root = "../../.."

// TestBackendPageAsItIsWritten executes docs/backend.md: from the objects of k8s/deploy and the image of Dockerfile.jobs,
// with the account and the rights that are shipped, by way of the Dockerfile of examples/environment, to processes, their
// logs and their results, and to nothing again.
func TestBackendPageAsItIsWritten(t *testing.T) {
	t.Parallel()
	const namespace, domain = "kernel-jobs", "hydrology"
	load(t, archives["kernel-jobs"])
	makeArchive(t)
	repository := makeKernels(t)
	pushed := push(t, archives["python"], nodeRegistry+"/environments/base:1")
	builder, err := suite.NewBuildah(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := suite.Execute(t.Context(), "", builder.Env, "buildah", "pull", "-q", "docker-archive:"+archives["python"]); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir() // as much of a checkout as the page needs
	for _, part := range []string{"k8s/deploy", "examples"} {
		if err := os.CopyFS(filepath.Join(folder, part), os.DirFS(filepath.Join(root, part))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(root+"/bin/kernel-jobs", folder+"/bin/kernel-jobs"); err != nil {
		if err := suite.Execute(t.Context(), "", nil, "cp", root+"/bin/kernel-jobs", folder+"/bin/"); err != nil {
			t.Fatal(err)
		}
	}
	suite.Page{
		File: root + "/docs/backend.md", Folder: folder,
		Shell:  func(args ...string) *exec.Cmd { return cluster.Command(t.Context(), args[0], args[1:]...) },
		Always: append([]string{"PORT=" + suite.FreePort(t)}, builder.Env...),
		First: []string{
			"IMAGE_PREFIX=localhost", "IMAGE_TAG=1", "REGISTRY=" + nodeRegistry + "/environments", "REGISTRY_INSECURE=true",
			"DOMAIN=" + domain, "PYTHON_IMAGE=localhost/python:1",
		},
		Variables: map[string][]string{"7. A kernel as an environment": {
			"KERNELS=" + repository, "INDEX_URL=http://" + serveKernels(t, repository), "KERNEL_BASE_IMAGE=" + pushed,
		}},
		After: map[string]func(*testing.T){
			"3. The backend and a domain":        func(t *testing.T) { wantNoMoreRights(t, domain) },
			"4. An environment":                  func(t *testing.T) { wantStructure(t, folder+"/site/signals.tar") },
			"Commands instead of a process type": func(t *testing.T) { wantRunnerAccount(t, domain) },
		},
		Failed: func() {
			for _, args := range [][]string{
				{"--namespace", namespace, "describe", "pods"},
				{"--namespace", namespace, "logs", "deployment/kernel-jobs"},
				{"--namespace", domain, "get", "jobs,pods,events"},
			} {
				text, err := cluster.Kubectl(t.Context(), args...)
				t.Logf("kubectl %s (%v):\n%s", strings.Join(args, " "), err, text)
			}
		},
	}.Execute(t, 20)
	for _, name := range []string{namespace, domain} {
		_, err := api.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			t.Errorf("after the last block there is a namespace %s (%v)", name, err)
			_ = api.CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{})
		}
	}
}

// wantNoMoreRights holds the account of the backend to what it needs.
func wantNoMoreRights(t *testing.T, domain string) {
	t.Helper()
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
}

// wantRunnerAccount holds the pods of runs to the account that has no rights.
func wantRunnerAccount(t *testing.T, domain string) {
	t.Helper()
	pods, err := api.CoreV1().Pods(domain).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(pods.Items) == 0 {
		t.Fatalf("%d pods, %v", len(pods.Items), err)
	}
	for _, pod := range pods.Items {
		if token := pod.Spec.AutomountServiceAccountToken; pod.Spec.ServiceAccountName != "kernel-jobs-runner" || token == nil || *token {
			t.Errorf("pod %s has account %s, token %v", pod.Name, pod.Spec.ServiceAccountName, token)
		}
	}
}

// load brings an image to the node.
func load(t *testing.T, archive string) {
	t.Helper()
	if err := cluster.LoadImage(t.Context(), archive); err != nil {
		t.Fatal(err)
	}
}

// push puts the image of an archive into a registry, and returns the reference.
func push(t *testing.T, archive, reference string) string {
	t.Helper()
	image, err := tarball.ImageFromPath(archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(reference, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(tag, image, append(forPods.options, remote.WithContext(t.Context()))...); err != nil {
		t.Fatal(err)
	}
	return reference
}

// makeKernels makes a repository of kernels that everybody may read, and its index.
func makeKernels(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := testrepo.Sample(dir); err != nil {
		t.Fatal(err)
	}
	if err := suite.Execute(t.Context(), "", nil, root+"/bin/kernel-indexer", "run", "--kernel-root", dir, "--lister", "files"); err != nil {
		t.Fatal(err)
	}
	letRead(t, dir)
	return dir
}

// letRead lets everybody look into a folder of the test's.
func letRead(t *testing.T, dir string) {
	t.Helper()
	for ; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// serveKernels starts a kernel-web in the network of the node, and returns its address.
func serveKernels(t *testing.T, repository string) string {
	t.Helper()
	host, _, _ := strings.Cut(nodeRegistry, ":")
	address := host + ":8090"
	cmd, err := onNode(root+"/bin/kernel-web", "--kernel-root", repository, "--host", host, "--port", "8090", "--metrics-port", "off")
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return address
}

// makeArchive makes the volume for the archive, on the node.
func makeArchive(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chown(dir, 65532, 65532); err != nil {
		t.Fatal(err)
	}
	letRead(t, filepath.Dir(dir))
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
