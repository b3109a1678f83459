package condarc

import (
	"regexp"
	"sync"
)

// lazy compiles a regular expression when it is first asked for. Few prefixes have settings of their own, and a program
// that imports this package starts once for every prefix that it lists in a sandbox.
func lazy(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
