package matchspec

import "strings"

// CompareVersions orders the texts of versions: -1, 0 or 1. It is conda's order, in which different texts can be equal
// (1.0 and 1.0.0), and which knows versions of R as well, for a dash reads as an underscore. A text that is no version
// is below all that are, and among its kind in byte order.
func CompareVersions(a, b string) int {
	if a == b {
		return 0
	}
	va, errA := ParseVersion(a)
	vb, errB := ParseVersion(b)
	switch {
	case errA == nil && errB == nil:
		return va.Compare(vb)
	case errA == nil:
		return 1
	case errB == nil:
		return -1
	default:
		return strings.Compare(a, b)
	}
}
