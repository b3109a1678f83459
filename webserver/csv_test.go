package webserver_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
)

// The list of a page is there as records, filtered and sorted as the page is, and the page leads to them.
func TestRecordsOfPages(t *testing.T) {
	s := newSite(t, "ours")
	for target, want := range map[string][][]string{
		"/kernels?q=pecan&sort=-version": {
			{"language", "kernel_name", "kernel_version", "language_version", "package_count", "indexed_date"},
			{"R", "pecan", "1.10", "4.5.1", "3", "2026-01-31T04:00:00Z"},
			{"R", "pecan", "1.9", "4.5.1", "4", "2026-01-31T04:00:00Z"},
		},
		"/packages?q=s&sort=-entries": {
			{"name", "entries"},
			{"openssl", "4"},
			{"sf", "2"},
			{`</script><script>alert("1")</script>`, "1"},
			{"astropy", "1"},
			{"r-sf", "1"},
		},
		"/packages/Rcpp": {
			{"name", "version", "build", "channel", "source", "language", "kernel_name", "kernel_version"},
			{"Rcpp", "1.0.14", "", "", "r", "R", "pecan", "1.9"},
		},
		"/kernels/R/pecan/1.9?q=S&source=r&sort=-name": {
			{"name", "version", "build", "channel", "source"},
			{"sf", "1.0-20", "", "", "r"},
			{"openssl", "2.3.3", "", "", "r"},
		},
		"/compare?a=R/pecan/1.9&b=R/pecan/1.10": {
			{"change", "name", "source", "version_a", "version_b", "build_a", "build_b", "channel_a", "channel_b"},
			{"upgraded", "sf", "r", "1.0-20", "1.0-21", "", "", "", ""},
		},
		"/find?q=sf%3E%3D1.0.21%2C+none": {
			{"status", "language", "kernel_name", "kernel_version", "spec", "name", "version", "build", "channel", "source", "reason"},
			{"near miss", "R", "pecan", "1.10", "sf>=1.0.21", "sf", "1.0-21", "", "", "r", ""},
			{"near miss", "R", "pecan", "1.10", "sf>=1.0.21", "r-sf", "1.0_21", "r45_0", "conda-forge", "conda", ""},
			{"missing", "R", "pecan", "1.10", "none", "", "", "", "", "", "not installed"},
			{"missing", "R", "pecan", "1.9", "sf>=1.0.21", "sf", "1.0-20", "", "", "r", "sf 1.0-20 does not satisfy >=1.0.21"},
			{"missing", "R", "pecan", "1.9", "none", "", "", "", "", "", "not installed"},
		},
	} {
		links := s.page(http.StatusOK, target).links
		for _, l := range links {
			if !strings.Contains(l, "format=csv") {
				continue
			}
			w := s.get(http.StatusOK, l)
			got, err := csv.NewReader(w.Body).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			diff(t, target, want, got)
			if w.Header().Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(w.Header().Get("Content-Disposition"), ".csv") {
				t.Errorf("%s: %v", l, w.Header())
			}
			break
		}
		if !strings.Contains(strings.Join(links, " "), "format=csv") {
			t.Errorf("%s: no link to records in %q", target, links)
		}
	}
	if raw := s.get(http.StatusOK, "/kernels?format=csv").Body.String(); !strings.Contains(raw, "\"<img src=x onerror=\"\"alert(1)\"\">\"") || !strings.Contains(raw, "\r\n") {
		t.Errorf("not as RFC 4180 has it: %q", raw)
	}
}

// All of a list is in the records, whatever part of it the page shows.
func TestRecordsHaveNoParts(t *testing.T) {
	s := newSite(t, "ours")
	all := s.get(http.StatusOK, "/packages?format=csv").Body.String()
	if part := s.get(http.StatusOK, "/packages?format=csv&offset=5").Body.String(); part != all || strings.Count(all, "\r\n") != 12 {
		t.Errorf("%q, %q", all, part)
	}
	for _, target := range []string{"/find?q=a%5B&format=csv", "/find?q=" + strings.Repeat("a,", 70) + "&format=csv"} {
		s.get(http.StatusUnprocessableEntity, target)
	}
	s.get(http.StatusNotFound, "/packages/none?format=csv")
	s.get(http.StatusNotFound, "/compare?a=R/pecan/1.9&b=R/none/1&format=csv")
}
