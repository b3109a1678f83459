package webserver_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"kernelindexer/manifests"
)

func readFile(t testing.TB, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestDocumentsAreServedAsTheyAre(t *testing.T) {
	for _, folder := range []string{"ours", "original"} {
		s := newSite(t, folder)
		for _, name := range []string{manifests.CollatedName, manifests.PackageIndexName} {
			w := s.get(http.StatusOK, "/data/"+name)
			diff(t, name, readFile(t, "testdata", folder, name), w.Body.String())
			if w.Header().Get("Accept-Ranges") != "bytes" || w.Header().Get("Last-Modified") == "" {
				t.Errorf("headers %v", w.Header())
			}
		}
	}
}

// What is sent is of the pair that the other answers are made of, also while the files are another pair already.
func TestDocumentsAreOfTheServedPair(t *testing.T) {
	s := newSite(t, "ours")
	tag := s.get(http.StatusOK, "/data/"+manifests.CollatedName).Header().Get("ETag")
	old := readFile(t, "testdata", "ours", manifests.CollatedName)
	s.write(manifests.CollatedName, "{") // renamed over it, and not taken
	diff(t, "while bad", old, s.get(http.StatusOK, "/data/"+manifests.CollatedName).Body.String())
	s.use("original")
	s.refresh()
	w := s.get(http.StatusOK, "/data/"+manifests.CollatedName, "If-None-Match: "+tag)
	diff(t, "after", readFile(t, "testdata", "original", manifests.CollatedName), w.Body.String())
}

func TestRanges(t *testing.T) {
	s := newSite(t, "ours")
	whole := readFile(t, "testdata", "ours", manifests.CollatedName)
	tag := s.get(http.StatusOK, "/data/"+manifests.CollatedName).Header().Get("ETag")
	for _, c := range []struct {
		fields []string
		status int
		body   string
	}{
		{[]string{"Range: bytes=0-9"}, 206, whole[:10]},
		{[]string{"Range: bytes=10-"}, 206, whole[10:]},
		{[]string{"Range: bytes=-5"}, 206, whole[len(whole)-5:]},
		{[]string{"Range: bytes=5-5", "If-Range: " + tag}, 206, whole[5:6]},
		{[]string{"Range: bytes=5-5", `If-Range: "another"`}, 200, whole},
		{[]string{"Range: bytes=5-5", "If-None-Match: " + tag}, 304, ""},
		{[]string{"Range: bytes=999999999-"}, 416, "invalid range: failed to overlap\n"},
		{[]string{"Range: bytes=x"}, 416, "invalid range\n"},
		{[]string{"If-Match: \"another\""}, 412, ""},
		{[]string{"If-Match: " + tag}, 200, whole},
	} {
		w := s.ask(http.MethodGet, "/data/"+manifests.CollatedName, c.fields...)
		if w.Code != c.status || w.Body.String() != c.body {
			t.Errorf("%q: %d %.60q, want %d %.60q", c.fields, w.Code, w.Body, c.status, c.body)
		}
	}
}

// Nothing but the three documents can be had, whatever lies beside them.
func TestNoOtherFiles(t *testing.T) {
	s := newSite(t, "ours")
	s.write("secret.json", `{"secret":true}`)
	s.write("style.css", `secret`)
	for _, name := range []string{
		"secret.json", "", ".", "..", "../webserver.go", "..%2Fsecret.json", "%2e%2e/secret.json", "%2e%2e%2fsecret.json", "./secret.json",
		"collated_manifests.json/", "collated_manifests.json/../secret.json", "collated_manifests.json%00", "Collated_manifests.json",
		"//collated_manifests.json", "%2Fetc%2Fpasswd", "..%5csecret.json", ".%2Fcollated_manifests.json", "collated_manifests.json.",
		"..%c0%afsecret.json", "%252e%252e%252fsecret.json", "package_index.json;x", "%20collated_manifests.json",
	} {
		for _, folder := range []string{"/data/", "/static/"} {
			want := http.StatusNotFound
			if name == "collated_manifests.json/" {
				want = http.StatusTemporaryRedirect // to a name that is looked up then
			}
			s.get(want, folder+name)
		}
	}
	s.get(http.StatusNotFound, "/data")
	s.get(http.StatusNotFound, "/static")
}

func TestStatusDocument(t *testing.T) {
	s := newSite(t, "ours")
	s.get(http.StatusNotFound, "/data/"+manifests.StatusName)
	const status = "{\n  \"start\": \"2026-01-31T05:00:00Z\",\n  \"end\": \"2026-01-31T05:00:09Z\",\n  \"exit_code\": 1,\n  \"phase\": \"lock\",\n" +
		"  \"kernels\": 0,\n  \"indexed\": 0,\n  \"reused\": 0,\n  \"packages\": 0,\n  \"error\": \"<no>\"\n}\n"
	s.write(manifests.StatusName, status)
	s.refresh()
	w := s.get(http.StatusOK, "/data/"+manifests.StatusName)
	diff(t, "status", status, w.Body.String())
	if got := w.Header().Get("Last-Modified"); got != "Sat, 31 Jan 2026 05:00:09 GMT" {
		t.Errorf("Last-Modified %s", got)
	}
	s.get(http.StatusNotModified, "/data/"+manifests.StatusName, "If-None-Match: "+w.Header().Get("ETag"))
}

func TestNoDocumentsYet(t *testing.T) {
	s := newSite(t, "")
	diff(t, "collated", `{"detail":"Collated manifests not loaded"}`, s.get(http.StatusServiceUnavailable, "/data/"+manifests.CollatedName).Body.String())
	diff(t, "index", `{"detail":"Package index not loaded"}`, s.get(http.StatusServiceUnavailable, "/data/"+manifests.PackageIndexName).Body.String())
}
