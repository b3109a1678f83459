package matchspec_test

import (
	"testing"

	"kernelindexer/condaenv/matchspec"
)

func mustVersion(tb testing.TB, text string) matchspec.Version {
	tb.Helper()
	v, err := matchspec.ParseVersion(text)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func mustCondition(tb testing.TB, text string) matchspec.VersionSpec {
	tb.Helper()
	s, err := matchspec.ParseVersionSpec(text)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func mustSpec(tb testing.TB, text string) matchspec.Spec {
	tb.Helper()
	s, err := matchspec.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
