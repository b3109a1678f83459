package indexer

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"kernelindexer/manifests"
)

// RoundError means that shards have indexed, and that what they did cannot be published: one failed, is missing, or the
// round is another one than was asked for. It comes in a [CollateError].
type RoundError struct {
	Reason       string
	FailedKernel string // the kernel that a shard failed with, if it was one
}

// Error implements error.
func (e *RoundError) Error() string { return e.Reason }

// collateAll publishes what all kernels' manifests say: after shards, once every one of them is done.
func (x *Indexer) collateAll(ctx context.Context, pub manifests.Publication) error {
	x.status.Phase = manifests.PhaseCollate
	round, open, err := x.round()
	if err == nil {
		err = x.checkRound(&round, open)
	}
	if err != nil {
		return &CollateError{Err: err}
	}
	if open {
		return x.collateRound(ctx, &round, pub)
	}
	kernels, err := Discover(ctx, x.root, x.cfg.Filter)
	if err != nil {
		return err
	}
	x.status.Kernels = len(kernels)
	return x.collate(ctx, kernels, pub)
}

// collateRound publishes the kernels of the round, as a run of one process would that began when the round did: without
// those that vanished since, and without those that came.
func (x *Indexer) collateRound(ctx context.Context, round *manifests.Round, pub manifests.Publication) error {
	sumResults(&x.status, round)
	x.status.Start = round.Start
	all, err := round.Deal(manifests.Shard{Number: 1, Of: 1})
	if err != nil {
		return &CollateError{Err: err}
	}
	kernels := all[:0]
	for _, key := range all {
		there, err := isKernel(x.root, key)
		if err != nil {
			return &CollateError{Err: err}
		}
		if there {
			kernels = append(kernels, key)
		}
	}
	if err := x.collate(ctx, kernels, pub); err != nil || pub != pairNames {
		return err
	}
	if err := x.dropRound(); err != nil {
		return &CollateError{Err: err}
	}
	return nil
}

// publishRound publishes the pair as the last shard of the round.
func (x *Indexer) publishRound(ctx context.Context) error {
	lock := x.lock
	x.lock = nil
	if err := lock.Unlock(); err != nil {
		return &CollateError{Err: err}
	}
	waiting, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	whole, err := manifests.AwaitLock(waiting, x.cfg.Root, x.cfg.Now())
	if err != nil {
		return fmt.Errorf("all shards are done, but the pair cannot be published: %w", err)
	}
	x.lock = whole
	if round, open, err := x.round(); err == nil && (!open || round.ID != x.cfg.Round) {
		// The status is theirs.
		return &CollateError{Err: &RoundError{Reason: "another run came before the pair of this round was published"}}
	}
	if err := x.removeLeftovers(); err != nil {
		return err
	}
	return x.guard(ctx, func(ctx context.Context) error { return x.collateAll(ctx, pairNames) })
}

// checkRound says why the round that is under way, or that there is none, is not what was asked for.
func (x *Indexer) checkRound(round *manifests.Round, open bool) error {
	want := x.cfg.Shard.Of
	switch {
	case !open && (want > 0 || x.cfg.Round != ""):
		return &RoundError{Reason: "no shard has indexed since the last collation"}
	case !open:
		return nil
	case want > 0 && want != round.Shards:
		return &RoundError{Reason: fmt.Sprintf("the round is one of %d shards, not of %d", round.Shards, want)}
	case x.cfg.Round != "" && x.cfg.Round != round.ID:
		return &RoundError{Reason: fmt.Sprintf("the round is %q, not %q", round.ID, x.cfg.Round)}
	case x.roundLanguage() != round.Language:
		return &RoundError{Reason: fmt.Sprintf("the round is of language %q, not %q", round.Language, x.roundLanguage())}
	}
	err := checkComplete(round)
	if err != nil {
		x.status.FailedKernel = err.FailedKernel
		return err
	}
	return nil
}

// checkComplete says which shard failed or is missing.
func checkComplete(round *manifests.Round) *RoundError {
	if failed, ok := failure(round); ok {
		return &RoundError{
			Reason:       fmt.Sprintf("shard %d/%d failed with exit code %d: %s", failed.Shard, round.Shards, failed.ExitCode, failed.Error),
			FailedKernel: failed.FailedKernel,
		}
	}
	var missing []string
	for n := 1; n <= round.Shards; n++ {
		if _, ended := round.Result(n); !ended {
			missing = append(missing, strconv.Itoa(n))
		}
	}
	if len(missing) > 0 {
		return &RoundError{Reason: fmt.Sprintf("of %d shards, these are not done: %s", round.Shards, strings.Join(missing, ", "))}
	}
	return nil
}

// failure returns the failed shard to tell of: one that a kernel failed before one that was ended because of it.
func failure(round *manifests.Round) (failed manifests.ShardResult, ok bool) {
	for _, r := range round.Done {
		if r.ExitCode != ExitOK && (!ok || failed.ExitCode == ExitGeneral) {
			failed, ok = r, true
		}
	}
	return failed, ok
}

// sumResults puts what the shards did together into a status.
func sumResults(s *manifests.Status, round *manifests.Round) {
	s.Indexed, s.Reused, s.Packages = 0, 0, 0
	for _, r := range round.Done {
		s.Lister = r.Lister
		s.Indexed += r.Indexed
		s.Reused += r.Reused
		s.Packages += r.Packages
	}
}
