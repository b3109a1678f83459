package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgotesting "k8s.io/client-go/testing"

	"kernelindexer/k8s/process"
)

// A launch makes the Job that package process makes of it, with what the service gives every run.
func TestLaunchMakesAJob(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	const parameters = `{ "width" : 1e1, "x": "$(HOME) $$ \"q\" ü\n" }`
	w := s.post(http.StatusCreated, "ada", "/projects/water/process",
		`{"type":"fft","environment":{"id":"`+id+`"},"name":"my fft","params":`+parameters+`,"resource_requests":{"memory":"4Gi"},"deadline_seconds":60}`)
	var l launched
	w.into(&l)
	if len(l.Versions) != 1 || l.Versions[0].Version != 0 || l.Versions[0].State != "queued" || w.Header().Get("Location") != "/projects/water/process/"+l.ID {
		t.Errorf("%+v, %v", l, w.Header())
	}
	job := s.job(l.ID, 0)
	if job.Name != "process-"+l.ID+"-v0" || job.Spec.Template.Annotations[process.AnnotationParameters] != parameters {
		t.Errorf("job %s with %q", job.Name, job.Spec.Template.Annotations)
	}
	container := job.Spec.Template.Spec.Containers[0]
	env := map[string]string{}
	for _, v := range container.Env {
		env[v.Name] = v.Value
		if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
			env[v.Name] = v.ValueFrom.SecretKeyRef.Name + "/" + v.ValueFrom.SecretKeyRef.Key
		}
	}
	want := map[string]string{
		"PROCESS_TYPE": "fft", "PROCESS_ID": l.ID, "VERSION": "0", "PROJECT_ID": "water", "BACKEND_URL": "http://kernel-jobs:8000",
		"STORAGE_BASE": "s3://water", "AWS_ACCESS_KEY_ID": "water-storage/access_key", "AWS_SECRET_ACCESS_KEY": "water-storage/secret_key",
	}
	for name, value := range want {
		if env[name] != value {
			t.Errorf("%s is %q, want %q", name, env[name], value)
		}
	}
	if memory := container.Resources.Limits.Memory().String(); memory != "4Gi" || *job.Spec.Template.Spec.ActiveDeadlineSeconds != 60 {
		t.Errorf("memory %s, deadline %d", memory, *job.Spec.Template.Spec.ActiveDeadlineSeconds)
	}
	if user := *job.Spec.Template.Spec.SecurityContext.RunAsUser; user != 1001 || !strings.HasPrefix(container.Image, s.registry) {
		t.Errorf("user %d, image %s", user, container.Image)
	}
	var p map[string]any
	s.get(http.StatusOK, "rea", "/projects/water/process/"+l.ID).into(&p)
	version := p["versions"].([]any)[0].(map[string]any)
	if p["name"] != "my fft" || version["createdBy"] != "ada" || version["deadline_seconds"] != 60.0 {
		t.Errorf("%v", p)
	}
}

