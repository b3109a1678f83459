// Package service puts the backend together: a client of the cluster, the archive, the registry, the interface over HTTP,
// and the loop that looks after runs while this process is the leader.
//
// It knows no flag and no environment variable, and it decides nothing about environments and runs.
package service
