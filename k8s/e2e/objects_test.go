//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServerTakesEveryObject sends what each overlay renders, and each component on top of a volume, through the API
// server's admission, validation included, without storing it.
func TestServerTakesEveryObject(t *testing.T) {
	t.Parallel()
	kernelsNamespace.Lock()
	defer kernelsNamespace.Unlock()
	// The one kind that is not Kubernetes' own. Its schema is ours, of the fields that the Prometheus operator
	// documents: it shows that the object is well-formed, not more.
	kubectl(t, "apply", "--filename=testdata/prometheusrules.yaml")
	kubectl(t, "wait", "--for=condition=Established", "crd/prometheusrules.monitoring.coreos.com", "--timeout=30s")
	// Dry runs of namespaced objects need the namespace.
	kubectl(t, "create", "namespace", "kernels")
	defer kubectl(t, "delete", "namespace", "kernels")
	for _, dir := range append(folders(t, "overlays"), components(t)...) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			out := kubectl(t, "apply", "--dry-run=server", "--validate=strict", "--kustomize", dir)
			for _, kind := range []string{"namespace/", "cronjob.batch/", "deployment.apps/", "service/", "networkpolicy"} {
				if !strings.Contains(out, kind) {
					t.Errorf("no %s among\n%s", kind, out)
				}
			}
		})
	}
}

// components returns a folder for each component, in which it is put on the base and the volume of a host path.
func components(t *testing.T) (dirs []string) {
	t.Helper()
	scratch := t.TempDir()
	deploy, err := filepath.Abs(root + "/k8s/deploy")
	if err != nil {
		t.Fatal(err)
	}
	for _, component := range folders(t, "components") {
		name := filepath.Base(component)
		dir := filepath.Join(scratch, "component-"+name)
		from, err := filepath.Rel(dir, deploy)
		if err != nil {
			t.Fatal(err)
		}
		text := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" +
			"resources: [" + from + "/base]\ncomponents: [" + from + "/components/" + name + "]\n"
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, dir)
	}
	return dirs
}

// folders returns those in a folder of k8s/deploy; none is a mistake of the test.
func folders(t *testing.T, name string) []string {
	t.Helper()
	found, err := filepath.Glob(root + "/k8s/deploy/" + name + "/*/kustomization.yaml")
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s: %v", name, err)
	}
	for i, file := range found {
		found[i] = filepath.Dir(file)
	}
	return found
}
