package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/pflag"

	"kernelindexer/cli"
	"kernelindexer/indexer"
	"kernelindexer/manifests"
)

// completionIndex is what Kubernetes numbers the pods of an Indexed Job with, from 0.
const completionIndex = "JOB_COMPLETION_INDEX"

// shardFlags say which part of a run a process takes.
type shardFlags struct {
	shard  manifests.Shard
	shards shardCount
	round  string
	lookup func(string) (string, bool) // nil where no part is taken
}

// flags are those of commands that index.
func (s *shardFlags) flags(f *pflag.FlagSet, lookup func(string) (string, bool)) {
	s.lookup = lookup
	f.Var((*shardFlag)(&s.shard), "shard", "index part i of n, such as 2/4: the first is 1/n, the last n/n")
	cli.Env(f, "shard", "SHARD")
	f.Var(&s.shards, "shards", "index part "+completionIndex+"+1 of this many: for the pods of an Indexed Job")
	cli.Env(f, "shards", "SHARDS")
	s.roundFlag(f)
}

// collateFlags are those of collate, which says what it expects of the shards before it.
func (s *shardFlags) collateFlags(f *pflag.FlagSet) {
	f.Var(&s.shards, "shards", "how many shards must have indexed since the last collation (default: as many as have begun)")
	cli.Env(f, "shards", "SHARDS")
	s.roundFlag(f)
}

func (s *shardFlags) roundFlag(f *pflag.FlagSet) {
	f.StringVar(&s.round, "round", "", "what the shards of one run call it, so that none is taken for one of an earlier run")
	cli.Env(f, "round", "ROUND")
}

// check finishes what the flags say.
func (s *shardFlags) check(filter indexer.Filter) error {
	if err := manifests.CheckRoundID(s.round); err != nil {
		return fmt.Errorf("--round %w", err)
	}
	of := int(s.shards)
	switch {
	case s.lookup == nil:
		s.shard = manifests.Shard{Of: of}
		return nil
	case s.shard.Of > 0 && of > 0 && s.shard.Of != of:
		return fmt.Errorf("--shard %s and --shards %d contradict each other", s.shard, of)
	case s.shard.Of == 0 && of > 0:
		if err := s.fromJob(of); err != nil {
			return err
		}
	}
	switch {
	case s.shard.Of == 0 && s.round != "":
		return errors.New("--round is for shards: --shard or --shards is missing")
	case s.shard.Of > 0 && filter.Name != "":
		return errors.New("--shard shares all kernels: it cannot be used with --kernel-name")
	}
	return nil
}

// fromJob takes the number from the environment of an Indexed Job's pod.
func (s *shardFlags) fromJob(of int) error {
	text, ok := s.lookup(completionIndex)
	if !ok || text == "" {
		return fmt.Errorf("--shards %d: which of them this is, %s would say, but it is not set; or give --shard i/%[1]d", of, completionIndex)
	}
	index, err := strconv.ParseUint(text, 10, 31)
	if err != nil || int(index) >= of {
		return fmt.Errorf("environment variable %s: %q is not a number from 0 to %d (--shards %d)", completionIndex, text, of-1, of)
	}
	s.shard = manifests.Shard{Number: int(index) + 1, Of: of}
	return nil
}

// shardFlag is a shard as a flag.
type shardFlag manifests.Shard

// String implements pflag.Value.
func (s *shardFlag) String() string { return manifests.Shard(*s).String() }

// Type implements pflag.Value.
func (s *shardFlag) Type() string { return "i/n" }

// Set implements pflag.Value.
func (s *shardFlag) Set(text string) error {
	shard, err := manifests.ParseShard(text)
	if err != nil {
		return err
	}
	*s = shardFlag(shard)
	return nil
}

// shardCount is a number of shards as a flag; 0 is not given.
type shardCount int

// String implements pflag.Value.
func (n *shardCount) String() string {
	if *n == 0 {
		return ""
	}
	return strconv.Itoa(int(*n))
}

// Type implements pflag.Value.
func (n *shardCount) Type() string { return "n" }

// Set implements pflag.Value.
func (n *shardCount) Set(text string) error {
	shard, err := manifests.ParseShard("1/" + text)
	if err != nil {
		return fmt.Errorf("%q is not a number from 1 to %d", text, manifests.MaxShards)
	}
	*n = shardCount(shard.Of)
	return nil
}
