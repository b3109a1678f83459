// Package reload keeps the pair of documents that a server serves: it notices a
// new pair, loads it aside, and swaps it in when it is complete and valid. What
// cannot be taken is reported, and the last good pair stays.
//
// The package refuses to know what is served and how: there is no HTTP here.
// What makes a pair is the business of manifests, what it means of catalog.
//
// # When the files are looked at
//
// One loop does everything, so that there is never more than one load:
//
//   - at the start;
//   - when fsnotify reports something in the directories of the files, or in
//     those above them, where a directory comes and goes (an indexer on the same
//     machine);
//   - every Interval, with jitter: fsnotify sees nothing of what another client
//     of a network file system does;
//   - when somebody asks ([Reloader.Refresh]).
//
// A look is a stat of four files: the pair, and beside it the status of the last
// run and the changes of recent ones. They are read when a stat shows something
// new, when somebody asked, once an hour whatever a stat shows, and again after
// failures that may pass by themselves: a pair of two generations, a stale NFS
// handle, a file system that refuses. A file whose content is wrong is not read
// again before a stat shows that it is another. Whatever keeps changing, events
// make the loop spend no more than half of its time on reading.
//
// Events are of the directories that the configured paths name. Where a path is
// a link to a file elsewhere, what happens there is seen at the interval.
//
// # What a reader may rely on
//
// [Reloader.Current] is one atomic load and never waits, neither for a load nor
// for a file system that hangs. A [View] never changes. The files of its
// documents stay open as long as somebody reads them, so that what is sent is
// of the view's generation even when a newer one has been published.
package reload
