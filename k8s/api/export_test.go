package api

import (
	"maps"
	"slices"
)

// Codes are all codes that clients can see.
func Codes() []string {
	var list []string
	for code := range maps.Keys(statuses) {
		if code != codeClientLeft {
			list = append(list, string(code))
		}
	}
	slices.Sort(list)
	return list
}
