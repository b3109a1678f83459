package serve

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Answers worth it are compressed with what the client prefers, and each coding has its own strong tag.
func TestCompression(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		name, method, accept string
		size                 int
		coding, etag         string
	}{
		{"gzip", "GET", "gzip", 5000, "gzip", `"g1-gzip"`},
		{"zstd", "GET", "zstd", 5000, "zstd", `"g1-zstd"`},
		{"a browser's list", "GET", "gzip, deflate, br, zstd", 5000, "zstd", `"g1-zstd"`},
		{"the client's weights count", "GET", "gzip;q=1.0, zstd;q=0.5", 5000, "gzip", `"g1-gzip"`},
		{"a refused coding", "GET", "gzip;q=0", 5000, "", `"g1"`},
		{"none asked for", "GET", "", 5000, "", `"g1"`},
		{"one we do not have", "GET", "br", 5000, "", `"g1"`},
		{"too small to be worth it", "GET", "gzip", 500, "", `"g1"`},
		{"HEAD has no body to compress", "HEAD", "gzip", 5000, "", `"g1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := ask(t, c.method, "http://"+s.api+"/text?n="+strconv.Itoa(c.size), "Accept-Encoding", c.accept)
			if resp.StatusCode != 200 || resp.Header.Get("Content-Encoding") != c.coding || resp.Header.Get("ETag") != c.etag {
				t.Errorf("%d, coding %q, tag %s", resp.StatusCode, resp.Header.Get("Content-Encoding"), resp.Header.Get("ETag"))
			}
			if vary := resp.Header.Values("Vary"); len(vary) != 1 || vary[0] != "Accept-Encoding" {
				t.Errorf("Vary %q", vary)
			}
			want := strings.Repeat("a line of text\n", c.size)[:c.size]
			if c.method == "HEAD" {
				want = ""
			}
			if got := decode(t, c.coding, body); got != want {
				t.Errorf("%d bytes, want %d", len(got), len(want))
			}
			if c.coding != "" && len(body) > c.size/5 {
				t.Errorf("%d bytes of %d", len(body), c.size)
			}
		})
	}
}

func decode(t *testing.T, coding, body string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(body)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		var d *zstd.Decoder
		if d, err = zstd.NewReader(r); err == nil {
			defer d.Close()
			r = d
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// RFC 9110, 8.8.3.3: the tags of the codings differ. A client that has one of them, and would still take it, has the
// answer, and a 304 names the one it has.
func TestRevalidation(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		name, accept, match string
		status              int
		etag                string
	}{
		{"what was sent plain", "", `"g1"`, 304, `"g1"`},
		{"what was sent plain to a client that takes gzip", "gzip", `"g1"`, 304, `"g1"`},
		{"what was sent as gzip", "gzip", `"g1-gzip"`, 304, `"g1-gzip"`},
		{"what was sent as zstd", "gzip, zstd", `"g1-zstd"`, 304, `"g1-zstd"`},
		{"gzip, by a client that now prefers zstd", "gzip, zstd", `"g1-gzip"`, 304, `"g1-gzip"`},
		{"gzip, by one that no longer takes it", "zstd", `"g1-gzip"`, 200, `"g1-zstd"`},
		{"gzip, by one that refuses it", "zstd, gzip;q=0", `"g1-gzip"`, 200, `"g1-zstd"`},
		{"gzip, by one that takes nothing", "", `"g1-gzip"`, 200, `"g1"`},
		{"one of several", "gzip", `"old-gzip", "g1-gzip"`, 304, `"g1-gzip"`},
		{"a cache that has both", "gzip", `"g1", "g1-gzip"`, 304, `"g1-gzip"`},
		{"weak, as proxies make them", "gzip", `W/"g1-gzip"`, 304, `"g1-gzip"`},
		{"any", "gzip", `*`, 304, `"g1"`},
		{"another generation", "gzip", `"g0-gzip"`, 200, `"g1-gzip"`},
		{"no tag at all", "gzip", `g1-gzip`, 200, `"g1-gzip"`},
		{"half a tag", "gzip", `-gzip"`, 200, `"g1-gzip"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := ask(t, "GET", "http://"+s.api+"/text?n=5000", "Accept-Encoding", c.accept, "If-None-Match", c.match)
			if resp.StatusCode != c.status || resp.Header.Get("ETag") != c.etag {
				t.Errorf("%d %s, want %d %s", resp.StatusCode, resp.Header.Get("ETag"), c.status, c.etag)
			}
			if c.status == http.StatusNotModified && (body != "" || resp.Header.Get("Vary") != "Accept-Encoding") {
				t.Errorf("body %q, headers %v", body, resp.Header)
			}
		})
	}
}

func TestAccepts(t *testing.T) {
	for _, c := range []struct {
		header string
		want   bool
	}{
		{"gzip", true},
		{"GZIP", true},
		{"deflate , gzip ;q=0.1", true},
		{"gzip; Q=1", true},
		{"gzip;q=0", false},
		{"gzip;q=0.000", false},
		{"gzip;q=much", false},
		{"x-gzip, zstd", false},
		{"*", false},
		{",;,", false},
	} {
		if got := accepts(c.header, "gzip"); got != c.want {
			t.Errorf("%q: %v", c.header, got)
		}
	}
}
