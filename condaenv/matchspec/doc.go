// Package matchspec answers the question conda's own code answers with VersionOrder, VersionSpec and MatchSpec: which of
// two versions is higher, does a version meet a condition, does a package record match a spec such as
// "python >=3.11,<3.12.0a0" or "conda-forge::pytorch[build=*cuda*]". The answers are those of conda 26.7.1 with its
// default solver and settings, including what it accepts by accident and where it fails.
//
// The package knows texts only; what the text of a channel means it asks package channel. It refuses to know where
// records come from, what is installed, condarc files, the working directory, the home directory and the environment;
// it does not solve, merge or normalise specs; it does not warn. All values are immutable once made and can be shared
// between goroutines.
//
// # Where it differs from conda
//
// On purpose, and asserted by the tests of this package:
//
//   - Regular expressions ("^…$") run on Go's engine, because specs come from users and Python's can take exponential
//     time. Look-around, back references, possessive quantifiers, flags other than (?i:…) and (?s:…), and counts above
//     1000 are errors of parsing; \d, \s, \w and \b know ASCII only.
//   - In the place of a channel or of a package file, relative paths count from the root folder, "~" is the root folder
//     and "$VARIABLES" stay as they are; conda asks the process for these.
//   - Channels have the meaning of conda's default settings, as package channel knows them. [Record.ChannelCanonical]
//     lets a caller say otherwise.
//   - A record has no null: an empty text is compared as conda compares null, as the word "None", and an empty channel
//     is taken for an absent one.
//   - Where conda ends with a Python exception while reading a spec ("numpy====", a file name that is not
//     name-version-build) there is a [*ParseError] with a reason of our own; what has a reason of conda's keeps it.
//   - The letter case of text outside ASCII, in patterns of names and licenses, is Go's.
package matchspec
