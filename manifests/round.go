package manifests

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// RoundName is the file in the kernel root that the shards of a run share.
const RoundName = ".indexing.round.json"

// Limits of a round.
const (
	// MaxRoundBytes bounds the file; a kernel takes about 40 bytes.
	MaxRoundBytes = 256 << 20
	// MaxRoundID bounds the name that the shards know their run by, in bytes.
	MaxRoundID = 253
)

// Round is .indexing.round.json: a run that several processes share, from its
// first shard to the publication of the pair, which removes it. It says which
// kernels there are to index, so that the shards share them out evenly and
// without a gap however the repository changes meanwhile, and how each shard
// went. It is changed under [LockRound].
type Round struct {
	ID       string `json:"id"`                 // what the shards call it; may be empty
	Shards   int    `json:"shards"`             // how many there are
	Language string `json:"language,omitempty"` // if it is limited to one, escaped as the names in Kernels
	Start    string `json:"start"`
	// Done is how shards went that have ended, by number.
	Done []ShardResult `json:"done"`
	// Kernels are all of the round, in the order of the documents, each as
	// three escaped names: JSON cannot hold every name of a directory.
	Kernels []string `json:"kernels"`
}

// ShardResult is how a shard of a round went.
type ShardResult struct {
	Shard        int    `json:"shard"`
	End          string `json:"end"`
	ExitCode     int    `json:"exit_code"`
	Phase        Phase  `json:"phase"`
	Lister       string `json:"lister,omitempty"`
	Indexed      int    `json:"indexed"`
	Reused       int    `json:"reused"`
	Packages     int    `json:"packages"`
	FailedKernel string `json:"failed_kernel,omitempty"`
	Error        string `json:"error,omitempty"`
}

// EscapeName writes the name of a directory as [Round] does.
func EscapeName(name string) string { return url.PathEscape(name) }

// SetKernels sets the kernels of the round.
func (r *Round) SetKernels(keys []KernelKey) {
	r.Kernels = make([]string, len(keys))
	for i, k := range keys {
		r.Kernels[i] = EscapeName(k.Language) + "/" + EscapeName(k.Name) + "/" + EscapeName(k.Version)
	}
}

// Deal returns the kernels of one shard: every n-th one, so that no two shards
// differ by more than one kernel, and versions of a kernel, which are of one
// size, go to different shards. Failures are [ErrInvalid].
func (r *Round) Deal(shard Shard) ([]KernelKey, error) {
	var keys []KernelKey
	for i := shard.Number - 1; i < len(r.Kernels); i += shard.Of {
		key, err := parseKernelPath(r.Kernels[i])
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// parseKernelPath reads an element of [Round.Kernels].
func parseKernelPath(s string) (KernelKey, error) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 {
		return KernelKey{}, invalid("%q is not the path of a kernel", s)
	}
	for i, field := range []string{"language", "kernel_name", "kernel_version"} {
		name, err := url.PathUnescape(parts[i])
		if err != nil {
			return KernelKey{}, invalid("%q: %w", s, err)
		}
		if err := checkSegment(field, name); err != nil {
			return KernelKey{}, err
		}
		parts[i] = name
	}
	return KernelKey{parts[0], parts[1], parts[2]}, nil
}

// Record adds how a shard went, in the place of what was said of it before.
func (r *Round) Record(result ShardResult) {
	r.Forget(result.Shard)
	i, _ := r.find(result.Shard)
	r.Done = slices.Insert(r.Done, i, result)
}

// Forget drops what is said of a shard, and reports whether there was anything.
func (r *Round) Forget(shard int) bool {
	i, ok := r.find(shard)
	if ok {
		r.Done = slices.Delete(r.Done, i, i+1)
	}
	return ok
}

// Result returns how a shard went, if it has ended.
func (r *Round) Result(shard int) (ShardResult, bool) {
	i, ok := r.find(shard)
	if !ok {
		return ShardResult{}, false
	}
	return r.Done[i], true
}

func (r *Round) find(shard int) (int, bool) {
	return slices.BinarySearchFunc(r.Done, shard, func(d ShardResult, n int) int { return d.Shard - n })
}

// CheckRoundID says why a text cannot be the name of a round.
func CheckRoundID(id string) error {
	switch {
	case len(id) > MaxRoundID:
		return fmt.Errorf("is longer than %d bytes", MaxRoundID)
	case !utf8.ValidString(id), strings.ContainsFunc(id, func(c rune) bool { return !unicode.IsPrint(c) }):
		return errors.New("holds what cannot be printed")
	}
	return nil
}

// Validate checks the numbers, the dates and that each shard is there once.
func (r *Round) Validate() error {
	if err := CheckRoundID(r.ID); err != nil {
		return invalid("id %w", err)
	}
	if r.Shards < 1 || r.Shards > MaxShards {
		return invalid("%d shards", r.Shards)
	}
	if err := checkTime("start", r.Start); err != nil {
		return err
	}
	for i, d := range r.Done {
		if d.Shard < 1 || d.Shard > r.Shards || i > 0 && d.Shard <= r.Done[i-1].Shard {
			return invalid("shard %d of %d is out of place", d.Shard, r.Shards)
		}
		if err := d.validate(r); err != nil {
			return err
		}
	}
	return nil
}

// validate holds a result to what a status must be, since it becomes one.
func (d *ShardResult) validate(r *Round) error {
	s := Status{
		Start: r.Start, End: d.End, ExitCode: d.ExitCode, Phase: d.Phase, Error: d.Error,
		Indexed: d.Indexed, Reused: d.Reused, Packages: d.Packages,
	}
	return s.Validate()
}

// WriteRound puts the round into the kernel root d. Failures are [ErrInvalid]
// or of the file system.
func (d *Dir) WriteRound(r Round) error {
	r.Done = slices.Clone(r.Done)
	for i := range r.Done {
		p := &r.Done[i]
		p.Lister, p.FailedKernel, p.Error = cleanText(p.Lister), cleanText(p.FailedKernel), cleanText(p.Error)
	}
	if err := r.Validate(); err != nil {
		return fmt.Errorf("%s: %w", RoundName, err)
	}
	data, err := encodePretty(&r)
	if err != nil {
		return fmt.Errorf("%s: %w", RoundName, err)
	}
	return d.writeFile(RoundName, data)
}

// ReadRound reads the round in the kernel root fsys. Failures are [ErrInvalid],
// fs.ErrNotExist where no round is under way, or another error of the file
// system.
func ReadRound(fsys fs.FS) (Round, error) {
	data, err := readSmall(fsys, RoundName, MaxRoundBytes)
	if err != nil {
		return Round{}, err
	}
	r, err := DecodeRound(data)
	if err != nil {
		return Round{}, fmt.Errorf("%s: %w", RoundName, err)
	}
	return r, nil
}

// DecodeRound reads a round. Failures are [ErrInvalid].
func DecodeRound(data []byte) (Round, error) {
	var r Round
	if err := decodeStrict(data, &r); err != nil {
		return Round{}, err
	}
	if err := r.Validate(); err != nil {
		return Round{}, err
	}
	return r, nil
}

// RemoveRound ends the round of the kernel root d, if there is one, and removes
// the lock files of its shards. The caller holds the kernel root's lock, so
// that no shard is at work.
func (d *Dir) RemoveRound() error {
	if err := d.root.Remove(RoundName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range shardLockNames(d.FS()) {
		if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return d.sync()
}
