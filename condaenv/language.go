package condaenv

import "strings"

// unknownVersion stands for a language whose version nothing in the prefix tells.
const unknownVersion = "unknown"

// Language is what a kernel's language directory makes of its prefix: where its packages come from, and which of them
// tells the version of the language. The name of the directory decides, in any letter case.
type Language string

// The languages with rules of their own. Any other is known by a conda record of its name.
const (
	Python Language = "python"
	R      Language = "r"
)

// LanguageOf returns the language of a directory name.
func LanguageOf(directory string) Language { return Language(strings.ToLower(directory)) }

// Version returns the version of the language: Python's as major.minor; R's in full, from the record r-base, else from
// the package base of the R library; another language's in full, from the conda record of its name. Where there is no
// such package it is "unknown".
func (l Language) Version(conda, library []Package) string {
	switch l {
	case Python:
		if v, ok := versionOf(conda, "python"); ok {
			return shortVersion(v)
		}
	case R:
		if v, ok := versionOf(conda, "r-base"); ok {
			return v
		}
		if v, ok := versionOf(library, "base"); ok {
			return v
		}
	default:
		if v, ok := versionOf(conda, string(l)); ok {
			return v
		}
	}
	return unknownVersion
}

func versionOf(packages []Package, name string) (string, bool) {
	for _, p := range packages {
		if p.Name == name && p.Version != "" {
			return p.Version, true
		}
	}
	return "", false
}

// shortVersion cuts 3.11.9 and 3.13.0rc2 to major.minor, and says unknown for what does not begin with two numbers.
func shortVersion(v string) string {
	n := digits(v)
	if n == 0 || n == len(v) || v[n] != '.' {
		return unknownVersion
	}
	m := digits(v[n+1:])
	if m == 0 {
		return unknownVersion
	}
	return v[:n+1+m]
}
