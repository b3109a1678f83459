// Package testrepo makes kernel repositories: the one of the demonstration
// ([Sample]), those of the benchmarks ([Generate]), and single conda prefixes
// for the tests of other packages ([Prefix], [Recipe], [DistInfo], [RPackage]).
//
//	<ROOT>/<Language>/<name>/<version>/
//	    conda-meta/history, conda-meta/<name>-<version>-<build>.json
//	    lib/pythonX.Y/site-packages/*.dist-info/{METADATA,RECORD,INSTALLER,…}
//	    lib/R/library/<package>/{DESCRIPTION,Meta/package.rds}
//
// What is written has the shape that the real programs give it: records as
// conda 25.7 and later dump them, dist-infos as pip does, Meta/package.rds as
// R CMD INSTALL. Names and versions in the sample are those of well-known
// public packages; hashes, sizes, paths and dates are made up, always the same
// for the same input. Nothing that is written can be run: a package consists
// of its metadata.
//
// The package refuses to know how a prefix is read, listed or indexed, and
// imports no package that does: a reader is not tested against itself.
package testrepo
