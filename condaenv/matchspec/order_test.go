package matchspec_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kernelindexer/condaenv/matchspec"
)

// The order must be total: it sorts kernels and their versions.

// versionPieces are what random versions are made of; few of a kind, so that many versions are equal or close.
var versionPieces = []string{
	"0", "0", "1", "1", "2", "01", "10", "a", "b", "rc", "dev", "post", "*", "x", ".", ".", ".", "_", "-", "+", "1!", "a1", "DEV", "Post2",
}

// randomVersions returns n versions, half of them neighbors of another one.
func randomVersions(rng *rand.Rand, n int) []matchspec.Version {
	versions := make([]matchspec.Version, 0, n)
	for len(versions) < n {
		var b strings.Builder
		if len(versions) > 0 && rng.IntN(2) == 0 {
			b.WriteString(versions[rng.IntN(len(versions))].Text())
		}
		for range 1 + rng.IntN(4) {
			b.WriteString(versionPieces[rng.IntN(len(versionPieces))])
		}
		if v, err := matchspec.ParseVersion(b.String()); err == nil && b.Len() < 24 {
			versions = append(versions, v)
		}
	}
	return versions
}

func TestOrderIsTotal(t *testing.T) {
	const n = 80
	for seed := range uint64(4) {
		versions := randomVersions(rand.New(rand.NewPCG(seed, 1)), n)
		var order [n][n]int
		for i, x := range versions {
			for j, y := range versions {
				order[i][j] = x.Compare(y)
			}
		}
		for i, x := range versions {
			if order[i][i] != 0 {
				t.Fatalf("%q is not equal to itself", x.Text())
			}
			for j, y := range versions {
				if order[i][j] != -order[j][i] {
					t.Fatalf("%q and %q: %d one way, %d the other", x.Text(), y.Text(), order[i][j], order[j][i])
				}
				for k, z := range versions {
					if !transitive(order[i][j], order[j][k], order[i][k]) {
						t.Fatalf("%q, %q and %q: %d, %d, but %d", x.Text(), y.Text(), z.Text(), order[i][j], order[j][k], order[i][k])
					}
				}
			}
		}
	}
}

// transitive reports whether the order of x and z agrees with that of x and y and that of y and z.
func transitive(xy, yz, xz int) bool {
	if xy == 0 {
		return xz == yz
	}
	return yz != xy && yz != 0 || xz == xy
}

func TestEqualVersionsAreInterchangeable(t *testing.T) {
	conditions := []string{"1", "=1", "!=1.0.*", ">=1.0a1", "<1.1", "~=1.0", "1.0.*", "1a*", "=0.post1"}
	versions := randomVersions(rand.New(rand.NewPCG(1, 2)), 400)
	equal := 0
	for i, x := range versions {
		for _, y := range versions[:i] {
			if x.Compare(y) != 0 || x.Text() == y.Text() {
				continue
			}
			equal++
			for _, text := range conditions {
				condition := mustCondition(t, text)
				ofX, errX := condition.Match(x)
				ofY, errY := condition.Match(y)
				if ofX != ofY || errX != nil || errY != nil {
					t.Errorf("%q on %q: %v %v, on its equal %q: %v %v", text, x.Text(), ofX, errX, y.Text(), ofY, errY)
				}
			}
		}
	}
	if equal < 100 {
		t.Fatalf("only %d pairs of equal versions", equal)
	}
}

// TestOperatorsAgreeWithTheOrder tests each operator against Compare.
func TestOperatorsAgreeWithTheOrder(t *testing.T) {
	versions := randomVersions(rand.New(rand.NewPCG(3, 4)), 80)
	for _, x := range versions {
		if strings.Contains(x.Text(), "*") {
			continue // Not an operand: it would be a pattern or a prefix.
		}
		for operator, orders := range map[string][]int{
			"": {0}, "==": {0}, "!=": {-1, 1}, "<": {-1}, "<=": {-1, 0}, ">": {1}, ">=": {0, 1},
		} {
			condition := mustCondition(t, operator+x.Text())
			for _, y := range versions {
				got, err := condition.Match(y)
				if want := slices.Contains(orders, y.Compare(x)); err != nil || got != want {
					t.Fatalf("%q on %q: %v %v, want %v", condition, y.Text(), got, err, want)
				}
			}
		}
		prefix, other := mustCondition(t, "="+x.Text()), mustCondition(t, "!="+x.Text()+".*")
		for _, y := range versions {
			starts, err := prefix.Match(y)
			differs, err2 := other.Match(y)
			if starts == differs || err != nil || err2 != nil {
				t.Fatalf("%q on %q: %v %v, but %q: %v %v", prefix, y.Text(), starts, err, other, differs, err2)
			}
			if y.Compare(x) == 0 && !starts {
				t.Fatalf("%q does not begin with %q, to which it is equal", y.Text(), x.Text())
			}
		}
	}
}

func TestNothingIsAllocatedToCompare(t *testing.T) {
	for _, pair := range [][2]string{{"1.26.4", "1.26.10"}, {"1!2.0.0rc1+cu121", "1!2.0.0RC1+cu122"}, {"1-2", "1_2"}, {"dev", "post"}} {
		v, w := mustVersion(t, pair[0]), mustVersion(t, pair[1])
		if n := testing.AllocsPerRun(100, func() { v.Compare(w) }); n != 0 {
			t.Errorf("comparing %q and %q allocates %v times", pair[0], pair[1], n)
		}
	}
}

// TestOrdinarySpecsAllocateLittle guards what makes a prefix of hundreds of records with thousands of requirements cheap.
func TestOrdinarySpecsAllocateLittle(t *testing.T) {
	for text, most := range map[string]float64{
		"tzdata": 0, "libgcc >=13": 0, "python >=3.11,<3.12.0a0": 1, "python_abi 3.11.* *_cp311": 0, "numpy=1.26": 2, "numpy 1.26.4 py_0": 0,
	} {
		allocs := testing.AllocsPerRun(100, func() {
			if _, err := matchspec.Parse(text); err != nil {
				t.Fatal(err)
			}
		})
		if allocs > most {
			t.Errorf("%q allocates %v times, not %v", text, allocs, most)
		}
	}
}

func TestTextIsKept(t *testing.T) {
	for _, text := range []string{"1.0", " 1-0RC ", "01"} {
		if got := mustVersion(t, text).Text(); got != text {
			t.Errorf("text of %q is %q", text, got)
		}
	}
	if got := mustVersion(t, " 1-0RC ").String(); got != "1_0rc" {
		t.Errorf("normal form %q", got)
	}
}

func TestZeroValues(t *testing.T) {
	var v matchspec.Version
	if v.Compare(mustVersion(t, "0")) != 0 || v.Compare(mustVersion(t, "0.1")) != -1 {
		t.Error("the zero Version is not ordered like 0")
	}
	if ok, err := (matchspec.VersionSpec{}).MatchText(""); !ok || err != nil {
		t.Errorf("the zero VersionSpec does not match: %v", err)
	}
	if ok, err := (matchspec.Spec{}).Match(&matchspec.Record{}); !ok || err != nil {
		t.Errorf("the zero Spec does not match: %v", err)
	}
	if got := (matchspec.VersionSpec{}).String() + (matchspec.Spec{}).String(); got != "**" {
		t.Errorf("zero values are written %q", got)
	}
}
