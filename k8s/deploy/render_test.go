package deploy_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// rendering is what kustomize makes of one folder.
type rendering struct {
	name    string
	objects []runtime.Object
	rules   []prometheusRule // which are no objects that Kubernetes itself knows
}

// prometheusRule is what we use of the operator's type.
type prometheusRule struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       rules    `yaml:"spec"`
}

type metadata struct {
	Name      string            `yaml:"name"`
	Namespace string            `yaml:"namespace"`
	Labels    map[string]string `yaml:"labels"`
}

// folders are the overlays, and all components together.
func folders(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("overlays/*")
	if err != nil || len(found) < 6 {
		t.Fatalf("overlays %v, %v", found, err)
	}
	return append(found, "testdata/everything")
}

// render makes the objects of a folder and decodes them strictly: fields that do not exist, that are given twice or are
// of another type fail the test.
func render(t *testing.T, folder string) rendering {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	r, err := decode(text)
	if err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	r.name = folder
	return r
}

// decode decodes the documents of a stream.
func decode(text []byte) (r rendering, err error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return r, err
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		if bytes.Contains(document, []byte("\nkind: PrometheusRule\n")) {
			var rule prometheusRule
			if err := strictYAML(document, &rule); err != nil {
				return r, err
			}
			r.rules = append(r.rules, rule)
			continue
		}
		object, kind, err := decoder.Decode(document, nil, nil)
		if err != nil {
			return r, fmt.Errorf("%w\n%s", err, document)
		}
		if kind.Version != "v1" {
			return r, fmt.Errorf("%v is not stable", kind)
		}
		r.objects = append(r.objects, object)
	}
	return r, nil
}

// strictYAML decodes one document and refuses fields that value has not.
func strictYAML(document []byte, value any) error {
	d := yaml.NewDecoder(bytes.NewReader(document))
	d.KnownFields(true)
	if err := d.Decode(value); err != nil {
		return err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("more than one document: %w", err)
	}
	return nil
}

// one returns the only object of a type.
func one[T runtime.Object](t *testing.T, r rendering) T {
	t.Helper()
	found := all[T](r)
	if len(found) != 1 {
		t.Fatalf("%s: %d objects of type %T", r.name, len(found), *new(T))
	}
	return found[0]
}

// all returns the objects of a type.
func all[T runtime.Object](r rendering) (found []T) {
	for _, object := range r.objects {
		if o, ok := object.(T); ok {
			found = append(found, o)
		}
	}
	return found
}

// TestEveryCombinationDecodesStrictly is that all overlays render, have the objects every site needs, and carry the
// recommended labels on every object.
func TestEveryCombinationDecodesStrictly(t *testing.T) {
	for _, folder := range folders(t) {
		t.Run(folder, func(t *testing.T) {
			r := render(t, folder)
			var kinds []string
			for _, object := range r.objects {
				fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
				if err != nil {
					t.Fatal(err)
				}
				o := unstructured.Unstructured{Object: fields}
				kinds = append(kinds, o.GetKind())
				checkLabels(t, o.GetKind()+" "+o.GetName(), o.GetLabels())
				if ns := o.GetNamespace(); ns != "kernels" && o.GetKind() != "Namespace" && o.GetKind() != "PersistentVolume" {
					t.Errorf("%s %s is in namespace %q", o.GetKind(), o.GetName(), ns)
				}
			}
			for _, rule := range r.rules {
				checkLabels(t, rule.Metadata.Name, rule.Metadata.Labels)
			}
			for _, kind := range []string{
				"Namespace", "PersistentVolume", "PersistentVolumeClaim", "ServiceAccount", "CronJob", "Deployment", "Service",
				"PodDisruptionBudget", "NetworkPolicy", "ConfigMap",
			} {
				if !slices.Contains(kinds, kind) {
					t.Errorf("no %s", kind)
				}
			}
			for _, kind := range []string{"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Secret"} {
				if slices.Contains(kinds, kind) {
					t.Errorf("a %s: nothing needs one", kind)
				}
			}
		})
	}
}

// checkLabels wants the labels that Kubernetes recommends, but for the version, which the image's tag is.
func checkLabels(t *testing.T, what string, labels map[string]string) {
	t.Helper()
	for _, name := range []string{"name", "instance", "part-of", "managed-by"} {
		if labels["app.kubernetes.io/"+name] == "" && !strings.HasPrefix(what, "Namespace") || what == "" {
			t.Errorf("%s has no label app.kubernetes.io/%s", what, name)
		}
	}
}

// TestDecodingIsStrict is that the tests above can fail.
func TestDecodingIsStrict(t *testing.T) {
	text, err := os.ReadFile("base/accounts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decode(text); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"automountServiceAccountToken", "autoMountServiceAccountToken"},
		{"automountServiceAccountToken: false", "automountServiceAccountToken: \"no\""},
		{"kind: ServiceAccount", "kind: ServiceAcount"},
		{"automountServiceAccountToken: false", "automountServiceAccountToken: false\nautomountServiceAccountToken: true"},
	} {
		if _, err := decode([]byte(strings.Replace(string(text), change[0], change[1], 1))); err == nil {
			t.Errorf("%s is accepted", change[1])
		}
	}
}
