package archive

import (
	"path"
	"strings"
	"testing"
)

// Any text is safe in a key, and is not taken for another.
func FuzzKeys(f *testing.F) {
	f.Add("geo", "river", "a/b", "pod-1", 7, int64(0), "geo-dev")
	f.Add("", "..", ".", "", 12345678, int64(1)<<60, "=")
	f.Add(strings.Repeat("🙂", 32), "=2E", "==A", "\x00", -1, int64(5), strings.Repeat("🙃", 32))
	f.Fuzz(func(t *testing.T, domain, project, process, pod string, version int, first int64, other string) {
		stream := Stream{Run: Run{Domain: domain, Project: project, Process: process, Version: version}, Pod: pod, Container: process}
		first = max(first, 0)
		key := stream.chunkKey(first)
		if path.Clean(key) != key || strings.Count(key, "/") != 7 || strings.Contains(key, "/.") {
			t.Errorf("%q is no safe key", key)
		}
		for part := range strings.SplitSeq(key, "/") {
			if part == "" || len(part) > maxSegment+len(documentSuffix) {
				t.Errorf("%q has the part %q", key, part)
			}
		}
		if got, ok := chunkOf(key); !ok || got != first {
			t.Errorf("%q is of line %d", key, got)
		}
		if got := runOf(key); got != stream.path() || outcomesPrefix+got+documentSuffix != stream.outcomeKey() {
			t.Errorf("%q is of the run %q", key, got)
		}
		if (segment(domain) == segment(other)) != (domain == other) {
			t.Errorf("%q and %q are both %q", domain, other, segment(domain))
		}
		if len(pod) <= maxSegment/3 && unsegment(segment(pod)) != pod {
			t.Errorf("%q comes back as %q", pod, unsegment(segment(pod)))
		}
		for _, key := range []string{domain, logsPrefix + project} { // whatever lies in a bucket
			chunkOf(key)
			runOf(key)
			unsegment(key)
		}
	})
}
