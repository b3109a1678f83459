package condaenv

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"kernelindexer/condaenv/channel"
)

// Origin is where a conda record says that its package came from.
type Origin struct {
	Name, Version, Build string

	// URL is that of the package file, without user, password and token. It is empty where the record has none, or one
	// that cannot stand on a line.
	URL    string
	MD5    string // of the file, in hexadecimal digits; may be empty
	Subdir string // the platform, such as linux-64 or noarch; may be empty
}

// Explicit returns what `conda list --explicit --md5` prints of a prefix: the origin of each conda record, those it
// depends on before it. What pip or R installed is not among them. Errors are those of [Files.List].
func (l *Files) Explicit(ctx context.Context, prefix string) ([]Origin, error) {
	env, err := l.records(ctx, prefix)
	if err != nil {
		return nil, err
	}
	g, err := env.graph()
	if err != nil {
		return nil, err
	}
	rank := g.topological()
	nodes := slices.Clone(g.nodes)
	slices.SortFunc(nodes, func(a, b *entry) int { return cmp.Compare(rank[g.index[a.Name]], rank[g.index[b.Name]]) })
	origins := make([]Origin, len(nodes))
	for i, n := range nodes {
		p := n.valid()
		origins[i] = Origin{Name: p.Name, Version: p.Version, Build: p.Build}
		if n.record.url.ok {
			origins[i].URL = publicURL(n.record.url.text)
		}
		if md5Digits.MatchString(n.record.md5) {
			origins[i].MD5 = n.record.md5
		}
		if subdirName.MatchString(n.record.subdir.text) {
			origins[i].Subdir = n.record.subdir.text
		}
	}
	return origins, nil
}

var (
	md5Digits  = regexp.MustCompile(`^[0-9a-f]{32}$`)
	subdirName = regexp.MustCompile(`^[0-9a-z_]+(-[0-9a-z_]+)*$`)
	lineURL    = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://[!-~]+$`)
	// credentials are a token, /t/TOKEN, and what stands before the host: conda's split_anaconda_token and remove_auth.
	token    = regexp.MustCompile(`/t/[a-zA-Z0-9-]*`)
	userInfo = regexp.MustCompile(`^([a-z][a-z0-9+.-]*://)[^/?#]*@`)
)

// publicURL returns a URL as it may be shown, or "" for what is none, conda's mark for an unknown channel included.
func publicURL(url string) string {
	if !lineURL.MatchString(url) || strings.HasPrefix(url, channel.Unknown) || strings.Contains(url, "#") {
		return ""
	}
	if at := token.FindStringIndex(url); at != nil {
		url = url[:at[0]] + url[at[1]:]
	}
	return userInfo.ReplaceAllString(url, "$1")
}
