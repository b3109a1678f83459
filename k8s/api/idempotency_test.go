package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The same request with the same key is answered by the same run, however often it is sent; another with the key is not.
func TestIdempotencyKey(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	body := func(width int, more string) string {
		return fmt.Sprintf(`{"type":"fft","environment":{"id":%q},"params":{"width":%d}%s}`, id, width, more)
	}
	var first, again launched
	s.post(http.StatusCreated, "ada", "/projects/water/process", body(1, ""), "Idempotency-Key", "k").into(&first)
	s.post(http.StatusOK, "ada", "/projects/water/process", body(1, ""), "Idempotency-Key", "k").into(&again)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("(-first +again)\n%s", diff)
	}
	s.refused(s.post(http.StatusConflict, "ada", "/projects/water/process", body(2, ""), "Idempotency-Key", "k"), "IDEMPOTENCY_CONFLICT")
	s.post(http.StatusCreated, "bob", "/projects/water/process", body(1, ""), "Idempotency-Key", "k").into(&again)
	if again.ID == first.ID {
		t.Error("two users share a key")
	}
	// The same for a new version of a process.
	more := fmt.Sprintf(`,"id":%q`, first.ID)
	for i, status := range []int{http.StatusCreated, http.StatusOK, http.StatusOK} {
		s.post(status, "ada", "/projects/water/process", body(3, more), "Idempotency-Key", "v").into(&again)
		if again.ID != first.ID || again.Versions[0].Version != 1 {
			t.Errorf("%d: %+v", i, again)
		}
	}
	s.post(http.StatusCreated, "ada", "/projects/water/process", body(3, more)).into(&again)
	if again.Versions[0].Version != 2 {
		t.Errorf("%+v", again)
	}
	s.refused(s.post(http.StatusBadRequest, "ada", "/projects/water/process", body(1, ""), "Idempotency-Key", strings.Repeat("k", 256)), "BAD_REQUEST")
}

// A request that is sent again is answered by its run, whatever became of its environment in between.
func TestIdempotencyKeyOutlivesTheEnvironment(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	body := fmt.Sprintf(`{"type":"fft","environment":{"id":%q},"params":{"width":1}}`, id)
	bare := fmt.Sprintf(`{"type":"sum","environment":{"id":%q}}`, id)
	var first, second, cloned, again launched
	s.post(http.StatusCreated, "ada", "/projects/water/process", body, "Idempotency-Key", "k").into(&first)
	s.post(http.StatusCreated, "ada", "/projects/water/process", bare, "Idempotency-Key", "bare").into(&second)
	clone := "/projects/water/process/" + first.ID + "/versions/0/clone"
	s.post(http.StatusCreated, "ada", clone, "{}", "Idempotency-Key", "clone").into(&cloned)
	s.send(http.StatusNoContent, "ada", http.MethodDelete, "/api/v1/environment/"+id, nil)
	for _, test := range []struct {
		target, body, key string
		want              launched
	}{{"/projects/water/process", body, "k", first}, {"/projects/water/process", bare, "bare", second}, {clone, "{}", "clone", cloned}} {
		s.post(http.StatusOK, "ada", test.target, test.body, "Idempotency-Key", test.key).into(&again)
		if diff := cmp.Diff(test.want, again); diff != "" {
			t.Errorf("%s (-first +again)\n%s", test.key, diff)
		}
	}
	s.refused(s.post(http.StatusGone, "ada", "/projects/water/process", body, "Idempotency-Key", "another"), "ENVIRONMENT_DELETED")
	s.refused(s.post(http.StatusConflict, "ada", "/projects/water/process", bare, "Idempotency-Key", "k"), "IDEMPOTENCY_CONFLICT")
}

// launches_total counts what came of each request for work, validation included.
func TestLaunchesAreCounted(t *testing.T) {
	s := newSite(t)
	id := s.environment("env:1")
	body := fmt.Sprintf(`{"type":"sum","environment":{"id":%q}}`, id)
	s.post(http.StatusCreated, "ada", "/projects/water/process", body, "Idempotency-Key", "k")
	s.post(http.StatusOK, "ada", "/projects/water/process", body, "Idempotency-Key", "k")
	s.post(http.StatusUnprocessableEntity, "ada", "/projects/water/process", fmt.Sprintf(`{"type":"fft","environment":{"id":%q}}`, id))
	s.post(http.StatusNotFound, "ada", "/projects/water/process", `{"type":"fft","environment":{"id":"env-x"}}`)
	families, err := s.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		if family.GetName() == "kernel_jobs_launches_total" {
			for _, m := range family.GetMetric() {
				got[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	if diff := cmp.Diff(map[string]float64{"created": 1, "replayed": 1, "refused": 2}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
