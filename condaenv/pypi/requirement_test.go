package pypi_test

import (
	"strings"
	"testing"

	"kernelindexer/condaenv/pypi"
)

func TestRequirementMarkers(t *testing.T) {
	for _, tc := range []struct {
		name, marker string
		ok           bool
	}{
		{"none", "", true},
		{"a comparison", "python_version < '3'", true},
		{"an old dotted name", "sys.platform == 'win32' and os.name == 'nt' or platform.python_implementation == 'x'", true},
		{"a name PEP 508 does not know", "python_implementation == 'CPython'", false},
		{"the plural extras", "'x' in extras", false},
		{"dependency_groups", "'x' in dependency_groups", false},
		{"a number", "python_version < 3", false},
		{"upper case", "OS_NAME == 'nt'", false},

		{"extra first is not looked at", "extra == 'a' and bogus (", true},
		{"nor is extra alone", "extra", true},
		{"nor extra before ===", "extra === bogus", true},
		{"nor nothing before ==", "== bogus", true},
		{"extra in parentheses is", "(extra == 'a') and bogus", false},
		{"extra later is", "os_name == 'a' and bogus == extra", false},
		{"extra with another operator is", "extra != 'a' or bogus", false},
		{"extra is a known variable", "os_name == 'a' and extra == 'b'", true},

		{"only what is behind the last semicolon", "bogus; os_name", true},
		{"and that is all of it", "os_name == 'a;b'", false},

		{"two texts", "'a' == 'b'", false},
		{"two texts in a conjunction", "'a' and 'b'", false},
		{"two texts in parentheses", "('a') or ('b')", false},
		{"a text alone", "'a'", true},
		{"a variable alone", "os_name", true},
		{"a text and a variable", "'a' and os_name or 'b'", true},

		{"a chain of equals", "os_name == 'a' == 'b' != os_name === 'c'", true},
		{"a chain with an order", "os_name == 'a' < 'b'", false},
		{"a chain with in", "os_name in 'a' in 'b'", false},
		{"a chain that begins with an order", "os_name <= 'a' == 'b'", true},

		{"parentheses", "(os_name == 'a' or (sys_platform == 'b')) and (os_name)", true},
		{"unclosed", "(os_name == 'a'", false},
		{"closed twice", "(os_name == 'a'))", false},
		{"empty", "()", false},
		{"compared", "(os_name) == 'a'", false},

		{"all operators", "os_name<'a' or os_name<='a' or os_name>'a' or os_name>='a' or os_name=='a' or " +
			"os_name==='a' or os_name~='a' or os_name!='a' or os_name in 'a' or os_name not in 'a'", true},
		{"nothing behind an operator", "os_name ==", false},
		{"nothing behind and", "os_name and", false},
		{"a single =", "os_name = 'a'", false},
		{"not with many spaces", "os_name not    in 'a'", true},
		{"not with a tab", "os_name not\tin 'a'", false},
		{"in need not end", "os_name in'a' and os_name inos_name", true},
		{"notin", "os_name notin 'a'", false},
		{"and must end", "os_name andos_name", false},
		{"and may touch a quote", "os_name=='a'and'b'!=os_name", true},
		{"upper case AND", "os_name AND os_name", false},

		{"comment", "os_name == 'a' # why", true},
		{"comment without blank", "os_name#why", true},
		{"text behind the end", "os_name == 'a' why", false},

		{"double quotes", `os_name == "it's"`, true},
		{"single quotes", `os_name == 'say "x"'`, true},
		{"unclosed quotes", `os_name == "x`, false},
		{"letters of the world", "os_name == 'éß中½'", true},
		{"currency sign", "os_name == '€'", false},
		{"dollar", "os_name == '$'", true},
		{"backslash", `os_name == 'a\b'`, false},
		{"zero width space", "os_name == '\u200b'", false},
		{"no-break space for a blank", "os_name\u00a0==\u00a0'a'", true},
		{"file separator for a blank", "os_name\x1c==\x1c'a'", true},
		{"empty text", "os_name == ''", true},

		{"as many parentheses as Python stands", strings.Repeat("(", 325) + "os_name" + strings.Repeat(")", 325), true},
		{"one more", strings.Repeat("(", 326) + "os_name" + strings.Repeat(")", 326), false},
		{"very many parentheses", strings.Repeat("(", 2e7), false},
		{"as many comparisons as Python stands", strings.Repeat("os_name=='a' and ", 979) + "os_name=='a'", true},
		{"one more comparison", strings.Repeat("os_name=='a' and ", 980) + "os_name=='a'", false},
		{"as many variables", strings.Repeat("os_name or ", 981) + "os_name", true},
		{"one more variable", strings.Repeat("os_name or ", 982) + "os_name", false},
		{"as long a chain", "os_name" + strings.Repeat("=='a'", 980), true},
		{"a longer chain", "os_name" + strings.Repeat("=='a'", 981), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := fails
			if tc.ok {
				want = foo
			}
			for _, header := range []string{"Requires-Dist", "Requires"} {
				p, err := readMetadata(good + header + ": bar[x] (>=1) ; " + tc.marker + "\n")
				if got := outcome(p, err); got != want {
					t.Errorf("%s: got %s, want %s; %v", header, got, want, err)
				}
			}
		})
	}
}

