package api_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clientgotesting "k8s.io/client-go/testing"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/api"
	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/runs"
	"kernelindexer/serve"
	"kernelindexer/serve/openapitest"
)

// configMaps is a namespace of ConfigMaps with what an API server guarantees: one object a name, and optimistic locking.
type configMaps struct {
	mu      sync.Mutex
	objects map[string]*corev1.ConfigMap
	version int
}

var resource = corev1.Resource("configmaps")

func (m *configMaps) Get(_ context.Context, name string, _ metav1.GetOptions) (*corev1.ConfigMap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o := m.objects[name]; o != nil {
		return o.DeepCopy(), nil
	}
	return nil, apierrors.NewNotFound(resource, name)
}

func (m *configMaps) List(_ context.Context, o metav1.ListOptions) (*corev1.ConfigMapList, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	selector, err := labels.Parse(o.LabelSelector)
	if err != nil {
		return nil, err
	}
	list := &corev1.ConfigMapList{}
	for _, name := range slices.Sorted(maps.Keys(m.objects)) {
		if object := m.objects[name]; name > o.Continue && selector.Matches(labels.Set(object.Labels)) {
			if int64(len(list.Items)) == o.Limit {
				list.Continue = list.Items[len(list.Items)-1].Name
				break
			}
			list.Items = append(list.Items, *object.DeepCopy())
		}
	}
	return list, nil
}

func (m *configMaps) put(object *corev1.ConfigMap) *corev1.ConfigMap {
	m.version++
	object = object.DeepCopy()
	object.ResourceVersion = strconv.Itoa(m.version)
	m.objects[object.Name] = object
	return object.DeepCopy()
}

func (m *configMaps) Create(_ context.Context, object *corev1.ConfigMap, _ metav1.CreateOptions) (*corev1.ConfigMap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects[object.Name] != nil {
		return nil, apierrors.NewAlreadyExists(resource, object.Name)
	}
	return m.put(object), nil
}

func (m *configMaps) Update(_ context.Context, object *corev1.ConfigMap, _ metav1.UpdateOptions) (*corev1.ConfigMap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.objects[object.Name]
	switch {
	case was == nil:
		return nil, apierrors.NewNotFound(resource, object.Name)
	case object.ResourceVersion != "" && was.ResourceVersion != object.ResourceVersion:
		return nil, apierrors.NewConflict(resource, object.Name, errors.New("changed"))
	}
	return m.put(object), nil
}

func (m *configMaps) Delete(_ context.Context, name string, _ metav1.DeleteOptions) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, name)
	return nil
}

// reviews is a cluster's answer to who somebody is and what they may do: a token is a user's name with a dash behind it,
// and roles are those that we ship.
type reviews struct {
	mu    sync.Mutex
	roles map[string]string // "user domain" → a role
	down  bool
	named int // how many rights on one object were asked for
}

type (
	tokenReviews struct{ *reviews }
	accessReview struct{ *reviews }
)

var errDown = apierrors.NewServiceUnavailable("the API server is away")

func (r tokenReviews) Create(_ context.Context, review *authenticationv1.TokenReview, _ metav1.CreateOptions) (*authenticationv1.TokenReview, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return nil, errDown
	}
	user, ok := strings.CutSuffix(review.Spec.Token, "-")
	answer := review.DeepCopy()
	answer.Status.Authenticated, answer.Status.User.Username = ok && user != "", user
	return answer, nil
}

func (r accessReview) Create(_ context.Context, review *authorizationv1.SubjectAccessReview, _ metav1.CreateOptions) (*authorizationv1.SubjectAccessReview, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return nil, errDown
	}
	a := review.Spec.ResourceAttributes
	if a.Name != "" {
		r.named++
	}
	verbs := map[string][]string{
		"":       {},
		"reader": {access.Get},
		"user":   {access.Get, access.Create},
		"admin":  {access.Get, access.Create, access.Update, access.Delete},
	}[r.roles[review.Spec.User+" "+a.Namespace]]
	answer := review.DeepCopy()
	answer.Status.Allowed = a.Group == access.Group && slices.Contains(verbs, a.Verb)
	return answer, nil
}

// direct is a cluster that is asked each time.
type direct struct{ *fake.Clientset }

