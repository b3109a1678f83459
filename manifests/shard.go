package manifests

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxShards is the largest number of processes that can share a run.
const MaxShards = 1024

// Shard is the part of a run that one of several processes takes: Number of Of,
// counted from 1. The zero value is none.
type Shard struct{ Number, Of int }

// ParseShard reads "i/n" with 1 <= i <= n <= [MaxShards], in plain decimal
// digits.
func ParseShard(s string) (Shard, error) {
	i, n, ok := strings.Cut(s, "/")
	number, errNumber := parseCount(i)
	of, errOf := parseCount(n)
	switch {
	case !ok || errNumber != nil || errOf != nil:
		return Shard{}, fmt.Errorf("%q is not i/n, such as 2/4", s)
	case of < 1 || of > MaxShards:
		return Shard{}, fmt.Errorf("%q: the number of shards is not from 1 to %d", s, MaxShards)
	case number < 1 || number > of:
		return Shard{}, fmt.Errorf("%q: the number of a shard is from 1 to %d", s, of)
	}
	return Shard{number, of}, nil
}

// parseCount refuses the signs, spaces and underscores that Atoi and its kind take.
func parseCount(s string) (int, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(s)
}

// String returns "i/n", or "" for none.
func (s Shard) String() string {
	if s == (Shard{}) {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Number, s.Of)
}
