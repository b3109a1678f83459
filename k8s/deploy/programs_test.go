package deploy_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// buildPrograms builds the two programs as `make build` does.
func buildPrograms(t *testing.T) (bin string) {
	t.Helper()
	bin = t.TempDir()
	out, err := exec.Command("go", "build", "-o", bin, "kernelindexer/cmd/kernel-indexer", "kernelindexer/cmd/kernel-web", "kernelindexer/testrepo/mkrepo").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// variablesOf returns the environment variables that a program's help names.
func variablesOf(t *testing.T, command ...string) (names []string) {
	t.Helper()
	out, err := exec.Command(command[0], append(command[1:], "--help")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\[env: ([A-Z_, ]+)\]`).FindAllStringSubmatch(string(out), -1) {
		names = append(names, strings.Split(m[1], ", ")...)
	}
	if len(names) < 10 {
		t.Fatalf("%v know %v", command, names)
	}
	return names
}

// foreignVariables are those that others than our flags read: Go's runtime, conda, and kernel-web itself.
var foreignVariables = map[string][]string{
	"kernel-indexer": {"HOME"},
	"kernel-web":     {"GOMEMLIMIT", "REFRESH_TOKEN"},
}

// environment returns what a container is started with, of the values that are known before.
func environment(t *testing.T, r rendering, c *corev1.Container) map[string]string {
	t.Helper()
	env := map[string]string{}
	for _, from := range c.EnvFrom {
		i := slices.IndexFunc(all[*corev1.ConfigMap](r), func(m *corev1.ConfigMap) bool { return m.Name == from.ConfigMapRef.Name })
		if i < 0 {
			t.Fatalf("%s: no ConfigMap %s", r.name, from.ConfigMapRef.Name)
		}
		for name, value := range all[*corev1.ConfigMap](r)[i].Data {
			env[name] = value
		}
	}
	for _, e := range c.Env {
		env[e.Name] = e.Value
	}
	return env
}

// list is an environment as a process gets it.
func list(env map[string]string) (out []string) {
	for name, value := range env {
		out = append(out, name+"="+value)
	}
	return out
}

// TestProgramsTakeTheirEnvironment is that every variable in the objects is one that the program knows, with a value that
// it takes; that probes and ports are where the server has them; and that every metric of an alert exists.
func TestProgramsTakeTheirEnvironment(t *testing.T) {
	bin := buildPrograms(t)
	known := map[string][]string{
		"kernel-indexer": variablesOf(t, filepath.Join(bin, "kernel-indexer"), "run"),
		"kernel-web":     variablesOf(t, filepath.Join(bin, "kernel-web")),
	}
	repository := filepath.Join(t.TempDir(), "kernels")
	if out, err := exec.Command(filepath.Join(bin, "mkrepo"), "--sample", repository).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	eachFolder(t, func(t *testing.T, r rendering) {
		for name, pod := range templates(r) {
			c := &pod.Spec.Containers[0]
			for variable := range environment(t, r, c) {
				if !slices.Contains(known[c.Name], variable) && !slices.Contains(foreignVariables[c.Name], variable) {
					t.Errorf("%s: %s knows no %s", name, c.Name, variable)
				}
			}
		}
		indexOnce(t, bin, r, repository)
	})
	serveOnce(t, bin, render(t, "testdata/everything"), repository)
}

// indexOnce runs what the pods of a CronJob run, one after the other.
func indexOnce(t *testing.T, bin string, r rendering, repository string) {
	t.Helper()
	job := one[*batchv1.CronJob](t, r).Spec.JobTemplate.Spec
	c := &job.Template.Spec.Containers[0]
	pods := 1
	if job.Completions != nil {
		pods = int(*job.Completions)
	}
	for index := range pods {
		env := environment(t, r, c)
		if env["KERNEL_ROOT"] != c.VolumeMounts[0].MountPath {
			t.Errorf("KERNEL_ROOT is %s, the volume at %s", env["KERNEL_ROOT"], c.VolumeMounts[0].MountPath)
		}
		env["KERNEL_ROOT"], env["LISTER"] = repository, "files" // no conda here
		if job.Completions != nil {
			env["JOB_COMPLETION_INDEX"], env["ROUND"] = fmt.Sprint(index), r.name
		}
		cmd := exec.Command(filepath.Join(bin, c.Name), c.Args...)
		cmd.Env = list(env)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("pod %d: %v\n%s", index, err, out)
		}
		if last := index == pods-1; last != strings.Contains(string(out), `"generation":`) {
			t.Errorf("pod %d of %d:\n%s", index, pods, out)
		}
	}
}

// serveOnce runs what a pod of the Deployment runs and asks it what the objects say can be asked.
func serveOnce(t *testing.T, bin string, r rendering, repository string) {
	t.Helper()
	pod := one[*appsv1.Deployment](t, r).Spec.Template
	c := &pod.Spec.Containers[0]
	env := environment(t, r, c)
	env["KERNEL_ROOT"], env["API_HOST"], env["API_PORT"], env["METRICS_PORT"] = repository, "127.0.0.1", "0", "0"
	addresses := start(t, filepath.Join(bin, c.Name), env)
	for name, p := range map[string]*corev1.Probe{"readiness": c.ReadinessProbe, "liveness": c.LivenessProbe, "startup": c.StartupProbe} {
		if p == nil || p.HTTPGet == nil {
			t.Errorf("no %s probe", name)
			continue
		}
		if status, _ := get(t, "http://"+addresses[p.HTTPGet.Port.StrVal]+p.HTTPGet.Path); status != http.StatusOK {
			t.Errorf("%s probe at %s: status %d", name, p.HTTPGet.Path, status)
		}
	}
	help, err := exec.Command(filepath.Join(bin, c.Name), "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range c.Ports {
		flag := map[string]string{"http": "--port", "metrics": "--metrics-port"}[port.Name]
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^ *%s .*\(default %d\)$`, flag, port.ContainerPort)).Match(help) {
			t.Errorf("port %d is not what %s listens on as %s", port.ContainerPort, c.Name, port.Name)
		}
		if port.Name == "metrics" && pod.Annotations["prometheus.io/port"] != fmt.Sprint(port.ContainerPort) {
			t.Errorf("Prometheus is sent to port %s", pod.Annotations["prometheus.io/port"])
		}
	}
	status, metrics := get(t, "http://"+addresses["metrics"]+pod.Annotations["prometheus.io/path"])
	if status != http.StatusOK {
		t.Fatalf("metrics: status %d", status)
	}
	checkMetrics(t, r, metrics)
}

// start starts a server and returns the addresses of its ports. It is ended with the test.
func start(t *testing.T, program string, env map[string]string) map[string]string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = list(env)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	t.Cleanup(func() {
		cancel()
		for lines.Scan() { // to its end
		}
		if err := cmd.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", program, err)
		}
	})
	addresses := map[string]string{}
	for loaded := false; !loaded || len(addresses) == 0; {
		if !lines.Scan() {
			t.Fatalf("%s ended: %v", program, lines.Err())
		}
		var line struct{ Message, Address, Metrics, Generation string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if line.Address != "" {
			addresses["http"], addresses["metrics"] = line.Address, line.Metrics
		}
		loaded = loaded || line.Generation != ""
	}
	return addresses
}

// get asks a server on this machine.
func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{Proxy: nil, DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
