// Package deploy is the Kubernetes objects of the project, for kustomize: a base that every site has, components that it
// adds (a volume, an ingress, metrics and alerts, images of its own making, shards), and overlays that combine them.
//
// There is no program in it, only tests: every combination renders and decodes strictly, and keeps the rules that a
// cluster does not enforce by itself. It refuses to know a cluster: what the objects do in one, k8s/e2e shows.
package deploy
