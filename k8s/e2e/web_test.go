//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const web = "app.kubernetes.io/component=web"

// client reaches Services of the cluster as a proxy in front of it does, with a connection for each request, so that
// each is given to a pod that is ready then. patient keeps its connections for as long as the server does.
var (
	client  = &http.Client{Timeout: patience, Transport: &http.Transport{DialContext: dialCluster, DisableKeepAlives: true}}
	patient = &http.Client{Timeout: patience, Transport: &http.Transport{DialContext: dialCluster, MaxIdleConnsPerHost: 4}}
)

const patience = 10 * time.Second

// service returns the URL of the site's Service.
func (s *site) service(t *testing.T) string {
	t.Helper()
	service, err := api.CoreV1().Services(s.namespace).Get(t.Context(), "kernel-web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + service.Spec.ClusterIP
}

// get asks the Service once.
func get(url string) (int, string, error) { return getWith(client, url) }

func getWith(client *http.Client, url string) (int, string, error) {
	answer, err := client.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}

// webStatus is what /api/v1/status says.
type webStatus struct {
	Generation string
	Kernels    int
	LastRun    struct {
		ExitCode     int    `json:"exit_code"`
		FailedKernel string `json:"failed_kernel"`
		Error        string
	} `json:"last_run"`
}

func (s *site) status(t *testing.T) (status webStatus) {
	t.Helper()
	s.decode(t, "/api/v1/status", &status)
	return status
}

// kernels returns the paths of all kernels served.
func (s *site) kernels(t *testing.T) (paths []string) {
	t.Helper()
	var answer struct {
		Kernels []struct{ Language, Name, Version string }
	}
	s.decode(t, "/api/v1/kernels?limit=100", &answer)
	for _, k := range answer.Kernels {
		paths = append(paths, k.Language+"/"+k.Name+"/"+k.Version)
	}
	return paths
}

func (s *site) decode(t *testing.T, path string, into any) {
	t.Helper()
	code, body, err := get(s.service(t) + path)
	if err != nil || code != http.StatusOK {
		t.Fatalf("%s: %d, %v\n%s", path, code, err, body)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		t.Fatalf("%s: %v\n%s", path, err, body)
	}
}

// ready waits until all pods of the web server are ready and the Service answers.
func (s *site) ready(t *testing.T) {
	t.Helper()
	s.kubectl(t, "rollout", "status", "deployment/kernel-web", "--timeout=60s")
	url := s.service(t)
	eventually(t, 20*time.Second, "an answer of the Service", func() (bool, string) {
		code, body, err := get(url + "/readyz")
		return err == nil && code == http.StatusOK, fmt.Sprint(code, body, err)
	})
}

// wantUnready fails unless all pods of the web server run, started once, and none is ready.
func (s *site) wantUnready(t *testing.T) {
	t.Helper()
	eventually(t, 30*time.Second, "two running pods", func() (bool, string) {
		running := 0
		for _, pod := range s.pods(t, web) {
			if pod.Status.Phase == corev1.PodRunning && *pod.Status.ContainerStatuses[0].Started {
				running++
			}
		}
		return running == 2, fmt.Sprint(running)
	})
	for _, pod := range s.pods(t, web) {
		if c := pod.Status.ContainerStatuses[0]; c.Ready || c.RestartCount != 0 {
			t.Errorf("pod %s: ready %t, restarted %d times", pod.Name, c.Ready, c.RestartCount)
		}
	}
}

// waitGeneration waits until the web server serves another generation than that.
func (s *site) waitGeneration(t *testing.T, old string) {
	t.Helper()
	eventually(t, 10*time.Second, "a new generation", func() (bool, string) {
		now := s.status(t).Generation
		return now != old, now
	})
}

// TestNewPairIsServedWithoutRestart also looks at what the web server's pods may do.
func TestNewPairIsServedWithoutRestart(t *testing.T) {
	t.Parallel()
	s := newSite(t, "pair", siteOptions{})
	s.succeed(t, "first")
	s.ready(t)
	before := names(s.pods(t, web))
	old := s.status(t)
	for _, pod := range s.pods(t, web) {
		p := processOf(t, pod)
		p.wantRestricted(t)
		for _, folder := range []string{"/", "/kernels"} {
			if err := p.writable(folder); !errors.Is(err, syscall.EROFS) {
				t.Errorf("write to %s: %v, want it to be read-only", folder, err)
			}
		}
	}

	s.addKernel(t, kernelOfSample, "9.9")
	s.succeed(t, "second")
	s.waitGeneration(t, old.Generation)
	if !slices.Contains(s.kernels(t), "Python/geo/9.9") {
		t.Errorf("the new kernel is not served: %v", s.kernels(t))
	}
	pods := s.pods(t, web)
	if after := names(pods); !slices.Equal(before, after) {
		t.Errorf("pods were %v, are %v", before, after)
	}
	for _, pod := range pods {
		if n := pod.Status.ContainerStatuses[0].RestartCount; n != 0 {
			t.Errorf("pod %s was restarted %d times", pod.Name, n)
		}
	}
}

func names(pods []corev1.Pod) (out []string) {
	for _, pod := range pods {
		out = append(out, pod.Name)
	}
	slices.Sort(out)
	return out
}

// TestRollingUpdateFailsNoRequest replaces all pods while four clients ask without a pause, two of them on connections
// that they keep.
func TestRollingUpdateFailsNoRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t, "rolling", siteOptions{})
	s.succeed(t, "first")
	s.ready(t)
	before := names(s.pods(t, web))
	url := s.service(t) + "/api/v1/packages?query=numpy"
	var (
		clients  sync.WaitGroup
		requests atomic.Int64
		stop     = make(chan struct{})
		failures = make(chan string, 4)
	)
	for _, client := range []*http.Client{client, client, patient, patient} {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond): // the two processors also have a cluster to run
				}
				requests.Add(1)
				if code, body, err := getWith(client, url); err != nil || code != http.StatusOK || !strings.Contains(body, "numpy") {
					failures <- fmt.Sprintf("%s: %d %v %.200s", time.Now().Format(time.TimeOnly), code, err, body)
					return
				}
			}
		})
	}
	s.kubectl(t, "rollout", "restart", "deployment/kernel-web")
	s.kubectl(t, "rollout", "status", "deployment/kernel-web", "--timeout=120s")
	eventually(t, time.Minute, "the end of the old pods", func() (bool, string) {
		now := names(s.pods(t, web))
		gone := !slices.ContainsFunc(before, func(name string) bool { return slices.Contains(now, name) })
		return gone && len(now) == 2, fmt.Sprint(now)
	})
	close(stop)
	clients.Wait()
	close(failures)
	for failure := range failures {
		t.Errorf("a request failed: %s", failure)
	}
	if n := requests.Load(); n < 500 {
		t.Errorf("only %d requests: no load", n)
	}
	t.Logf("%d requests while pods were replaced", requests.Load())
}
