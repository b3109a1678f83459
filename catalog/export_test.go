package catalog

import (
	"context"

	"kernelindexer/manifests"
)

// LoadWithin is Load with other limits than those of its numbers.
func LoadWithin(ctx context.Context, collated, index manifests.Location, bytes, rows int) (*Catalog, error) {
	return load(ctx, collated, index, limits{bytes: bytes, rows: rows})
}

// Fold is the folded form of a name.
func Fold(s string) string { return fold(s) }

// Typos is by how many slips typed differs from a folded name.
func Typos(typed, name string) (int, bool) { return newTypist(typed).distance(name) }
