// Package catalog is the immutable view, in memory, of one published pair of
// documents: which kernels there are, what each holds, and which kernels have a
// package. It answers the questions of those who serve or print them: look-up
// and search; which kernels satisfy several specs, and which come near
// ([Catalog.Find]); what differs between two kernels ([Compare]); what somebody
// may have meant by a name or is about to type; and a kernel written down for
// other tools ([Kernel.Export]). What changed since the last index is a document
// of its own, [manifests.Changes], which the indexer writes.
//
// The package refuses to know where the documents come from beyond the two
// places it is given, when to read them again (load another [Catalog] aside
// and swap), and how an answer travels: there is no HTTP here. Answers whose
// JSON is a contract say so; the one that is written here,
// [Package.AppendJSON], can be prepared while loading.
//
// # What is in memory
//
// 10,000 kernels of 300 packages are 3 million package rows, and nearly all of
// them repeat: the same version of the same package stands in many kernels. So
//
//   - every different string is kept once, in one piece of memory (arena);
//   - every different release (name, version, source, channel) is kept once, as
//     16 bytes without pointers;
//   - a kernel is a run of (release, build), 8 bytes a package (holding);
//   - the package index is the kernels turned around, 4 bytes a row (posting).
//     Only where the index of the original has other rows than the kernels, or
//     in another order, are the rows of the document kept;
//   - the names under which a package can be found are 8 bytes each (foldKey),
//     and their text is nearly always the name's own.
//
// Views ([Kernel], [Package], [Row] and others) are a pointer and a number or
// two. They are passed by value, compare with ==, and their strings share the
// catalog's memory: a string that outlives its catalog should be cloned.
package catalog
