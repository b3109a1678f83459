// Package manifests is the documents on disk: their names, types, invariants,
// readers and writers. It is the only contract between the program that
// indexes kernels and the programs that read what was indexed.
//
//	<KERNEL_ROOT>/<Language>/<name>/<version>/package_manifest.json   one kernel
//	<OUTPUT_DIR>/collated_manifests.json                              all kernels, one a line
//	<OUTPUT_DIR>/package_index.json                                   package -> kernels, one package a line
//	<OUTPUT_DIR>/index_changes.json                                   what recent runs changed
//	<OUTPUT_DIR>/index_status.json                                    how the last run went
//	<KERNEL_ROOT>/icrn_kernel_catalog.json                            where the kernels are (optional)
//	<KERNEL_ROOT>/.indexing.lock                                      who is writing
//	<KERNEL_ROOT>/.indexing.round.json                                a run that several processes share, until it is published
//	<KERNEL_ROOT>/.indexing.round.lock, .indexing.shard-<i>.lock      their locks
//
// The package refuses to know where packages come from (conda, pip, R), in
// which order two kernel versions stand (the caller hands kernels over in
// their final order), when to index, and what a failure means for a run.
//
// # Two kinds of files
//
// Readers also meet files of the shell program that this one replaces ("the
// original"). It wrote the same names and fields, pretty-printed, without
// generation and fingerprint, R packages before conda packages and kernels in
// directory order. So decoding has two levels:
//
//   - every file must be one well-formed JSON object in valid UTF-8 without
//     repeated keys, with kernel names that are not empty, a name for each
//     package (which may be empty), known sources, dates of the form
//     YYYY-MM-DDTHH:MM:SSZ, counts that agree with what is counted, and no
//     kernel twice. Unknown fields are ignored, so a reader survives additions;
//   - a file of ours, known by its generation (collated, index) or fingerprint
//     (manifest), must also be sorted, free of repeated rows, and have each
//     manifest_path where the names say it is.
//
// Whatever is refused is [ErrInvalid]. What this package writes always passes
// the second level: encoding normalises (see [Manifest.Encode]) and then
// validates, so that a caller cannot publish what a reader would refuse.
//
// # Publication
//
// Documents are replaced, never changed: a temporary file in the same
// directory, complete content, mode 0664 less the umask, fsync, rename, fsync
// of the directory; see [Dir]. The pair (collated, index) cannot be renamed in
// one step, so both carry the same generation, and a reader takes the pair only
// when the two agree. In between, and after a run that was killed there, the old
// index is at hand under a second name; see [Dir.Publish] and [LoadPair].
package manifests
