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
	return d.publish(ctx, src, now, pub, nil)
}

// PublishWithChanges publishes the pair under its usual names as [Dir.Publish]
// does, and index_changes.json with it: what the kernels of src are compared
// with is the collated file that is replaced. That document goes first, so that
// there is no pair without its entry; an entry without its pair, which a run
// leaves that is killed in between, is ignored by readers (see
// [Changes.Leading]) and dropped by the next run. Where nothing changed, the
// document stays as it is.
//
// A document or an old pair that cannot be read is no error: see
// [ChangeRules.Warn]. With [InPlace] src is asked for twice, since the old pair
// cannot be read any more while the new one is written.
func (d *Dir) PublishWithChanges(ctx context.Context, src iter.Seq2[Entry, error], now time.Time, rules ChangeRules) (Summary, error) {
	pub := Publication{Collated: CollatedName, Index: PackageIndexName}
	walk := newChangeWalk(d.FS(), rules)
	defer walk.close()
	if d.mode == Atomic {
		return d.publish(ctx, src, now, pub, walk)
	}
	sum, err := Collate(ctx, src, now, Outputs{changes: walk})
	if err != nil {
		return Summary{}, err
	}
	if err := d.writeChanges(walk, sum, now); err != nil {
		return Summary{}, err
	}
	return d.publish(ctx, src, now, pub, nil)
}

// publish is Publish, with the document of changes if there is a walk.
func (d *Dir) publish(ctx context.Context, src iter.Seq2[Entry, error], now time.Time, pub Publication, walk *changeWalk) (Summary, error) {
	out := Outputs{changes: walk}
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
	if err := d.commit(index, collated, func() error { return d.writeChanges(walk, sum, now) }); err != nil {
		return Summary{}, err
	}
	return sum, d.sync()
}

// writeChanges puts the document of changes in place, if it is to be replaced.
func (d *Dir) writeChanges(walk *changeWalk, sum Summary, now time.Time) error {
	if walk == nil {
		return nil
	}
	changes := walk.finish(CollatedHeader{IndexedDate: FormatTime(now), Generation: sum.Generation})
	if changes == nil {
		return nil
	}
	data, err := changes.Encode()
	if err != nil {
		return fmt.Errorf("%s: %w", ChangesName, err)
	}
	return d.writeFile(ChangesName, data)
}

// commit puts one file or both in place; before is done when they are on disk.
func (d *Dir) commit(index, collated *pending, before func() error) error {
	for _, p := range []*pending{index, collated} {
		if p == nil {
			continue
		}
		if err := p.Sync(); err != nil {
			return fmt.Errorf("publish %s: %w", p.name, err)
		}
	}
	if err := before(); err != nil {
		return err
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
