// Package pypi reads the packages that pip, setuptools and their kin left in a
// site-packages folder, and says of each what `conda list` would say: its
// normalised name, its version, or that it is passed over, or that conda's
// whole listing would fail on it.
//
// The last answer is why the package is larger than "find Name and Version".
// Conda turns every such package into a full record before it prints a line:
// it evaluates the environment markers of the requirements, decodes the
// checksums of RECORD and converts the sizes. One odd row anywhere makes the
// listing of the whole environment fail. A reader that is to agree with conda
// must therefore notice exactly the oddities that conda trips over, and no
// others; so the rules here are those of Python's str, int, csv, base64 and
// email modules (as of Python 3.11, which the facts were recorded with) and
// not those of their Go namesakes.
//
// The package knows neither where site-packages is nor which anchors belong to
// conda packages: its caller does. It starts no process, follows no reference
// out of the file system it is given, and opens nothing but regular files and
// folders. All functions may be called concurrently if the file system allows
// that.
package pypi
