package matchspec_test

import (
	"testing"

	"kernelindexer/condaenv/matchspec"
)

func TestRule6VersionConditions(t *testing.T) {
	for _, c := range []struct {
		condition, version string
		want               bool
	}{
		{"3.11", "3.11.8", false},
		{"3.11.8.0", "3.11.8", true},
		{"==3.11", "3.11.0", true},
		{"=3.1", "3.11", false},
		{"3.1*", "3.11", false},
		{"3.1.*", "3.1", true},
		{"3.1*", "3.1.4", true},
		{"1.0r*", "1.0rc1", true},
		{"1.0d*", "1.0dev1", false},
		{"1.0.dev*", "1.0.dev1", true},
		{"1.0post*", "1.0post1", true},
		{"1!3.11.*", "3.11.8", false},
		{"1.0+l*", "1.0+local.1", true},
		{"1.0*", "1.0+local.1", true},
		{"1+local", "1.0+local", true},
		{"!=3.1*", "3.11", true},
		{"!=3.11.*", "3.11.8", false},
		{"!=3.11.*", "3.12", true},
		{">=3.11.*", "3.11", true},
		{"<3.11.*", "3.11.8", false},
		{"==3.11.*", "3.11", true},
		{"==3.11.*", "3.11.8", false},
		{"=3.11.*", "3.11.8", true},
		{"~=3.11.0", "3.11.8", true},
		{"~=3.11.0", "3.12", false},
		{"~=3.11.9", "3.11.8", false},
		{"~=3.11", "3.12", true},
		{">=2.7,!=3.0.*,!=3.11.*", "3.11.8", false},
		{"<3,>=2|>=3.11", "3.11.8", true},
		{">=3|<2,>=4", "3.0", true},
		{"(>=3|<2),>=4", "3.0", false},
		{"*", "no version at all!", true},
		{"3.*.8", "3.11.8", true},
		{"3.*.9", "3.11.8", false},
		{"3.*.8*", "3.11.8.1", true},
		{"^3\\.1[0-2]\\..*$", "3.11.8", true},
		{"^3.9$|>=3.11", "3.11.8", true},
		{"2023c@x", "2023c@x", true},
		{"=2023c_x", "2023c", false},
		{"1.2@", "1.2", false},
	} {
		condition, err := matchspec.ParseVersionSpec(c.condition)
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := condition.MatchText(c.version)
		if err != nil || got != c.want {
			t.Errorf("%q on %q: %v %v, want %v", c.condition, c.version, got, err, c.want)
		}
	}
}

func TestRule6VersionConditionErrors(t *testing.T) {
	for _, text := range []string{
		"", " ", "=", "==", ">=", "!3", "~3", "<>3", "=>3", "=<3", "<=!3", ">= 3", "~=3.*", "^3", "3$", "^3|4", "1..2", "1,", ",1", "1|",
		"|1", "1,,2", "1||2", "()", "(1", "1)", "1),2", "^(?=3).*$", "^[$", "=.*", ".*", "1.*.[",
	} {
		if condition, err := matchspec.ParseVersionSpec(text); err == nil {
			t.Errorf("%q is read as %s, want an error", text, condition)
		}
	}
}

func TestRule6OddExpressionsCondaAccepts(t *testing.T) {
	for text, want := range map[string]string{
		"1(2)":        "1", // Two operands without an operator: the first counts, the second is not even read.
		"1(!!)":       "1",
		")1(":         "1",
		"^1$2":        "^1$",
		"(1|2),3":     "1|2,3", // Written back without the parentheses.
		"(1,2)|3":     "1,2|3",
		"((1))":       "1",
		"1 , 2":       "1,2",
		"1*":          "1.*",
		"1**":         "1*.*",
		"**":          "*.*",
		"1.0.*|2":     "1.0.*|2",
		"(^1,2$)|>=3": "^1,2$|>=3",
	} {
		if got := mustCondition(t, text).String(); got != want {
			t.Errorf("%q is written %q, want %q", text, got, want)
		}
	}
}

func TestRule7VersionOrder(t *testing.T) {
	// The order as conda's documentation of versions has it.
	groups := [][]string{
		{"0.4", "0.4.0"},
		{"0.4.1.rc", "0.4.1.RC"},
		{"0.4.1"},
		{"0.5a1"},
		{"0.5b3"},
		{"0.5C1"},
		{"0.5"},
		{"0.9.6"},
		{"0.960923"},
		{"1.0"},
		{"1.0.1_"},
		{"1.0.1a"},
		{"1.0.1"},
		{"1.1dev1"},
		{"1.1_"},
		{"1.1a1"},
		{"1.1.0dev1", "1.1.dev1"},
		{"1.1.a1"},
		{"1.1.0rc1"},
		{"1.1+a"}, // A local part of letters is below none.
		{"1.1.0", "1.1", " 1.1\t", "1-1", "1_1", "01.001"},
		{"1.1+1", "1.1+1.0"},
		{"1.1.0post1", "1.1.post1"},
		{"1.1post1"},
		{"1.18446744073709551616"}, // More than 64 bits.
		{"1.18446744073709551617"},
		{"1996.07.12"},
		{"1!0.4.1"},
		{"1!3.1.1.6"},
		{"2!0.4.1"},
	}
	for i, higher := range groups {
		for j, lower := range groups[:i+1] {
			for _, x := range higher {
				for _, y := range lower {
					if got, want := mustVersion(t, x).Compare(mustVersion(t, y)), sign(i-j); got != want {
						t.Errorf("%q compared with %q: %d, want %d", x, y, got, want)
					}
				}
			}
		}
	}
}