func TestRequirementHeaders(t *testing.T) {
	for _, tc := range []struct{ name, headers, want string }{
		{"Requires is not read beside Requires-Dist", "Requires: " + bogus + "Requires-Dist: bar\n", foo},
		{"an empty Requires-Dist is one", "Requires: " + bogus + "Requires-Dist:\n", foo},
		{"all Requires-Dist are read", "Requires-Dist: bar\nRequires-Dist: " + bogus + "Requires-Dist: baz\n", fails},
		{"over several lines", "Requires-Dist: bar;\n os_name\n == 'a'\n", foo},
		{"a line break within not in", "Requires-Dist: bar; os_name not\n in 'a'\n", fails},
		{"in other letter case not", "requires-dist: " + bogus, foo},
		{"Provides-Extra and the like not", "Requires-Python: " + bogus + "Requires-External: " + bogus, foo},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := readMetadata(good + tc.headers)
			if got := outcome(p, err); got != tc.want {
				t.Errorf("got %s, want %s; %v", got, tc.want, err)
			}
		})
	}
}

func TestRequiresFile(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", foo},
		{"names", "bar\nbaz>=1\n", foo},
		{"markers of their own", bogus, fails},
		{"a comment is a requirement", "# bar; baz\n", fails},
		{"extras", "[docs]\nbar\n[test:python_version<'3']\nbaz\n", foo},
		{"extras hide markers", "[docs]\n" + bogus, foo},
		{"conditions", "[:python_version < '3']\nbar\n", foo},
		{"bad conditions", "[:python_version < 3]\nbar\n", fails},
		{"bad conditions on nothing", "[:bogus]\n\n \n[docs]\nbar\n", foo},
		{"only the last of two equal sections", "[:bogus]\nbar\n[docs]\n[:bogus]\n", foo},
		{"every colon begins a marker", "[:bogus:os_name]\nbar\n", foo},
		{"an empty condition", "[:]\nbar\n", foo},
		{"a semicolon in an extra", "[a;b]\nbar\n", fails},
		{"a quote in an extra", "[a\";os_name==\"b]\nbar\n", foo},
		{"the global section by its name", "[__global__]\n" + bogus, fails},
		{"the global section anew", bogus + "[__global__]\nbar\n", foo},
		{"blanks around a heading", "\t [:bogus]\u00a0\nbar\n", fails},
		{"a heading that is not closed", "[:bogus\nbar\n", foo},
		{"CRLF and CR", "[:bogus]\r\nbar\r[docs]\r\n", fails},
		{"not UTF-8", "bar\n\xe9", fails},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := site{"x.egg-info/PKG-INFO": good, "x.egg-info/requires.txt": tc.text}.fs()
			p, err := pypi.Read(fsys, sitePackages, "x.egg-info/PKG-INFO", pypi.Env{})
			if got := outcome(p, err); got != tc.want {
				t.Errorf("got %s, want %s; %v", got, tc.want, err)
			}
		})
	}
}