// Parameters are held against the schema before anything is made; the pointers lead into the request.
func TestInvalidParametersMakeNoJob(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	tests := map[string]struct {
		body     string
		status   int
		code     string
		pointers string
	}{
		"missing":         {`{"type":"fft","environment":{"id":"ID"}}`, 422, "INVALID_PARAMETERS", "/params/width"},
		"two":             {`{"type":"fft","environment":{"id":"ID"},"params":{"width":-1,"input":"no uri"}}`, 422, "INVALID_PARAMETERS", "/params/input /params/width"},
		"no object":       {`{"type":"sum","environment":{"id":"ID"},"params":[1]}`, 422, "INVALID_PARAMETERS", "/params"},
		"unknown type":    {`{"type":"fftt","environment":{"id":"ID"}}`, 422, "UNKNOWN_PROCESS_TYPE", "/type"},
		"neither":         {`{"environment":{"id":"ID"}}`, 422, "INVALID_REQUEST", "/type"},
		"both":            {`{"type":"sum","commands":["x"],"environment":{"id":"ID"}}`, 422, "INVALID_REQUEST", "/type"},
		"no environment":  {`{"type":"sum"}`, 422, "INVALID_REQUEST", "/environment/id"},
		"its environment": {`{"type":"sum","environment":{"id":"env-x"}}`, 404, "NOT_FOUND", ""},
		"unknown member":  {`{"type":"sum","environment":{"id":"ID"},"parms":{}}`, 422, "INVALID_REQUEST", "/parms"},
		"member twice":    {`{"type":"sum","type":"fft","environment":{"id":"ID"}}`, 400, "BAD_REQUEST", ""},
		"no JSON":         {`{"type":`, 400, "BAD_REQUEST", ""},
		"wrong kind":      {`{"type":7}`, 422, "INVALID_REQUEST", "/type"},
		"too much":        {`{"type":"sum","environment":{"id":"ID"},"deadline_seconds":99999999,"resource_requests":{"cpu":"9","memory":"65Gi"}}`, 422, "INVALID_REQUEST", "/deadline_seconds /resource_requests/cpu /resource_requests/memory"},
		"no quantity":     {`{"type":"sum","environment":{"id":"ID"},"resource_requests":{"cpu":"many"}}`, 422, "INVALID_REQUEST", "/resource_requests/cpu"},
		"reserved":        {`{"type":"sum","environment":{"id":"ID"},"env":{"PROCESS_ID":"x","A/B":"y"}}`, 422, "INVALID_REQUEST", "/env/A~1B /env/PROCESS_ID"},
		"negative":        {`{"type":"sum","environment":{"id":"ID"},"deadline_seconds":-1}`, 422, "INVALID_REQUEST", ""},
		"retries":         {`{"type":"sum","environment":{"id":"ID"},"retries":99}`, 422, "INVALID_REQUEST", "/retries"},
		"open quote":      {`{"commands":["echo 'x"],"environment":{"id":"ID"}}`, 422, "INVALID_REQUEST", "/commands/0"},
		"empty command":   {`{"commands":["ls",""],"environment":{"id":"ID"}}`, 422, "INVALID_REQUEST", "/commands/1"},
		"params too":      {`{"commands":["ls"],"params":{},"environment":{"id":"ID"}}`, 422, "INVALID_REQUEST", "/params"},
		"too large":       {`{"type":"sum","environment":{"id":"ID"},"params":{"x":"` + strings.Repeat("x", 96<<10) + `"}}`, 413, "TOO_LARGE", "/params"},
		"endless":         {`{"type":"sum","environment":{"id":"ID"},"params":{"x":"` + strings.Repeat("x", 1<<20) + `"}}`, 413, "TOO_LARGE", ""},
		"33 commands":     {`{"commands":["a"` + strings.Repeat(`,"a"`, 32) + `],"environment":{"id":"ID"}}`, 413, "TOO_LARGE", "/commands"},
		"our own fields":  {`{"type":"sum","environment":{"id":"ID"},"key":"x"}`, 422, "INVALID_REQUEST", ""},
		"unknown process": {`{"type":"sum","environment":{"id":"ID"},"id":"nobody"}`, 404, "NOT_FOUND", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s.t = t
			a := s.post(test.status, "ada", "/projects/water/process", strings.Replace(test.body, "ID", id, 1))
			if code, pointers := a.problem(); code != test.code || strings.Join(pointers, " ") != test.pointers {
				t.Errorf("code %s at %v: %s", code, pointers, a.Body)
			}
		})
	}
	s.t = t
	s.refused(s.post(http.StatusUnsupportedMediaType, "ada", "/projects/water/process", "{}", "Content-Type", "text/plain"), "UNSUPPORTED_MEDIA_TYPE")
	s.refused(s.send(http.StatusUnsupportedMediaType, "ada", http.MethodPost, "/projects/water/process", strings.NewReader("{}")), "UNSUPPORTED_MEDIA_TYPE")
	jobs, err := s.client.BatchV1().Jobs("").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(jobs.Items) != 0 {
		t.Errorf("%d Jobs, %v", len(jobs.Items), err)
	}
}

// Who may do what is Kubernetes' roles; what may not be seen is not there.
func TestRightsOnProcesses(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	run := s.run(id)
	body := `{"type":"sum","environment":{"id":"` + id + `"}}`
	s.refused(s.post(http.StatusForbidden, "rea", "/projects/water/process", body), "FORBIDDEN")
	s.refused(s.post(http.StatusNotFound, "sol", "/projects/water/process", body), "NOT_FOUND")
	s.refused(s.post(http.StatusNotFound, "sol", "/projects/soil/process", body), "NOT_FOUND") // the environment of another domain
	s.refused(s.post(http.StatusNotFound, "ada", "/projects/soil/process", body), "NOT_FOUND") // which ada may see, but soil not use
	s.refused(s.post(http.StatusUnauthorized, "", "/projects/water/process", body), "UNAUTHENTICATED")
	s.refused(s.post(http.StatusNotFound, "ada", "/projects/No%20Namespace/process", body), "NOT_FOUND")
	path := "/projects/water/process/" + run.ID
	for _, target := range []string{path, path + "/versions/0", path + "/logs", path + "/versions/0/logs", path + "/versions/0/result", "/projects/water/processes"} {
		s.get(http.StatusOK, "rea", target)
		s.refused(s.get(http.StatusNotFound, "sol", target), "NOT_FOUND")
		s.refused(s.get(http.StatusUnauthorized, "", target), "UNAUTHENTICATED")
	}
	for _, target := range []string{"/projects/water/process/nobody", path + "/versions/1", path + "/versions/00", path + "/versions/x", path + "/versions/-1"} {
		s.refused(s.get(http.StatusNotFound, "ada", target), "NOT_FOUND")
	}
	s.refused(s.post(http.StatusForbidden, "bob", path+"/versions/0/cancel", ""), "FORBIDDEN")
	s.refused(s.post(http.StatusForbidden, "rea", path+"/versions/0/clone", "{}"), "FORBIDDEN")
	s.reviews.down = true
	s.refused(s.get(http.StatusServiceUnavailable, "ada", path), "UNAVAILABLE")
	if !strings.Contains(s.logged.String(), "the API server is away") {
		t.Error("the log does not say why")
	}
}

