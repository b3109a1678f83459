package catalog

import (
	"context"

	"kernelindexer/manifests"
)

// LoadWithin is Load with other limits than those of its numbers.
func LoadWithin(ctx context.Context, collated, index manifests.Location, bytes, rows int) (*Catalog, error) {
	return load(ctx, collated, index, limits{bytes: bytes, rows: rows})
}