func (d direct) Job(ctx context.Context, namespace, name string) (*batchv1.Job, error) {
	job, err := d.BatchV1().Jobs(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return job, err
}

func (d direct) Jobs(ctx context.Context, namespace string, with labels.Set) (all []*batchv1.Job, err error) {
	list, err := d.BatchV1().Jobs(namespace).List(ctx, metav1.ListOptions{LabelSelector: with.String()})
	for i := range list.Items {
		all = append(all, &list.Items[i])
	}
	return all, err
}

func (d direct) Pods(ctx context.Context, namespace string, with labels.Set) (all []*corev1.Pod, err error) {
	list, err := d.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: with.String()})
	for i := range list.Items {
		all = append(all, &list.Items[i])
	}
	return all, err
}

func (d direct) Events(ctx context.Context, namespace string, about types.UID) (all []*corev1.Event, err error) {
	list, err := d.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{})
	for i := range list.Items {
		if list.Items[i].InvolvedObject.UID == about {
			all = append(all, &list.Items[i])
		}
	}
	return all, err
}

type domains []string

func (d domains) Names(context.Context) ([]string, error) { return d, nil }

// site is a server with all that it works with: the stores are the real ones, over memory.
type site struct {
	t        *testing.T
	echo     *echo.Echo     // the routes
	handler  *serve.Handler // and what is before them
	contract *openapitest.Contract
	maps     *configMaps
	reviews  *reviews
	store    *archive.Store
	client   *fake.Clientset
	runs     *runs.Runs
	registry string
	closing  chan struct{}
	metrics  *prometheus.Registry
	logged   *bytes.Buffer
	ready    error
	printed  map[archive.Stream]string // all that a container has printed
}

func newSite(t *testing.T, change ...func(*api.Options)) *site {
	t.Helper()
	s := &site{
		t: t, maps: &configMaps{objects: map[string]*corev1.ConfigMap{}},
		reviews: &reviews{roles: map[string]string{
			"ada water": "user", "bob water": "user", "rea water": "reader", "max water": "admin", "ada soil": "user", "sol soil": "user",
		}},
		client: fake.NewClientset(), closing: make(chan struct{}), printed: map[archive.Stream]string{}, metrics: prometheus.NewRegistry(), logged: &bytes.Buffer{},
	}
	var err error
	if s.store, err = archive.Open(t.Context(), "mem://"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.store.Close() })
	images := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(images.Close)
	s.registry = strings.TrimPrefix(images.URL, "http://")
	pushed, err := environment.NewRegistry(s.registry+"/environments", true)
	if err != nil {
		t.Fatal(err)
	}
	s.client.PrependReactor("create", "jobs", func(action clientgotesting.Action) (bool, runtime.Object, error) {
		job := action.(clientgotesting.CreateAction).GetObject().(*batchv1.Job)
		job.CreationTimestamp, job.UID = metav1.Now(), types.UID("uid-"+job.Name)
		return false, nil, nil
	})
	s.runs = &runs.Runs{Cluster: direct{s.client}, Jobs: s.client.BatchV1(), Archive: s.store, Limits: process.DefaultLimits()}
	environments := environment.NewStore(s.maps, nil)
	dir := t.TempDir()
	options := api.Options{
		Gate:         access.New(tokenReviews{s.reviews}, accessReview{s.reviews}, access.Options{Yes: time.Nanosecond, No: time.Nanosecond}),
		Domains:      domains{"water", "soil"},
		Environments: environments,
		Registrar: &environment.Registrar{
			Store: environments, Registry: pushed, Image: image.Options{Dir: dir},
			Allowed: func(reference string) bool { return strings.HasPrefix(reference, s.registry+"/") },
		},
		Runs: s.runs, Logs: s.store,
		Launch: api.Launch{
			BackendURL: "http://kernel-jobs:8000", StorageBase: "s3://{project}", StorageSecret: "{project}-storage",
			Account: "runner", KernelsClaim: "kernels", KernelsRoot: "/sw/Kernels", MaxCPU: "8", MaxMemory: "64Gi",
		},
		Upload: api.Upload{Dir: dir}, Poll: 10 * time.Millisecond, Heartbeat: 50 * time.Millisecond,
		Ready: func() error { return s.ready }, Closing: s.closing, Metrics: s.metrics,
		Log: zerolog.New(zerolog.SyncWriter(s.logged)),
	}
	for _, c := range change {
		c(&options)
	}
	if s.echo, err = api.New(options); err != nil {
		t.Fatal(err)
	}
	limits := serve.DefaultLimits()
	limits.BodyBytes = 0
	s.handler = serve.NewHandler(&serve.Config{
		Limits: limits, Probes: api.Probes(), Namespace: api.MetricsNamespace, Log: options.Log, AccessLog: true,
	}, s.echo, &serve.Gate{}, s.metrics)
	s.contract = newContract(t, s.echo, s.handler)
	return s
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	t *testing.T
}

