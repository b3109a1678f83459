package main

import "testing"

// A small catalog leaves room for garbage, a large one no more than itself takes.
func TestCollectorPercent(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, 2400},
		{4 << 20, 600},
		{12 << 20, 200},
		{24 << 20, 100},
		{4 << 30, 100},
	} {
		if got := collectorPercent(c.live); got != c.want {
			t.Errorf("%d bytes: %d %%, want %d %%", c.live, got, c.want)
		}
	}
}
