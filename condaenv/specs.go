package condaenv

import (
	"sync"

	"kernelindexer/condaenv/matchspec"
)

// maxSpecs bounds a specCache. The depends entries of thousands of kernels are mostly the same few thousand texts.
const maxSpecs = 1 << 16

// specCache keeps parsed MatchSpecs by their text, for all listings of a lister.
type specCache struct {
	mu    sync.RWMutex
	specs map[string]matchspec.Spec
}

func newSpecCache() *specCache { return &specCache{specs: map[string]matchspec.Spec{}} }

// parse returns the spec that text means. Errors are not kept: they end the run.
func (c *specCache) parse(text string) (matchspec.Spec, error) {
	c.mu.RLock()
	spec, ok := c.specs[text]
	c.mu.RUnlock()
	if ok {
		return spec, nil
	}
	spec, err := matchspec.Parse(text)
	if err != nil {
		return spec, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.specs) < maxSpecs {
		c.specs[text] = spec
	}
	return spec, nil
}
