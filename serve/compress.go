package serve

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// vary is what every answer that could be compressed depends on.
var vary = []string{"Accept-Encoding"}

// The codings we compress with. An answer's ETag ends with the coding, for a strong tag names bytes.
var codings = []string{"gzip", "zstd"}

// compress answers with gzip or zstd if the client asks for it and the answer is worth it, and lets a client ask for
// what it has by the tag of the compressed answer.
func compress(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.SuffixETag("-gzip"), gzhttp.CompressionLevel(4))
	if err != nil {
		panic(err) // the options are constants
	}
	compressed := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		accepted := r.Header.Get("Accept-Encoding")
		if accepted == "" {
			w.Header()["Vary"] = vary
			next.ServeHTTP(w, r)
			return
		}
		if tags := r.Header["If-None-Match"]; len(tags) > 0 {
			w = revalidate(w, tags, accepted)
		}
		compressed(w, r)
	})
}

// revalidate takes the codings off the tags that a client has, because handlers know an answer by its plain tag, and
// returns a writer that puts the coding back where the answer is "not modified": that one is the answer the client has.
// Tags of codings that the client no longer accepts stay as they are and match nothing.
func revalidate(w http.ResponseWriter, tags []string, accepted string) http.ResponseWriter {
	n := &notModified{ResponseWriter: w}
	for i, line := range tags {
		list := strings.Split(line, ",")
		for j, tag := range list {
			plain, ok := strings.CutSuffix(strings.TrimSpace(tag), `"`)
			for _, coding := range codings {
				if base, has := strings.CutSuffix(plain, "-"+coding); ok && has && accepts(accepted, coding) {
					list[j] = base + `"`
					n.coded = append(n.coded, codedTag{plain: strings.TrimPrefix(list[j], "W/"), coding: coding})
				}
			}
		}
		tags[i] = strings.Join(list, ",")
	}
	if n.coded == nil {
		return w
	}
	return n
}

// accepts reports whether a coding is in an Accept-Encoding header and not refused there (RFC 9110, 12.5.3). As
// gzhttp, it takes "*" for none of ours.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q, has := strings.CutPrefix(strings.ToLower(strings.TrimSpace(params)), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return !has || err == nil && weight > 0
	}
	return false
}

// codedTag is a tag without its coding.
type codedTag struct{ plain, coding string }

// notModified gives a 304 the tag that the client knows.
type notModified struct {
	http.ResponseWriter
	coded []codedTag
}

// Unwrap lets http.ResponseController find the connection.
func (n *notModified) Unwrap() http.ResponseWriter { return n.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (n *notModified) WriteHeader(status int) {
	tag := n.Header().Get("ETag")
	for _, c := range n.coded {
		if status == http.StatusNotModified && c.plain == tag {
			n.Header().Set("ETag", strings.TrimSuffix(tag, `"`)+"-"+c.coding+`"`)
			break
		}
	}
	n.ResponseWriter.WriteHeader(status)
}
