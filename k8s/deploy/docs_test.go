package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"kernelindexer/indexer"
	"kernelindexer/k8s/process"
)

// operations reads the page for administrators.
func operations(t *testing.T) string {
	t.Helper()
	return read(t, "../../docs/operations.md")
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// column returns what is in backquotes in a column of the table that comes after a text.
func column(t *testing.T, text, after string) (cells []string) {
	t.Helper()
	_, text, ok := strings.Cut(text, after)
	if !ok {
		t.Fatalf("there is no %q", after)
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
			cells = append(cells, m[1])
		}
	}
	slices.Sort(cells)
	return cells
}

// TestOperationsPageIsComplete is that the page tells of every component, alert and exit code, and of no other one.
func TestOperationsPageIsComplete(t *testing.T) {
	page := operations(t)
	var components []string
	found, err := filepath.Glob("components/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range found {
		components = append(components, filepath.Base(dir))
	}
	if diff := cmp.Diff(components, column(t, page, "| component | adds |\n")); diff != "" {
		t.Errorf("components (-there are +page)\n%s", diff)
	}
	var alerts []string
	for _, rule := range render(t, "testdata/everything").rules[0].Spec.Groups[0].Rules {
		alerts = append(alerts, rule.Alert)
	}
	slices.Sort(alerts)
	if diff := cmp.Diff(alerts, column(t, page, "| alert | means | do |\n")); diff != "" {
		t.Errorf("alerts (-there are +page)\n%s", diff)
	}
	for code := indexer.ExitOK; code <= indexer.ExitCollate; code++ {
		if !strings.Contains(page, fmt.Sprintf("\n| %d | ", code)) {
			t.Errorf("what to do at exit code %d is not said", code)
		}
	}
}

// TestPagesLink is that links within a page and paths into the checkout lead somewhere.
func TestPagesLink(t *testing.T) {
	for _, name := range []string{"operations.md", "backend.md"} {
		page := read(t, "../../docs/"+name)
		var anchors []string
		for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
			anchors = append(anchors, strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
		}
		links := regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(page, -1)
		for _, m := range links {
			if !slices.Contains(anchors, m[1]) {
				t.Errorf("%s: there is no section #%s", name, m[1])
			}
		}
		paths := regexp.MustCompile(`(k8s/deploy|examples)/[a-z0-9/.-]*[a-z0-9]`).FindAllString(page, -1)
		for _, path := range paths {
			if _, err := os.Stat("../../" + path); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if len(links) < 1 || len(paths) < 5 {
			t.Errorf("%s: %d links, %d paths", name, len(links), len(paths))
		}
	}
}

// TestBackendPageIsComplete is that the page shows the Dockerfile of the example as it is, and tells of every failure that
// a run can have, and of no other one.
func TestBackendPageIsComplete(t *testing.T) {
	page := read(t, "../../docs/backend.md")
	shown := regexp.MustCompile("(?ms)^```dockerfile\n(.*?)^```").FindStringSubmatch(page)
	if len(shown) == 0 {
		t.Fatal("there is no Dockerfile")
	}
	if diff := cmp.Diff(instructions(read(t, "../../examples/environment/Dockerfile")), instructions(shown[1])); diff != "" {
		t.Errorf("Dockerfile (-there is +page)\n%s", diff)
	}
	var codes []string
	for _, code := range process.Codes() {
		codes = append(codes, string(code))
	}
	slices.Sort(codes)
	if diff := cmp.Diff(codes, column(t, page, "| code | what happened | try again |\n")); diff != "" {
		t.Errorf("failures (-there are +page)\n%s", diff)
	}
	settings := column(t, page, "| variable | what | default |\n")
	help := read(t, "../../cmd/kernel-jobs/config.go")
	for _, name := range settings {
		if !strings.Contains(help, `"`+name+`"`) {
			t.Errorf("no flag has the variable %s", name)
		}
	}
}

// instructions are the lines of a Dockerfile that do something.
func instructions(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestOperationsSiteRenders executes the blocks of the page that need no cluster, up to the site, and holds what comes out
// to the rules for pods.
func TestOperationsSiteRenders(t *testing.T) {
	blocks := regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(operations(t), -1)
	if len(blocks) < 10 {
		t.Fatalf("%d blocks", len(blocks))
	}
	checkout := t.TempDir()
	if err := os.CopyFS(filepath.Join(checkout, "k8s/deploy"), os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	for i, block := range blocks {
		if out, err := exec.Command("bash", "-n", "-c", block[1]).CombinedOutput(); err != nil {
			t.Errorf("block %d: %v\n%s", i, err, out)
		}
		if i > 1 {
			continue
		}
		script := strings.ReplaceAll(block[1], "kubectl kustomize site > site/rendered.yaml\n", "")
		cmd := exec.Command("bash", "-eu", "-c", script)
		cmd.Dir = checkout
		cmd.Env = append(os.Environ(), "KERNELS=/srv/some kernels", "KERNELS_UID=4711", "SCHEDULE=*/5 * * * *")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("block %d: %v\n%s", i, err, out)
		}
	}
	r := render(t, filepath.Join(checkout, "site"))
	for name, pod := range templates(r) {
		checkPod(t, name, &pod.Spec)
		if !strings.HasPrefix(pod.Spec.Containers[0].Image, "registry.example.org/kernels/kernel-") {
			t.Errorf("%s: image %s", name, pod.Spec.Containers[0].Image)
		}
	}
	cron := one[*batchv1.CronJob](t, r)
	user := cron.Spec.JobTemplate.Spec.Template.Spec.SecurityContext
	if *user.RunAsUser != 4711 || *user.RunAsGroup != 65532 || cron.Spec.Schedule != "*/5 * * * *" {
		t.Errorf("user %d, group %d, schedule %s", *user.RunAsUser, *user.RunAsGroup, cron.Spec.Schedule)
	}
	if path := one[*corev1.PersistentVolume](t, r).Spec.HostPath.Path; path != "/srv/some kernels" {
		t.Errorf("path %s", path)
	}
}
