// Package record gives the documents that the archive keeps of runs their types: those of runs that are open, how runs
// ended, and how far their logs are.
//
// The loop writes them and the interface reads them; what either of them takes a document for is decided here, once.
// It refuses to know when a document is written and what is done with it.
package record
