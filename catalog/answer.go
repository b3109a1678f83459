package catalog

import "kernelindexer/manifests"

// Answer is what [Catalog.Find] found. As JSON it is the answer of the command
// line and of the service:
//
//	{"specs":["sf>=1.0","Rcpp>=1.0.12"],
//	 "matches":[{"language":"R","kernel_name":"pecan","kernel_version":"1.91","packages":[
//	   {"spec":"sf>=1.0","name":"sf","version":"1.0-20","build":"","channel":"","source":"r"},…]}],
//	 "near_misses":[{"language":"R","kernel_name":"ctmm","kernel_version":"0.1","packages":[…],"missing":[
//	   {"spec":"Rcpp>=1.0.12","reason":"Rcpp 1.0.11 does not satisfy >=1.0.12","found":[{"name":"Rcpp",…}]}]}]}
//
// Lists may be empty, and none is null.
type Answer struct {
	Specs      []string   `json:"specs"`       // what was asked, without repetitions
	Matches    []Match    `json:"matches"`     // the page of kernels that satisfy all specs
	NearMisses []NearMiss `json:"near_misses"` // the page of kernels that satisfy not all

	TotalMatches    int `json:"-"` // of all pages
	TotalNearMisses int `json:"-"` // of all pages
}

// Named is the three names of a kernel, as the fields of an answer.
type Named struct {
	Language string `json:"language"`
	Name     string `json:"kernel_name"`
	Version  string `json:"kernel_version"`
}

// Key returns the names as a key.
func (n Named) Key() manifests.KernelKey {
	return manifests.KernelKey{Language: n.Language, Name: n.Name, Version: n.Version}
}

func named(k manifests.KernelKey) Named { return Named{k.Language, k.Name, k.Version} }

// Match is a kernel that satisfies all specs.
type Match struct {
	Named
	Packages []MatchedPackage `json:"packages"` // by spec; of one spec, packages of exactly its name first
}

// NearMiss is a kernel that has some of the packages asked for.
type NearMiss struct {
	Match               // the packages that satisfy a spec
	Missing []Unmatched `json:"missing"` // the specs that it does not satisfy, at least one
}

// MatchedPackage is a package that satisfies a spec.
type MatchedPackage struct {
	Spec string `json:"spec"`
	Installed
}

// Unmatched is a spec that a kernel does not satisfy.
type Unmatched struct {
	Spec   string      `json:"spec"`
	Reason string      `json:"reason"` // for people: "not installed", or what is instead
	Found  []Installed `json:"found"`  // what is there by that name, exact names first
}

// Installed is a package in a kernel. Build and channel are empty where they
// are not known, as of an R library's entries.
type Installed struct {
	Name    string           `json:"name"`
	Version string           `json:"version"`
	Build   string           `json:"build"`
	Channel string           `json:"channel"`
	Source  manifests.Source `json:"source"`
}

func (r Row) installed() Installed {
	return Installed{Name: r.Name(), Version: r.Version(), Build: r.Build(), Channel: r.Channel(), Source: r.Source()}
}