// into decodes the body.
func (a answer) into(value any) {
	a.t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), value); err != nil {
		a.t.Fatalf("%v in %s", err, a.Body)
	}
}

// problem is the code of an error, and its pointers.
func (a answer) problem() (code string, pointers []string) {
	a.t.Helper()
	var p struct {
		Code   string
		Errors []struct{ Pointer string }
	}
	a.into(&p)
	for _, e := range p.Errors {
		pointers = append(pointers, e.Pointer)
	}
	return p.Code, pointers
}

// send sends a request in somebody's name, and wants a status.
func (s *site) send(want int, user, method, target string, body io.Reader, header ...string) answer {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second) // a stream that should have been refused
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, method, target, body)
	if user != "" {
		r.Header.Set("Authorization", "Bearer "+user+"-")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.contract.Serve(s.t, w, r)
	if w.Header().Get("X-Request-Id") == "" {
		s.t.Errorf("%s %s: no X-Request-Id", method, target)
	}
	if w.Code != want {
		s.t.Fatalf("%s %s by %s: status %d, want %d: %s", method, target, user, w.Code, want, w.Body)
	}
	return answer{w, s.t}
}

func (s *site) get(want int, user, target string, header ...string) answer {
	s.t.Helper()
	return s.send(want, user, http.MethodGet, target, nil, header...)
}

func (s *site) post(want int, user, target, body string, header ...string) answer {
	s.t.Helper()
	return s.send(want, user, http.MethodPost, target, strings.NewReader(body), append([]string{"Content-Type", "application/json"}, header...)...)
}

// refused wants a status and a code.
func (s *site) refused(a answer, code string) {
	s.t.Helper()
	if got, _ := a.problem(); got != code {
		s.t.Errorf("code %s, want %s: %s", got, code, a.Body)
	}
}

// saved is the archive of an image, as docker saves it.
func saved(t testing.TB, tag string, files map[string]string, user string) []byte {
	t.Helper()
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: path, Mode: 0o644, Size: int64(len(files[path])), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[path])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, l)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	config.Config = v1.Config{User: user, Entrypoint: []string{"kernel-jobs", "runner"}, Env: []string{"PATH=/usr/bin"}}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	ref, err := name.NewTag(tag)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := tarball.Write(ref, img, &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const schemas = `{
  "fft": {"schema": {"type": "object", "properties": {"width": {"type": "number", "minimum": 0}, "input": {"type": "string", "format": "uri"}}, "required": ["width"]}},
  "sum": {"schema": {"type": "object"}}
}`

// contents are the files of a small image with two process types and two packages.
func contents() map[string]string {
	const site = "usr/lib/python3.12/site-packages/"
	return map[string]string{
		"app/process_schemas.json":              schemas,
		"etc/passwd":                            "root:x:0:0::/root:/bin/sh\napp:x:1001:100::/home/app:/bin/sh\n",
		site + "numpy-2.3.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: numpy\nVersion: 2.3.1\n",
		site + "numpy-2.3.1.dist-info/RECORD":   "",
		site + "my_pkg-1.0.dist-info/METADATA":  "Metadata-Version: 2.1\nName: my_pkg\nVersion: 1.0\n",
		site + "my_pkg-1.0.dist-info/RECORD":    "",
	}
}

// form is a form of parts: name, file name ("" for none), content, and so on.
func form(parts ...string) (body *bytes.Buffer, contentType string) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for i := 0; i+2 < len(parts); i += 3 {
		var part io.Writer
		if parts[i+1] == "" {
			part, _ = w.CreateFormField(parts[i])
		} else {
			part, _ = w.CreateFormFile(parts[i], parts[i+1])
		}
		_, _ = io.WriteString(part, parts[i+2])
	}
	_ = w.Close()
	return body, w.FormDataContentType()
}

// upload sends an image the way existing clients do: the file, then the domain.
func (s *site) upload(want int, user, domain string, archive []byte) answer {
	s.t.Helper()
	body, kind := form("environmentImage", "env.tar", string(archive), "domainId", "", domain)
	return s.send(want, user, http.MethodPost, "/api/v1/environment", body, "Content-Type", kind)
}

