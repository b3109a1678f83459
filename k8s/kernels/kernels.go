// Package kernels asks the index which kernels there are and what is in them, over the REST routes that kernel-web serves
// (and the service that it replaces served): an indexed kernel can be an environment.
//
// It knows nothing of environments, and does not look at the kernels themselves.
package kernels

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"kernelindexer/k8s/image"
)

// Errors of [Index.Packages].
var (
	ErrNotFound = errors.New("the index has no such kernel")
	ErrAway     = errors.New("the index does not answer")
)

// maxAnswer bounds an answer of the index, in bytes. A kernel of 10,000 packages has about 1 MB.
const maxAnswer = 32 << 20

// Index is a server of the published pair.
type Index struct {
	url    string
	client *http.Client
}

// New returns the index at a URL such as http://kernel-web.kernels.
func New(address string) (*Index, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("index %q: no http URL", address)
	}
	return &Index{url: strings.TrimRight(address, "/"), client: &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Packages returns what is in a kernel. The error is [ErrNotFound], [ErrAway] or the context's.
func (i *Index) Packages(ctx context.Context, language, name, version string) ([]image.Package, error) {
	target := i.url + "/api/v1/kernels/" + url.PathEscape(language) + "/" + url.PathEscape(name) + "/" + url.PathEscape(version)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	answer, err := i.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAway, err)
	}
	defer answer.Body.Close() //nolint:errcheck // it is read to its end, or given up
	switch {
	case answer.StatusCode == http.StatusNotFound, answer.StatusCode == http.StatusGone:
		return nil, ErrNotFound
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: %s", ErrAway, answer.Status)
	}
	var kernel struct {
		Language string          `json:"language"`
		Name     string          `json:"name"`
		Version  string          `json:"version"`
		Packages []image.Package `json:"packages"`
	}
	if err := json.UnmarshalRead(io.LimitReader(answer.Body, maxAnswer), &kernel); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAway, err)
	}
	if kernel.Language != language || kernel.Name != name || kernel.Version != version {
		return nil, fmt.Errorf("%w: it answers for %s/%s/%s", ErrAway, kernel.Language, kernel.Name, kernel.Version)
	}
	return kernel.Packages, nil
}
