package webserver

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"kernelindexer/manifests"
)

// link is a place and its name. A place that no URL can lead to is "": browsers take a name such as ".." for a
// direction.
type link struct{ URL, Text string }

// place returns the path of a page below the base path, or "".
func (s *server) place(page string, names ...string) string {
	path := s.BasePath + page
	for _, name := range names {
		if name == "" || name == "." || name == ".." {
			return ""
		}
		path += "/" + url.PathEscape(name)
	}
	return path
}

// kernelLink leads to the page of a version of a kernel.
func (s *server) kernelLink(key manifests.KernelKey) link {
	return link{s.place("/kernels", key.Language, key.Name, key.Version), key.Name + " " + key.Version}
}

func (s *server) packageLink(name string) link {
	l := link{s.place("/packages", name), name}
	if name == "" {
		l.Text = "(no name)"
	}
	return l
}

// fields is a query in the making: what is empty is left out.
type fields []string // name, value, name, value

// with returns the query with one field set to a value, and without its part: another choice begins at the start.
func (f fields) with(name, value string) fields {
	var changed fields
	for pair := range slices.Chunk(f, 2) {
		if pair[0] != name && pair[0] != "offset" {
			changed = append(changed, pair...)
		}
	}
	return append(changed, name, value)
}

// String is the query with its question mark, or "".
func (f fields) String() string {
	var parts []string
	for pair := range slices.Chunk(f, 2) {
		if pair[1] != "" {
			parts = append(parts, url.QueryEscape(pair[0])+"="+url.QueryEscape(pair[1]))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "?" + strings.Join(parts, "&")
}

// checkHelpURL takes what a link of ours may lead to; "" is no link.
func checkHelpURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || text != "" && !slices.Contains([]string{"http", "https", "mailto"}, u.Scheme) {
		return fmt.Errorf("help URL %q: must be an http, https or mailto URL", text)
	}
	return nil
}

// DefaultGetCommand and DefaultUseCommand are what users type to make a kernel their own.
const (
	DefaultGetCommand = "icrn_manager kernels get {language} {name} {version}"
	DefaultUseCommand = "icrn_manager kernels use {language} {name} {version}"
)

// command fills in a template. Names are quoted for the shell where they need it: a name is never a command.
func command(template string, key manifests.KernelKey) string {
	return strings.NewReplacer(
		"{language}", shellQuote(key.Language), "{name}", shellQuote(key.Name), "{version}", shellQuote(key.Version),
	).Replace(template)
}

// shellQuote writes a word for a POSIX shell.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_./:@%+,-", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
