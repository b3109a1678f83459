package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode"

	"kernelindexer/catalog"
	"kernelindexer/condaenv"
	"kernelindexer/rootfs"
)

// explicit returns the @EXPLICIT list of a kernel. The documents do not say from which URL each package came; the records
// in the kernel do, where --from is the kernel root.
func (p *program) explicit(ctx context.Context, k catalog.Kernel) (string, error) {
	from := p.options.from
	if strings.Contains(from, "://") {
		return "", fmt.Errorf("%s: %w, only the kernel's own records do: give the kernel root as --from DIR; --format environment has what is known",
			k.Key(), catalog.ErrNotExplicit)
	}
	root, err := rootfs.Open(from)
	if err != nil {
		return "", err
	}
	defer root.Close()
	origins, err := condaenv.NewFiles(root, from).Explicit(ctx, k.Key().String())
	switch {
	case errors.Is(err, condaenv.ErrNoPrefix), errors.Is(err, condaenv.ErrNotEnvironment), errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s: %w, and the kernel is not in %s: give the kernel root as --from DIR", k.Key(), catalog.ErrNotExplicit, from)
	case err != nil:
		return "", fmt.Errorf("%s: %w", k.Key(), err)
	}
	return explicitFile(origins), nil
}

// explicitFile writes the list as `conda list --explicit --md5` does: one URL a line, dependencies first.
func explicitFile(origins []condaenv.Origin) string {
	var b strings.Builder
	b.WriteString("# conda create --name NAME --file THIS_FILE\n")
	for _, o := range origins {
		if o.Subdir != "" && o.Subdir != "noarch" {
			fmt.Fprintf(&b, "# platform: %s\n", o.Subdir)
			break
		}
	}
	b.WriteString("# What pip or R installed has no place here.\n@EXPLICIT\n")
	for _, o := range origins {
		switch {
		case o.URL == "":
			fmt.Fprintf(&b, "# no URL for: %s\n", oneLine(o.Name+"-"+o.Version+"-"+o.Build))
		case o.MD5 == "":
			fmt.Fprintln(&b, o.URL)
		default:
			fmt.Fprintf(&b, "%s#%s\n", o.URL, o.MD5)
		}
	}
	return b.String()
}

// oneLine quotes a text that would not stay on its line.
func oneLine(s string) string {
	if strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return strconv.Quote(s)
	}
	return s
}
