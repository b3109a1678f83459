package indexer

import (
	"context"
	"time"

	"kernelindexer/condaenv"
	"kernelindexer/manifests"
	"kernelindexer/rootfs"
)

// Source is a way to learn the packages of prefixes: asking conda, or reading the files.
type Source interface {
	// Name is the lister's name in the status and in fingerprints.
	Name() string
	// Find looks for what the lister needs; it is called once, before anything is opened. An error means that a
	// program is missing.
	Find() error
	// Lister returns a lister of the prefixes below root. It is used by several goroutines.
	Lister(ctx context.Context, root *rootfs.FS) Lister
}

// Lister lists one prefix, a slash path below the kernel root. The conda and the files lister are its implementations.
type Lister interface {
	List(ctx context.Context, prefix string) (condaenv.Listing, error)
}

// Reporter hears how a run goes on, one call at a time.
type Reporter interface {
	// Begin comes once, when the kernels are known.
	Begin(kernels int)
	// Done comes for each kernel that was indexed.
	Done(Result)
	// Skipped comes for each kernel that vanished, or that has no manifest to collate.
	Skipped(manifests.KernelKey, string)
	// Warned comes for what is wrong and stops nothing: the changes since the index before cannot be told.
	Warned(error)
}

// Result is what became of one kernel.
type Result struct {
	Kernel   manifests.KernelKey
	Packages int
	Reused   bool // the manifest of an earlier run still holds
	Warnings []string
	Elapsed  time.Duration
}

// Config is what a run works on. Root must be set; OutputDir is Root where it is empty.
type Config struct {
	Root      string
	OutputDir string
	Filter    Filter
	Source    Source
	Report    Reporter
	// Jobs is how many kernels are indexed side by side, at least 1.
	Jobs int
	// Incremental keeps the manifest of a kernel whose files did not change since it was written.
	Incremental bool
	// Mode is how documents are replaced.
	Mode manifests.WriteMode
	// Shard is the part of the run that this process takes, the zero value all of it. For Collate, Shard.Of is how many
	// shards must have done theirs; 0 takes as many as there were.
	Shard manifests.Shard
	// Round is what the shards of one run and their collation know each other by, see [manifests.CheckRoundID].
	Round string
	// Catalog says whether to write icrn_kernel_catalog.json into Root, and HostRoot what Root is called there.
	Catalog  bool
	HostRoot string
	// Now is the clock.
	Now func() time.Time
}

// Indexer runs the phases. It is for one run.
type Indexer struct {
	cfg    Config
	status manifests.Status
	silent bool // no status is written: a single document goes where the caller says
	root   *rootfs.FS
	out    *manifests.Dir              // the output directory
	dir    *manifests.Dir              // the kernel root
	lock   interface{ Unlock() error } // of the kernel root or of a shard; nil if none is held
	dealt  []manifests.KernelKey       // the kernels of this shard
}

// New returns an indexer.
func New(cfg Config) *Indexer {
	if cfg.OutputDir == "" {
		cfg.OutputDir = cfg.Root
	}
	if cfg.HostRoot == "" {
		cfg.HostRoot = cfg.Root
	}
	cfg.Jobs = max(cfg.Jobs, 1)
	return &Indexer{cfg: cfg, status: manifests.Status{Start: manifests.FormatTime(cfg.Now()), Lister: cfg.Source.Name()}}
}
