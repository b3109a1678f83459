package kernels_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/image"
	"kernelindexer/k8s/kernels"
)

// What the index says is taken if it is about the kernel that was asked for; all else is an index that does not answer.
func TestPackagesOfAKernel(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.EscapedPath() {
		case "/k/api/v1/kernels/Python/sci%2Fx/1.0":
			fmt.Fprint(w, `{"language":"Python","name":"sci/x","version":"1.0","indexed_date":"x","packages":[{"name":"numpy","version":"2.3","source":"python","build":"py312"}]}`)
		case "/k/api/v1/kernels/Python/other/1.0":
			fmt.Fprint(w, `{"language":"R","name":"other","version":"1.0","packages":[]}`)
		case "/k/api/v1/kernels/Python/moved/1.0":
			http.Redirect(w, r, "/k/api/v1/kernels/Python/other/1.0", http.StatusTemporaryRedirect)
		case "/k/api/v1/kernels/Python/broken/1.0":
			fmt.Fprint(w, `{"language":`)
		case "/k/api/v1/kernels/Python/loading/1.0":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	index, err := kernels.New(server.URL + "/k/")
	if err != nil {
		t.Fatal(err)
	}
	got, err := index.Packages(t.Context(), "Python", "sci/x", "1.0")
	if diff := cmp.Diff([]image.Package{{Name: "numpy", Version: "2.3", Source: image.Python, Build: "py312"}}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	for name, want := range map[string]error{
		"nothing": kernels.ErrNotFound, "other": kernels.ErrAway, "moved": kernels.ErrAway, "broken": kernels.ErrAway, "loading": kernels.ErrAway,
	} {
		if _, err := index.Packages(t.Context(), "Python", name, "1.0"); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	server.Close()
	if _, err := index.Packages(t.Context(), "Python", "sci/x", "1.0"); !errors.Is(err, kernels.ErrAway) {
		t.Errorf("closed: %v", err)
	}
	for _, address := range []string{"", "kernel-web", "file:///etc", "http://", "http://a b"} {
		if _, err := kernels.New(address); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}
