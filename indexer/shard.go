package indexer

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"kernelindexer/manifests"
)

// How long a shard waits for others of its round. All of them are far above what is usual and below what a scheduler
// gives a process.
const (
	joinWait    = 10 * time.Minute // for the first one, which looks for the kernels
	recordWait  = 10 * time.Second // to say how it went, also when it was told to end
	publishWait = time.Minute      // for those that have said so and are about to end
)

// doShard is do for a process that shares its run with others. They meet in the round, a file in the kernel root: the
// first one lists the kernels there, each says how it went, and with publish the one that completes the round publishes
// the pair.
func (x *Indexer) doShard(ctx context.Context, publish bool) (manifests.Status, error) {
	return x.phases(ctx, x.join, func(ctx context.Context) error {
		err := x.settle(ctx, x.indexDealt(ctx))
		complete, recordErr := x.record(ctx)
		switch {
		case err != nil:
			return err // that it could not be recorded says less
		case recordErr != nil:
			return &RootError{Dir: x.cfg.Root, Err: recordErr}
		case publish && complete:
			return x.publishRound(ctx)
		}
		return nil
	})
}

// join takes the shard's lock and its part of the kernels, and begins the round if that has to be.
func (x *Indexer) join(ctx context.Context) (err error) {
	x.status.Phase = manifests.PhaseLock
	waiting, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	turn, err := manifests.LockRound(waiting, x.cfg.Root, x.cfg.Now())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, turn.Unlock()) }()
	round, open, err := x.round()
	if err != nil && !errors.Is(err, manifests.ErrInvalid) {
		return err
	}
	if err != nil || !open || !x.continues(&round) {
		if round, err = x.beginRound(ctx); err != nil {
			return err
		}
	}
	lock, err := manifests.AcquireShardLock(x.cfg.Root, x.cfg.Shard, x.cfg.Now())
	if err != nil {
		return err
	}
	x.lock = lock
	if x.dealt, err = round.Deal(x.cfg.Shard); err != nil {
		return err
	}
	if round.Forget(x.cfg.Shard.Number) { // the round is not complete while this one is at work again
		return x.writeRound(round)
	}
	return nil
}

// continues reports whether the round that is under way is this shard's. One without a name is not if this shard has
// done its part of it: then its collation was given up, and the next round begins.
func (x *Indexer) continues(round *manifests.Round) bool {
	if round.ID != x.cfg.Round || round.Shards != x.cfg.Shard.Of || round.Language != x.roundLanguage() {
		return false
	}
	result, ended := round.Result(x.cfg.Shard.Number)
	return round.ID != "" || !ended || result.ExitCode != ExitOK
}

// beginRound finds the kernels and writes them down for all shards. It takes the lock of the whole kernel root for that,
// so that no shard of another round is at work.
func (x *Indexer) beginRound(ctx context.Context) (round manifests.Round, err error) {
	lock, err := manifests.AcquireLock(x.cfg.Root, x.cfg.Now())
	if err != nil {
		return round, err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	if err := x.removeLeftovers(); err != nil {
		return round, err
	}
	if err := x.dropRound(); err != nil {
		return round, err
	}
	x.status.Phase = manifests.PhaseIndex
	kernels, err := Discover(ctx, x.root, x.cfg.Filter)
	if err != nil { // it fails all shards; whoever looks at the status is to know
		return round, x.guard(ctx, func(context.Context) error { return err })
	}
	round = manifests.Round{
		ID: x.cfg.Round, Shards: x.cfg.Shard.Of, Language: x.roundLanguage(), Start: x.status.Start,
	}
	round.SetKernels(kernels)
	return round, x.writeRound(round)
}

// indexDealt indexes the shard's kernels.
func (x *Indexer) indexDealt(ctx context.Context) error {
	x.status.Phase = manifests.PhaseIndex
	x.status.Kernels = len(x.dealt)
	x.cfg.Report.Begin(len(x.dealt))
	vanished, err := x.indexAll(ctx, x.dealt)
	x.status.Kernels -= len(vanished)
	return err
}

// record says in the round how the shard went, and reports whether the round is complete with it. The first shard that
// fails writes the status; what fails after it was mostly ended because of it.
func (x *Indexer) record(ctx context.Context) (complete bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWait)
	defer cancel()
	turn, err := manifests.LockRound(ctx, x.cfg.Root, x.cfg.Now())
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, turn.Unlock()) }()
	round, err := manifests.ReadRound(x.dir.FS())
	if err != nil {
		return false, err
	}
	_, before := failure(&round)
	s := &x.status
	round.Record(manifests.ShardResult{
		Shard: x.cfg.Shard.Number, End: s.End, ExitCode: s.ExitCode, Phase: s.Phase, Lister: s.Lister,
		Indexed: s.Indexed, Reused: s.Reused, Packages: s.Packages, FailedKernel: s.FailedKernel, Error: s.Error,
	})
	if err := x.dir.WriteRound(round); err != nil {
		return false, err
	}
	if s.ExitCode == ExitOK {
		return checkComplete(&round) == nil, nil
	}
	if before {
		return false, nil
	}
	all := *s
	all.Start, all.Kernels = round.Start, len(round.Kernels)
	sumResults(&all, &round)
	return false, x.out.WriteStatus(all)
}

// round reads the round that is under way, if there is one.
func (x *Indexer) round() (round manifests.Round, open bool, err error) {
	round, err = manifests.ReadRound(x.dir.FS())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return round, false, nil
	case err != nil && !errors.Is(err, manifests.ErrInvalid):
		return round, false, &RootError{Dir: x.cfg.Root, Err: err}
	}
	return round, err == nil, err
}

// writeRound puts the round in place.
func (x *Indexer) writeRound(round manifests.Round) error {
	if err := x.dir.WriteRound(round); err != nil {
		return &RootError{Dir: x.cfg.Root, Err: err}
	}
	return nil
}

// dropRound ends the round that is under way, if there is one: what all of it was to do is done, or done anew.
func (x *Indexer) dropRound() error {
	if err := x.dir.RemoveRound(); err != nil {
		return &RootError{Dir: x.cfg.Root, Err: err}
	}
	return nil
}

// roundLanguage is the language that the run is limited to, as the round writes it.
func (x *Indexer) roundLanguage() string { return manifests.EscapeName(x.cfg.Filter.Language) }
