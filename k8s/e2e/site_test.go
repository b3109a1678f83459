//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kernelindexer/manifests"
	"kernelindexer/testrepo"
)

// site is one installation: a namespace and a repository.
type site struct {
	namespace string
	repo      string // on the node, which is this machine
	overlay   string // the folder of its kustomization
}

// indexerUser is the user and group that the images and k8s/deploy have.
const indexerUser = 65532

// siteOptions are what a test changes of k8s/deploy/overlays/local.
type siteOptions struct {
	schedule   string   // none: only Jobs made by hand
	components []string // of k8s/deploy/components
	patches    string   // more, as YAML at the indentation of a list item
	missing    bool     // the repository is not there
}

// overlay puts a site beside others: the volume is the only thing that is not in the namespace, and a node of two
// processors takes the pods of all sites if they ask for little.
const overlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [%[1]s/overlays/local]
components: [%[6]s]
namespace: %[2]s
patches:
  - target: {kind: PersistentVolume, name: kernel-repository}
    options: {allowNameChange: true}
    patch: |-
      - {op: replace, path: /metadata/name, value: %[2]s}
      - {op: replace, path: /spec/claimRef/namespace, value: %[2]s}
      - {op: replace, path: /spec/hostPath/path, value: %[3]s}
  - target: {kind: PersistentVolumeClaim, name: kernel-repository}
    patch: |-
      - {op: replace, path: /spec/volumeName, value: %[2]s}
  - target: {kind: CronJob, name: kernel-indexer}
    patch: |-
      - {op: replace, path: /spec/schedule, value: "%[4]s"}
      - {op: add, path: /spec/suspend, value: %[5]t}
      - {op: replace, path: /spec/jobTemplate/spec/template/spec/containers/0/resources/requests/cpu, value: 10m}
  - target: {kind: Deployment, name: kernel-web}
    patch: |-
      - {op: replace, path: /spec/template/spec/containers/0/resources/requests/cpu, value: 10m}
%[7]s`

// newSite installs the sample repository and everything of k8s/deploy in a namespace. On failure the test shows what
// the cluster says about it.
func newSite(t *testing.T, name string, o siteOptions) *site {
	t.Helper()
	s := newRepository(t, name)
	if o.missing {
		if err := os.RemoveAll(s.repo); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(s.overlay, 0o755); err != nil {
		t.Fatal(err)
	}
	s.write(t, o)
	t.Cleanup(func() { s.remove(t) })
	s.kubectl(t, "apply", "--kustomize", s.overlay)
	return s
}

// newRepository makes the sample repository and installs nothing.
func newRepository(t *testing.T, name string) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{namespace: "e2e-" + name, repo: filepath.Join(dir, "repository"), overlay: filepath.Join(dir, "overlay")}
	if err := testrepo.Sample(s.repo); err != nil {
		t.Fatal(err)
	}
	s.handOver(t)
	return s
}

// write writes the overlay.
func (s *site) write(t *testing.T, o siteOptions) {
	t.Helper()
	deploy, err := filepath.Abs(root + "/k8s/deploy")
	if err != nil {
		t.Fatal(err)
	}
	deploy, err = filepath.Rel(s.overlay, deploy) // kustomize takes no absolute path
	if err != nil {
		t.Fatal(err)
	}
	for i, component := range o.components {
		o.components[i] = deploy + "/components/" + component
	}
	suspend := o.schedule == ""
	if suspend {
		o.schedule = "0 0 1 1 *"
	}
	text := fmt.Sprintf(overlay, deploy, s.namespace, s.repo, o.schedule, suspend, strings.Join(o.components, ", "), o.patches)
	if err := os.WriteFile(filepath.Join(s.overlay, "kustomization.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// remove deletes the namespace. It waits for the end of what writes into the repository, not for the rest.
func (s *site) remove(t *testing.T) {
	if t.Failed() {
		s.explain(t)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	for _, args := range [][]string{
		{"--namespace", s.namespace, "delete", "cronjobs,jobs", "--all", "--cascade=foreground", "--timeout=50s"},
		{"delete", "namespace", s.namespace, "--wait=false"},
		{"delete", "persistentvolume", s.namespace, "--wait=false"},
	} {
		if _, err := cluster.Kubectl(ctx, args...); err != nil {
			t.Error(err)
		}
	}
}

// explain logs what the cluster says about a site whose test failed.
func (s *site) explain(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	for _, args := range [][]string{
		{"get", "all", "--output=wide"},
		{"get", "events"},
		{"describe", "pods"},
		{"logs", "--selector=app.kubernetes.io/part-of=kernel-indexer", "--tail=20", "--prefix"},
	} {
		out, err := cluster.Kubectl(ctx, append([]string{"--namespace", s.namespace}, args...)...)
		t.Logf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// handOver gives the repository to the indexer's user, as its owner.
func (s *site) handOver(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(s.repo, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, indexerUser, indexerUser)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// gate makes the stand-in conda wait at a kernel until the returned function is called.
func (s *site) gate(t *testing.T, kernel string) (open func()) {
	t.Helper()
	file := filepath.Join(s.repo, kernel, "gate")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
}

// addKernel puts a kernel of the sample into the repository once more, under another version.
func (s *site) addKernel(t *testing.T, kernel, version string) {
	t.Helper()
	to := filepath.Join(s.repo, filepath.Dir(kernel), version)
	if err := os.CopyFS(to, os.DirFS(filepath.Join(s.repo, kernel))); err != nil {
		t.Fatal(err)
	}
	s.handOver(t)
}

// pair returns the published documents.
func (s *site) pair(t *testing.T) (collated, index string) {
	t.Helper()
	return s.file(t, manifests.CollatedName), s.file(t, manifests.PackageIndexName)
}

func (s *site) file(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.repo, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
