// Package indexer is the policy of the batch program: which directories are kernels, in which order the phases of a run
// come, and what a failure means.
//
// A run has these phases: dependencies (is there a conda, if one is needed), root (do the directories exist, can they be
// read and written), lock (one run at a time), index (one package_manifest.json a kernel), collate (the published pair).
// The first error ends the run: kernels being indexed beside the failing one are cancelled, nothing after the phase
// starts, nothing is tried again. The schedule is the retry, and what was published before stays as it was.
//
// Several processes, on several machines, can share a run: each is a shard that indexes the kernels dealt to it. They meet
// in a round (manifests.Round), which the first one begins and the publication of the pair ends. Nothing is published while
// a shard of the round is at work, failed or is missing, and a run of one process starts with a clean table.
//
// The package does not know how packages are found (package condaenv does) nor what the documents look like (package
// manifests does), and it neither parses flags nor ends the process.
package indexer
