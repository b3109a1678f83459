package catalog_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// findQueries are what people ask, and what someone asks who wants to see it
// take long. The names are those of benchManifest: 3000 names, each in a tenth
// of the kernels.
func findQueries() map[string]catalog.Query {
	page := catalog.Page{Limit: 50}
	ask := func(specs ...string) catalog.Query {
		return catalog.Query{Specs: specs, Matches: page, NearMisses: page}
	}
	all := ask("package-name-0001>=1", "Package_Name_0012", "package-name-0025<3", "package.name.0031>=0.5,<3|>4", "package-name-0042")
	all.Matches, all.NearMisses = catalog.Page{}, catalog.Page{}
	return map[string]catalog.Query{
		"5 specs":                  ask("package-name-0001>=1", "Package_Name_0012", "package-name-0025<3", "package.name.0031>=0.5,<3|>4", "package-name-0042"),
		"5 specs, all pages":       all,
		"5 specs, builds, channel": ask("package-name-0001[build=py311*]", "conda-forge::package-name-0012", "package-name-0025<3", "package-name-0031=1=*_0", "conda-forge::package-name-0042[build=*0]"),
		"1 spec":                   ask("package-name-0001"),
		"hostile: *":               ask("*"),
		"hostile: 5 patterns":      ask("p*", "*e*", "*-*", "*name*", "package-*"),
		"hostile: versions only":   ask("*>=9", "*<0", "*==7.7.7", "*~=8.1", "*>99"),
		"hostile: builds only":     ask("*[build=*x*]", "*[build=x*]", "*[build=*y]", "nowhere::*", "conda-forge::*[build=*z]"),
		"hostile: expressions":     ask("^.*z$", "^.*.{0,50}.{0,50}x$", "^p.*-.*-.*9$", "r-*", "*x"),
	}
}

// findCommon is a repository in which all kernels have packages of the same 300
// names, in other versions: most kernels satisfy most of a question.
func findCommon(kernel int) manifests.Manifest {
	m := benchManifest(kernel, uint64(kernel/4), kernel%4*10)
	for i := range m.Packages {
		m.Packages[i].Name = fmt.Sprintf("package-name-%04d", i)
	}
	return m
}

// BenchmarkFind asks. The goal, at 10000 kernels (see benchKernels), is a p99
// of 20 ms for five specs.
func BenchmarkFind(b *testing.B) {
	repositories := maps.Clone(benchRepositories)
	repositories["all have the same names"] = findCommon
	for name, manifest := range repositories {
		dir, _ := publishBench(b, manifest)
		c := loadDir(b, dir)
		queries := findQueries()
		for _, query := range slices.Sorted(maps.Keys(queries)) {
			b.Run(name+"/"+query, func(b *testing.B) {
				var times []time.Duration
				var a catalog.Answer
				var err error
				for b.Loop() {
					start := time.Now()
					if a, err = c.Find(context.Background(), queries[query]); err != nil {
						b.Fatal(err)
					}
					times = append(times, time.Since(start))
				}
				slices.Sort(times)
				b.ReportMetric(float64(a.TotalMatches), "matches")
				b.ReportMetric(float64(a.TotalNearMisses), "near")
				b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
			})
		}
	}
}
