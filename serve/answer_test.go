package serve

import (
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A problem is written whole, whatever text is in it, and nothing is left of the answer that it takes the place of.
func TestWriteProblem(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("ETag", `"x"`)
	w.Header().Set("Location", "/x")
	w.Header().Set("Retry-After", "10")
	type problem struct {
		Problem
		Code string `json:"code"`
	}
	if err := WriteProblem(w, 503, problem{NewProblem(503, "not \xff yet"), "AWAY"}); err != nil {
		t.Fatal(err)
	}
	want := `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"not ` + "\uFFFD" + ` yet","code":"AWAY"}`
	if diff := cmp.Diff(want, w.Body.String()); w.Code != 503 || diff != "" {
		t.Errorf("%d %s", w.Code, diff)
	}
	header := map[string][]string{
		"Content-Type": {"application/problem+json"}, "Content-Length": {strconv.Itoa(len(want))}, "Cache-Control": {"no-store"}, "Retry-After": {"10"},
	}
	if diff := cmp.Diff(header, map[string][]string(w.Header())); diff != "" {
		t.Error(diff)
	}
}
