package condaenv

import (
	"errors"
	"strings"
	"syscall"
	"unicode"
)

// defaultSitePackages is where the site-packages of a Python of this version is, relative to the prefix.
func defaultSitePackages(version string) string {
	return "lib/python" + majorMinor(version) + "/site-packages"
}

// majorMinor cuts a Python version to two numbers as conda does: the leading digits.digits, else all digits of the text
// with a dot behind the first (so 311 is 3.11, and 1!3.11.2 is 1.3112). With fewer than two digits there is no such
// version, which reads None in a path.
func majorMinor(version string) string {
	if n := digits(version); n > 0 && n < len(version) && version[n] == '.' {
		if m := digits(version[n+1:]); m > 0 {
			return version[:n+1+m]
		}
	}
	all := []rune(strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, version))
	if len(all) < 2 {
		return "None"
	}
	return string(all[:1]) + "." + string(all[1:])
}

// digits returns the number of ASCII digits s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func isNotDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