// environment uploads an image for ada in the domain water.
func (s *site) environment(tag string) string {
	s.t.Helper()
	var e struct{ ID string }
	s.upload(http.StatusCreated, "ada", "water", saved(s.t, tag, contents(), "app")).into(&e)
	return e.ID
}

// job returns a Job of the cluster.
func (s *site) job(id string, version int) *batchv1.Job {
	s.t.Helper()
	job, err := s.client.BatchV1().Jobs("water").Get(s.t.Context(), process.JobName(id, version), metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return job
}

// launched is the answer to a launch.
type launched struct {
	ID       string
	Versions []struct {
		Version int
		State   string
	}
}

// run starts a process in an environment.
func (s *site) run(environment string) launched {
	s.t.Helper()
	var l launched
	s.post(http.StatusCreated, "ada", "/projects/water/process", fmt.Sprintf(`{"type":"fft","environment":{"id":%q},"params":{"width":1}}`, environment)).into(&l)
	return l
}

// settle gives a Job what a cluster would: an identity, and a pod in a state.
func (s *site) settle(job *batchv1.Job, phase corev1.PodPhase, statuses ...corev1.ContainerStatus) {
	s.t.Helper()
	s.settlePod(job, job.Name+"-abcde", metav1.Now(), phase, statuses...)
}

// settlePod is settle with a pod of a name, which was created at a time.
func (s *site) settlePod(job *batchv1.Job, name string, created metav1.Time, phase corev1.PodPhase, statuses ...corev1.ContainerStatus) {
	s.t.Helper()
	job = job.DeepCopy()
	if _, err := s.client.BatchV1().Jobs(job.Namespace).Update(s.t.Context(), job, metav1.UpdateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: name, Namespace: job.Namespace, UID: types.UID("uid-pod-" + name), CreationTimestamp: created,
		Labels:          labels.Merge(job.Spec.Template.Labels, labels.Set{batchv1.JobNameLabel: job.Name}),
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))},
	}, Spec: job.Spec.Template.Spec}
	pod.Status.Phase = phase
	for _, status := range statuses {
		if slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == status.Name }) {
			pod.Status.InitContainerStatuses = append(pod.Status.InitContainerStatuses, status)
		} else {
			pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, status)
		}
	}
	_ = s.client.CoreV1().Pods(job.Namespace).Delete(s.t.Context(), pod.Name, metav1.DeleteOptions{})
	if _, err := s.client.CoreV1().Pods(job.Namespace).Create(s.t.Context(), pod, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// running is a container that runs, ended one that has ended.
func running(name string) corev1.ContainerStatus {
	now := metav1.Now()
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}}
}

func ended(name string, code int32) corev1.ContainerStatus {
	now := metav1.Now()
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: code, Reason: "Completed", StartedAt: now, FinishedAt: now,
	}}}
}

// print adds lines to the log of a container, and ends it if that is said.
func (s *site) print(job *batchv1.Job, container string, finish bool, lines ...string) {
	s.t.Helper()
	s.printIn(job, job.Name+"-abcde", container, finish, lines...)
}

// printIn is print in a pod of a name.
func (s *site) printIn(job *batchv1.Job, pod, container string, finish bool, lines ...string) {
	s.t.Helper()
	version, _ := strconv.Atoi(job.Labels[process.LabelVersion])
	stream := archive.Stream{Run: archive.Run{
		Domain: job.Namespace, Project: job.Annotations[process.AnnotationProject], Process: job.Annotations[process.AnnotationProcess], Version: version,
	}, Pod: pod, Container: container}
	log, err := s.store.Resume(s.t.Context(), stream, archive.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	text := s.printed[stream]
	for _, line := range lines {
		text += fmt.Sprintf("%s %s\n", time.Now().UTC().Format(time.RFC3339Nano), line)
	}
	s.printed[stream] = text
	if len(lines) > 0 {
		if err := log.Copy(s.t.Context(), io.NopCloser(strings.NewReader(text))); err != nil {
			s.t.Fatal(err)
		}
	}
	if finish {
		if err := log.Finish(s.t.Context(), false, process.End{ExitCode: 0, Message: `{"outputs":{"area":42}}`}); err != nil {
			s.t.Fatal(err)
		}
	}
}

func sortedStrings(list []string) []string {
	slices.Sort(list)
	return list
}

func opener(data []byte) tarball.Opener {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}

func mustJSON(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return data
}
