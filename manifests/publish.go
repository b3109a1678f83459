package manifests

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// Publication says which documents of a collation are published and under which
// names, one element each. An empty name leaves a document out: a file alone
// makes a pair with its old companion only if the content is the same.
type Publication struct{ Collated, Index string }

// Publish collates src and puts the documents in place, see [Collate].
//
// Both files are complete and on disk before the first is renamed. The index
// goes first, and the one it replaces is kept under a second name until the
// collated file has followed: a reader that comes in between, or after a process
// that was killed there, takes the old pair (see [LoadPair]). Whatever fails
// leaves the files that were published before and no temporary file. On a file
// system without hard links a reader has to wait for the second rename, and with
// [InPlace] none of this holds.
func (d *Dir) Publish(ctx context.Context, src iter.Seq2[Entry, error], now time.Time, pub Publication) (Summary, error) {
	var out Outputs
	var collated, index *pending
	var err error
	if pub.Collated != "" {
		if collated, err = d.create(pub.Collated); err != nil {
			return Summary{}, err
		}
		defer collated.abort()
		out.Collated = collated
	}
	if pub.Index != "" {
		if index, err = d.create(pub.Index); err != nil {
			return Summary{}, err
		}
		defer index.abort()
		out.Index = index
	}
	sum, err := Collate(ctx, src, now, out)
	if err != nil {
		return Summary{}, err
	}
	if err := d.commit(index, collated); err != nil {
		return Summary{}, err
	}
	return sum, d.sync()
}

// commit puts one file or both in place.
func (d *Dir) commit(index, collated *pending) error {
	for _, p := range []*pending{index, collated} {
		if p == nil {
			continue
		}
		if err := p.Sync(); err != nil {
			return fmt.Errorf("publish %s: %w", p.name, err)
		}
	}
	switch {
	case collated == nil && index == nil:
		return nil
	case collated == nil:
		return index.commit()
	case index == nil:
		return collated.commit()
	}
	old := d.keep(collated.name, index.name)
	if err := index.commit(); err != nil {
		return err
	}
	if err := collated.commit(); err != nil {
		return old.restore(err)
	}
	old.forget()
	return nil
}
