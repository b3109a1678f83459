package catalog_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"kernelindexer/catalog"
	"kernelindexer/condaenv/matchspec"
)

// Whatever is asked, there is an answer or an error that says where, in time.
func FuzzFind(f *testing.F) {
	for _, spec := range []string{
		"", "*", "sf>=1.0", "numpy[source=conda]", "numpy[source='r', version=\">1|<2,3.*\"]", "conda-forge::r-*=1=*_0", "^r-.*$", "x[build='a'b]",
		"a[channel=pypi,build=^.*$]", "feature@", "x-1-0.conda", "é", "[source=conda]", "a[source=]", "a:b:C==1", "a[[source=r],source=r]", "~=1", "a~=1",
	} {
		f.Add(spec, "Rcpp", true)
		f.Add("numpy>=1", spec, false)
	}
	c := findable(f)
	f.Fuzz(func(t *testing.T, a, b string, exact bool) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		answer, err := c.Find(ctx, catalog.Query{Specs: []string{a, b}, Exact: exact})
		if e := new(matchspec.ParseError); err != nil {
			if !errors.As(err, &e) || e.Offset > len(e.Text) && e.Offset != catalog.MaxSpecBytes {
				t.Fatalf("%q and %q: %v", a, b, err)
			}
			return
		}
		for _, m := range answer.Matches {
			if len(m.Packages) < len(answer.Specs) {
				t.Errorf("%q and %q: match %+v", a, b, m)
			}
		}
		for _, n := range answer.NearMisses {
			if len(n.Missing) == 0 || len(n.Missing) > len(answer.Specs) {
				t.Errorf("%q and %q: near miss %+v", a, b, n)
			}
		}
	})
}
