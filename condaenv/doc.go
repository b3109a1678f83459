// Package condaenv knows what a conda prefix holds: the conda records, what pip put beside them, and the R library.
// It is the only package that knows conda, pip and R on disk, and it knows nothing of our documents.
//
// There are two listers, which agree. [Files] reads the prefix itself, over any fs.FS; package condacmd asks conda. What
// conda says is the measure: [Files] follows `conda list --json --prefix P` of conda 26.7 rule by rule, its failures
// included, because an index that quietly differs from what users see in their terminal is worth less than none. In short:
//
//   - a prefix is an environment if conda-meta/history is a regular file;
//   - every conda-meta/*.json (not ._*) is a record; it counts if its name is <name>-<version>-<build>.json of its own
//     fields, and the whole listing fails if it is not readable as Python reads JSON, or if its fields are not valid;
//   - if there is a record named python, exactly one site-packages folder counts. Every distribution in it that no record
//     owns is a package of channel pypi (or <develop>), hiding a record of that name; a record that owns one that is
//     gone is dropped. Only records that reach python through their depends own anything.
//
// Where conda's answer depends on chance, this package's is one of those it may give: of two records of one name the one
// later in the order of the directory counts, of two unowned distributions of one name the later by path.
//
// # Where it does not fail though conda does
//
// Failing is right where a record may be lost unnoticed. It helps nobody in these cases, where the answer is certain:
//
//   - settings of the machine and of the user (CONDA_* variables, condarc files outside the prefix) are not looked at, so
//     a mistake in them cannot fail the index;
//   - documents nested between conda's limit (Python's recursion limit, about 950, varying by version) and
//     [pyjson.MaxDepth] levels deep are read.
//
// # Where it fails though conda does not
//
//   - a link that leads out of the file system handed over (the kernel repository) is not followed: a record behind one
//     cannot be read, which is an error; a develop install (egg-link) outside of it counts as gone, which conda skips;
//   - records of more than [rootfs.MaxFileSize] bytes; FIFOs and devices named like records, on which conda would hang.
package condaenv
