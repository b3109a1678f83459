package manifests

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"strconv"
	"time"
)

// Publication says which documents of a collation are published and under which
// names, one element each. An empty name leaves a document out: a file alone
// makes a pair with its old companion only if the content is the same.
type Publication struct{ Collated, Index string }

// Publish collates src and puts the documents in place, see [Collate].
//
// Both files are complete and on disk before the first is renamed. The index
// goes first: a reader that opens the collated file and then the index sees two
// generations for the moment between the renames, and tries again. Whatever
// fails leaves the files that were published before and no temporary file;
// only a process killed between the renames leaves a pair that does not match,
// until the next run. With [InPlace] none of this holds.
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
	old := d.keep(index.name)
	defer old.forget()
	if err := index.commit(); err != nil {
		return err
	}
	if err := collated.commit(); err != nil {
		return old.restore(err)
	}
	return nil
}

// kept is what a rename is about to replace, so that the first rename of a pair
// can be taken back when the second fails (the collated file belongs to someone
// else in a sticky directory, or is a directory): the old file under a second
// name, or that there was none. The name is that of a leftover, in case this
// process is killed.
type kept struct {
	dir        *Dir
	name, link string
	absent     bool
}

// keep never fails: on a file system without hard links there is no way back.
func (d *Dir) keep(name string) *kept {
	k := &kept{dir: d, name: name}
	if d.mode == InPlace {
		return k
	}
	link := "." + name + strconv.FormatInt(rand.Int64(), 10)
	switch err := d.root.Link(name, link); {
	case err == nil:
		k.link = link
	case errors.Is(err, fs.ErrNotExist):
		k.absent = true
	}
	return k
}

// restore takes the rename back and returns why that was necessary.
func (k *kept) restore(cause error) error {
	var err error
	switch {
	case k.absent:
		err = k.dir.root.Remove(k.name)
	case k.link != "":
		err = k.dir.root.Rename(k.link, k.name)
	}
	if err != nil {
		return fmt.Errorf("%w; taking back %s: %w", cause, k.name, err)
	}
	k.link = ""
	return cause
}

// forget removes the second name; if that fails, the next run does it.
func (k *kept) forget() {
	if k.link != "" {
		_ = k.dir.root.Remove(k.link)
	}
}
