package deploy_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// rules is a file of Prometheus rules, of what we use.
type rules struct {
	Groups []struct {
		Name  string  `yaml:"name"`
		Rules []alert `yaml:"rules"`
	} `yaml:"groups"`
}

type alert struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// TestAlertsAreTheSameForTheOperator is that both components hold the same rules, and that the ConfigMap is the file.
func TestAlertsAreTheSameForTheOperator(t *testing.T) {
	text, err := os.ReadFile("components/monitoring/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file rules
	if err := strictYAML(text, &file); err != nil {
		t.Fatal(err)
	}
	r := render(t, "testdata/everything")
	if len(r.rules) != 1 {
		t.Fatalf("%d PrometheusRules", len(r.rules))
	}
	if diff := cmp.Diff(file, r.rules[0].Spec); diff != "" {
		t.Errorf("the operator's rules (-file +operator)\n%s", diff)
	}
	for _, m := range all[*corev1.ConfigMap](r) {
		if m.Name == "kernel-index-rules" && m.Data["rules.yaml"] != string(text) {
			t.Error("the ConfigMap does not hold the file")
		}
	}
	names := map[string]bool{}
	for _, rule := range file.Groups[0].Rules {
		names[rule.Alert] = true
		if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" || rule.Labels["severity"] == "" || strings.Count(rule.Expr, "(") != strings.Count(rule.Expr, ")") {
			t.Errorf("alert %+v", rule)
		}
	}
	for _, name := range []string{"KernelIndexOld", "KernelIndexFailedKernel", "KernelIndexNoRun", "KernelWebReloadFailing", "KernelWebNotReady"} {
		if !names[name] {
			t.Errorf("no alert %s", name)
		}
	}
}

// checkMetrics checks the metrics and labels of the alerts against what a server that has an index shows.
func checkMetrics(t *testing.T, r rendering, shown string) {
	t.Helper()
	checked := 0
	for _, rule := range r.rules[0].Spec.Groups[0].Rules {
		for _, name := range regexp.MustCompile(`[a-z]+_[a-z_]+[a-z]`).FindAllString(rule.Expr, -1) {
			checked++
			if !regexp.MustCompile(`(?m)^` + name + `[ {]`).MatchString(shown) {
				t.Errorf("alert %s: the server has no metric %s", rule.Alert, name)
			}
		}
		for _, m := range regexp.MustCompile(`by \((\w+)\) \((\w+)\)`).FindAllStringSubmatch(rule.Expr, -1) {
			if !regexp.MustCompile(`(?m)^` + m[2] + `\{.*\b` + m[1] + `="`).MatchString(shown) {
				t.Errorf("alert %s: %s has no label %s", rule.Alert, m[2], m[1])
			}
		}
	}
	if checked < 8 {
		t.Errorf("%d metrics in the alerts", checked)
	}
}
