package channel

import "strings"

// joinURL joins a location and a name with a slash between, without the slashes around either, but with one in front
// if the location is empty or begins with one.
func joinURL(location, name string) string {
	front := ""
	if location == "" || location[0] == '/' {
		front = "/"
	}
	location, name = strings.Trim(location, "/"), strings.Trim(name, "/")
	switch {
	case location == "":
		return front + name
	case name == "":
		return front + location
	}
	return front + location + "/" + name
}

// agree tells whether two paths have the same parts between their slashes, as far as the one with fewer parts reaches.
func agree(a, b string) bool {
	for {
		partA, restA, moreA := strings.Cut(a, "/")
		partB, restB, moreB := strings.Cut(b, "/")
		if partA != partB {
			return false
		}
		if !moreA || !moreB {
			return true
		}
		a, b = restA, restB
	}
}

// without removes the first occurrence of a part from a text.
func without(text, part string) string {
	return strings.Replace(text, part, "", 1)
}

// trimFront removes slashes from the front of a text.
func trimFront(text string) string { return strings.TrimLeft(text, "/") }
