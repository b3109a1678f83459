package webserver_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kernelindexer/manifests"
)

// recorded is a request to the original service and its answer, as it was observed. The files are those of testdata or a
// state of them; see filesOf. In bodies, DIR/ stands for their folder and TIME for the time of the last refresh.
type recorded struct {
	Files       string
	Method      string
	Target      string
	Status      int
	ContentType string `json:"content-type"`
	Allow       string
	Location    string
	Body        string
}

const emptyHeader = `{"indexed_date":"2025-11-20T21:12:32Z",`

// filesOf lays out the files of a recording.
func filesOf(s *site, files string) {
	switch files {
	case "none":
	case "no index":
		s.use("original")
		s.remove(manifests.PackageIndexName)
	case "no manifests":
		s.use("original")
		s.remove(manifests.CollatedName)
	case "no kernels field":
		s.use("original")
		s.write(manifests.CollatedName, emptyHeader+`"total_kernels":0}`)
	case "neither field":
		s.write(manifests.CollatedName, emptyHeader+`"total_kernels":0}`)
		s.write(manifests.PackageIndexName, emptyHeader+`"total_packages":0}`)
	case "empty":
		s.write(manifests.CollatedName, emptyHeader+`"total_kernels":0,"kernels":[]}`)
		s.write(manifests.PackageIndexName, emptyHeader+`"total_packages":0,"packages":[]}`)
	case "sample":
		s.use("original")
	default:
		s.use(files)
	}
}

// differences are where we do not answer as the original did, and why.
var differences = map[string]func(*recorded){
	// The original did not escape the percent sign again: its redirect led to another package.
	"GET /api/package/50%25x/": func(r *recorded) { r.Location = "/api/package/50%25x" },
}

var refreshTime = regexp.MustCompile(`"last_refresh":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?"`)

// The routes of the original answer as the original did: status, type, Allow, redirect, and every byte of the body.
func TestAnswersOfTheOriginal(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "recorded.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	sites := map[string]*site{}
	count := 0
	for lines.Scan() {
		var want recorded
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		s := sites[want.Files]
		if s == nil {
			s = newSite(t, "")
			filesOf(s, want.Files)
			sites[want.Files] = s
			_ = s.pair.Refresh(t.Context()) // most of them are bad: then nothing is loaded
		}
		want.Location = strings.TrimPrefix(want.Location, "http://example.org") // ours is relative
		want.Body = strings.ReplaceAll(want.Body, "DIR/", s.dir+"/")
		if differs := differences[want.Method+" "+want.Target]; differs != nil {
			differs(&want)
		}
		s.t = t
		w := s.ask(want.Method, want.Target)
		got := recorded{
			Files: want.Files, Method: want.Method, Target: want.Target, Status: w.Code,
			ContentType: w.Header().Get("Content-Type"), Allow: w.Header().Get("Allow"), Location: w.Header().Get("Location"),
			Body: refreshTime.ReplaceAllString(w.Body.String(), `"last_refresh":"TIME"`),
		}
		diff(t, want.Files+": "+want.Method+" "+want.Target, want, got)
		count++
	}
	if err := lines.Err(); err != nil || count < 300 {
		t.Errorf("%d recordings, %v", count, err)
	}
}
