package archive

import (
	"context"
	"iter"
	"strings"
)

// OpenedIn yields the names of the runs of a domain that have begun and not been
// closed. No document is read.
func (s *Store) OpenedIn(ctx context.Context, domain string) iter.Seq2[Opened, error] {
	return func(yield func(Opened, error) bool) {
		prefix := openPrefix + segment(domain) + "/"
		for object, err := range s.list(ctx, prefix) {
			if err != nil {
				yield(Opened{}, err)
				return
			}
			job, ok := strings.CutSuffix(strings.TrimPrefix(object.key, prefix), documentSuffix)
			if ok && !yield(Opened{Domain: domain, Job: unsegment(job)}, nil) {
				return
			}
		}
	}
}