// A project of another name than its domain says which one it is of.
func TestProjectOfADomain(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	body := `{"type":"sum","environment":{"id":"` + id + `"}}`
	w := s.post(http.StatusCreated, "ada", "/projects/river.one/process?domainId=water", body)
	var l launched
	w.into(&l)
	if location := w.Header().Get("Location"); location != "/projects/river.one/process/"+l.ID+"?domainId=water" {
		t.Error(location)
	}
	s.get(http.StatusOK, "ada", w.Header().Get("Location"))
	s.get(http.StatusNotFound, "ada", "/projects/water/process/"+l.ID)
	var list []launched
	s.get(http.StatusOK, "ada", "/projects/river.one/processes?domainId=water").into(&list)
	if len(list) != 1 || list[0].ID != l.ID {
		t.Errorf("%+v", list)
	}
	s.get(http.StatusOK, "ada", "/projects/water/processes").into(&list)
	if len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

// Of a request that was too long to be kept nothing is left out silently: it cannot be cloned.
func TestCloneOfALongRequest(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	value, env := strings.Repeat("x", 15<<10), []string{}
	for i := range 9 { // more than a note has room for
		env = append(env, fmt.Sprintf(`"V%d":%q`, i, value))
	}
	var l launched
	s.post(http.StatusCreated, "ada", "/projects/water/process",
		fmt.Sprintf(`{"type":"sum","environment":{"id":%q},"env":{%s},"deadline_seconds":60}`, id, strings.Join(env, ",")), "Idempotency-Key", "k").into(&l)
	path := "/projects/water/process/" + l.ID
	s.refused(s.post(http.StatusConflict, "ada", path+"/versions/0/clone", "{}"), "CONFLICT")
	s.refused(s.post(http.StatusUnprocessableEntity, "ada", "/projects/water/process",
		fmt.Sprintf(`{"type":"sum","environment":{"id":%q},"cut":true}`, id)), "INVALID_REQUEST")
}

// What the cluster refuses is told for what it is.
func TestRefusalsOfTheCluster(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	jobs := batchv1.Resource("jobs")
	tests := map[string]struct {
		err    error
		status int
		code   string
	}{
		"quota": {apierrors.NewForbidden(jobs, "x", fmt.Errorf("exceeded quota: runs, requested: count/jobs.batch=1")), 429, "QUOTA_EXCEEDED"},
		"policy": {
			apierrors.NewForbidden(jobs, "x", fmt.Errorf(`admission webhook "a.b.c" denied the request: no latest`)), 422, "ADMISSION_DENIED",
		},
		"RBAC": {apierrors.NewForbidden(jobs, "x", fmt.Errorf("cannot create resource")), 503, "UNAVAILABLE"},
		"away": {errDown, 503, "UNAVAILABLE"},
	}
	var err error
	s.client.PrependReactor("create", "jobs", func(clientgotesting.Action) (bool, runtime.Object, error) { return true, nil, err })
	for name, test := range tests {
		err = test.err
		a := s.post(test.status, "ada", "/projects/water/process", `{"type":"sum","environment":{"id":"`+id+`"}}`)
		if code, _ := a.problem(); code != test.code || (a.Header().Get("Retry-After") == "") != (test.status == http.StatusUnprocessableEntity) {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
}

// Commands run one after the other: all but the last as init containers, a text split as flowServ's workers split it.
func TestCommands(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	var l launched
	s.post(http.StatusCreated, "ada", "/projects/water/process",
		`{"commands":["python a.py 'x y'",["echo","$HOME"],{"args":["sh","-c","exit 3"],"exec":true}],"directories":["data"],"environment":{"id":"`+id+`"}}`).into(&l)
	spec := s.job(l.ID, 0).Spec.Template.Spec
	if len(spec.InitContainers) != 2 || len(spec.Containers) != 1 {
		t.Fatalf("%d and %d containers", len(spec.InitContainers), len(spec.Containers))
	}
	got := [][]string{spec.InitContainers[0].Args, spec.InitContainers[1].Args, spec.Containers[0].Command, spec.Containers[0].Args}
	want := [][]string{{"python", "a.py", "x y"}, {"echo", "$$HOME"}, {"sh", "-c", "exit 3"}, nil}
	if diff := cmp.Diff(strings.Join(flat(want), "|"), strings.Join(flat(got), "|")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// A clone has the same commands, from what the Job says of the request.
	var again launched
	s.post(http.StatusCreated, "ada", "/projects/water/process/"+l.ID+"/versions/0/clone", `{"deadline_seconds":30}`).into(&again)
	clone := s.job(l.ID, 1).Spec.Template.Spec
	if diff := cmp.Diff(spec.InitContainers[0].Args, clone.InitContainers[0].Args); diff != "" || *clone.ActiveDeadlineSeconds != 30 {
		t.Errorf("(-first +clone)\n%s", diff)
	}
	a := s.post(http.StatusUnprocessableEntity, "ada", "/projects/water/process/"+l.ID+"/versions/0/clone", `{"parameter_overrides":{"x":1}}`)
	s.refused(a, "INVALID_REQUEST")
}

func flat(lists [][]string) (all []string) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// A clone is a new version with some parameters changed; one without a body is like the version itself.
func TestClone(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	run := s.run(id)
	path := "/projects/water/process/" + run.ID
	s.post(http.StatusCreated, "bob", path+"/versions/0/clone", `{"parameter_overrides":{"width":7,"more":[1]}}`)
	s.send(http.StatusCreated, "bob", http.MethodPost, path+"/versions/1/clone", nil)
	s.refused(s.post(http.StatusUnprocessableEntity, "bob", path+"/versions/0/clone", `{"parameter_overrides":{"width":-7}}`), "INVALID_PARAMETERS")
	s.refused(s.post(http.StatusNotFound, "bob", path+"/versions/9/clone", `{}`), "NOT_FOUND")
	var p struct {
		Versions []struct {
			Version    int
			Parameters json.RawMessage
		}
	}
	s.get(http.StatusOK, "bob", path).into(&p)
	var got []string
	for _, v := range p.Versions {
		got = append(got, fmt.Sprint(v.Version, " ", string(v.Parameters)))
	}
	want := []string{`0 {"width":1}`, `1 {"more":[1],"width":7}`, `2 {"more":[1],"width":7}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Cancelling writes who asks on the Job, once; a run that has ended cannot be cancelled.
func TestCancel(t *testing.T) {
	s := newSite(t)
	run := s.run(s.environment("env:1"))
	target := "/projects/water/process/" + run.ID + "/versions/0/cancel"
	s.settle(s.job(run.ID, 0), corev1.PodRunning, running("process"))
	if got := s.post(http.StatusAccepted, "ada", target, "").Body.String(); got != `{"status":"cancelling"}`+"\n" {
		t.Error(got)
	}
	asked := s.job(run.ID, 0).Annotations[process.AnnotationCancel]
	if !strings.HasSuffix(asked, " ada") {
		t.Errorf("annotation %q", asked)
	}
	s.post(http.StatusAccepted, "max", target, "")
	if again := s.job(run.ID, 0).Annotations[process.AnnotationCancel]; again != asked {
		t.Errorf("annotation %q", again)
	}
	job := s.job(run.ID, 0)
	job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	delete(job.Annotations, process.AnnotationCancel)
	s.settle(job, corev1.PodSucceeded, ended("process", 0))
	s.refused(s.post(http.StatusConflict, "ada", target, ""), "ALREADY_FINISHED")
}

// The list of processes has all versions of each, pages, and can be asked for a state.
func TestListOfProcesses(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	want := map[string]int{}
	for range 5 {
		want[s.run(id).ID] = 1
	}
	var one string
	for one = range want {
		break
	}
	s.post(http.StatusCreated, "ada", "/projects/water/process/"+one+"/versions/0/clone", "{}")
	want[one] = 2
	got := map[string]int{}
	target := "/projects/water/processes?limit=2"
	for target != "" {
		w := s.get(http.StatusOK, "rea", target)
		var page []launched
		w.into(&page)
		for _, p := range page {
			got[p.ID] = len(p.Versions)
		}
		target = strings.TrimSuffix(strings.TrimPrefix(w.Header().Get("Link"), "<"), `>; rel="next"`)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var none []launched
	s.get(http.StatusOK, "rea", "/projects/water/processes?state=done").into(&none)
	if len(none) != 0 {
		t.Errorf("%+v", none)
	}
}
