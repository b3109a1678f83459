// Package e2e holds the tests of the whole on a real Kubernetes: the images as `make images` builds them, the objects of
// k8s/deploy as `kubectl apply -k` takes them, and package onenode's cluster, with real pods. `make e2e` runs them, as
// root; package onenode says what else the machine must have.
//
// The images' base is made here, of nothing but a stand-in for conda (package conda below). Each test has a site of its
// own: a namespace, a repository in a temporary directory, a volume for it.
//
// What is not shown: network policies, which the cluster's bridge does not enforce; NFS; several nodes.
package e2e
