package main

import (
	"context"
	"fmt"
	"strings"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// parseKey reads Language/name/version, which is also the path of a kernel in the repository.
func parseKey(argument string) (manifests.KernelKey, error) {
	parts := strings.Split(strings.TrimSuffix(argument, "/"), "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return manifests.KernelKey{}, usage("%q is not Language/name/version, such as R/pecan/1.9", argument)
	}
	return manifests.KernelKey{Language: parts[0], Name: parts[1], Version: parts[2]}, nil
}

// kernelOf returns the kernel that an argument names.
func kernelOf(c *catalog.Catalog, argument string) (catalog.Kernel, error) {
	key, err := parseKey(argument)
	if err != nil {
		return catalog.Kernel{}, err
	}
	k, ok := c.Kernel(key)
	if !ok {
		return catalog.Kernel{}, fmt.Errorf("there is no kernel %s%s", key, instead(c, key))
	}
	return k, nil
}

// kernel loads a catalog and returns the kernel of it that an argument names, which is looked at first.
func (p *program) kernel(ctx context.Context, argument string) (*catalog.Catalog, catalog.Kernel, error) {
	if _, err := parseKey(argument); err != nil {
		return nil, catalog.Kernel{}, err
	}
	c, err := p.load(ctx)
	if err != nil {
		return nil, catalog.Kernel{}, err
	}
	k, err := kernelOf(c, argument)
	return c, k, err
}

// versionsShown is how many versions of a kernel a message lists.
const versionsShown = 10

// instead says which versions there are of a kernel that has not the one asked for, or which kernels may be meant.
func instead(c *catalog.Catalog, key manifests.KernelKey) string {
	var family catalog.Family
	language, ok := c.Language(key.Language)
	if ok {
		family, ok = language.Family(key.Name)
	}
	if !ok {
		var near []string
		for _, k := range c.NearestKernels(key, namesShown) {
			near = append(near, k.String())
		}
		if len(near) == 0 {
			return "; 'kernels list' shows those there are"
		}
		return "; did you mean " + strings.Join(near, " or ") + "?"
	}
	var versions []string
	for k := range family.Kernels() {
		versions = append(versions, k.Version())
	}
	more := ""
	if len(versions) > versionsShown {
		more, versions = "…, ", versions[len(versions)-versionsShown:]
	}
	return fmt.Sprintf("; %s/%s has %s%s", key.Language, key.Name, more, strings.Join(versions, ", "))
}

// useLine returns the command that activates a kernel here, or "".
func (p *program) useLine(key manifests.KernelKey) string {
	return strings.NewReplacer(
		"{language}", shellWord(key.Language), "{name}", shellWord(key.Name), "{version}", shellWord(key.Version),
	).Replace(p.options.useCommand)
}

// count returns a number and its word: 1 kernel, 2 kernels.
func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	if stem, ok := strings.CutSuffix(word, "ss"); ok {
		return fmt.Sprintf("%d %ssses", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, word)
}
