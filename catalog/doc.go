// Package catalog is the immutable view, in memory, of one published pair of
// documents: which kernels there are, what each holds, and which kernels have a
// package. It answers look-ups and searches for those who serve or print them.
//
// The package refuses to know where the documents come from beyond the two
// places it is given, when to read them again (load another [Catalog] aside
// and swap), and how an answer travels: there is no HTTP, no paging and no
// sorting here. The one shape of JSON it writes, [Package.AppendJSON], is here
// because it can be prepared while loading.
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
//     in another order, are the rows of the document kept.
//
// Views ([Kernel], [Package], [Row] and others) are a pointer and a number or
// two. They are passed by value, compare with ==, and their strings share the
// catalog's memory: a string that outlives its catalog should be cloned.
package catalog
