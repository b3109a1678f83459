package main

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"kernelindexer/cli"
	"kernelindexer/manifests"
)

const (
	// completionTime is how long a user who pressed the tab key waits for a server.
	completionTime = 3 * time.Second
	// completionsShown is how many names a shell is given; more help nobody.
	completionsShown = 200
)

// offerable are names that a shell may be given. Shells read completions as text of theirs: bash expands them as it
// expands what is typed, so that a directory called $(…) would be run, and a line feed would begin a second name.
var offerable = regexp.MustCompile(`^[\pL\pN_.+][\pL\pN_.+/-]*$`)

// completeFlag sets what the values of a flag can be.
func (p *program) completeFlag(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		cobra.CompErrorln(err.Error()) // the flag is defined twice or not at all, which a test shows
	}
}

// completeFlags sets what the values of the flags of every command can be.
func (p *program) completeFlags(root *cobra.Command) {
	p.completeFlag(root, "output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	p.completeFlag(root, "color", cobra.FixedCompletions(cli.ColorModes(), cobra.ShellCompDirectiveNoFileComp))
	p.completeFlag(root, "from", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	})
	for _, flag := range []string{"jq", "timeout", "use-command"} {
		p.completeFlag(root, flag, cobra.NoFileCompletions)
	}
}

// completeKernels completes the first n arguments as kernels: whole, or up to the next slash where there are many.
func (p *program) completeKernels(n int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= n {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		whole, parts := map[string]bool{}, map[string]bool{}
		p.names(cmd, kernelsMember, func(names []string) bool {
			path := manifests.KernelKey{Language: names[0], Name: names[1], Version: names[2]}.String()
			rest, ok := strings.CutPrefix(path, begun)
			if !ok || !offerable.MatchString(path) {
				return true
			}
			if len(whole) <= completionsShown {
				whole[path] = true
			}
			if end := strings.IndexByte(rest, '/'); end >= 0 {
				path = begun + rest[:end+1]
			}
			parts[path] = true
			return len(parts) <= completionsShown
		})
		if len(whole) <= completionsShown {
			return slices.Sorted(maps.Keys(whole)), cobra.ShellCompDirectiveNoFileComp
		}
		return slices.Sorted(maps.Keys(parts)), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// completePackages completes an argument as the name of a package.
func (p *program) completePackages(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	var found []string
	p.names(cmd, packagesMember, func(names []string) bool {
		if strings.HasPrefix(names[0], begun) && offerable.MatchString(names[0]) {
			found = append(found, names[0])
		}
		return len(found) < completionsShown
	})
	return found, cobra.ShellCompDirectiveNoFileComp
}

// completeLanguages completes a value as a language.
func (p *program) completeLanguages(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	found := map[string]bool{}
	p.names(cmd, kernelsMember, func(names []string) bool {
		if strings.HasPrefix(names[0], begun) && offerable.MatchString(names[0]) {
			found[names[0]] = true
		}
		return len(found) < completionsShown
	})
	return slices.Sorted(maps.Keys(found)), cobra.ShellCompDirectiveNoFileComp
}

// names hands the names in one document to each, until it returns false. The document is streamed: a catalog would take
// longer than a user waits. An error, which a shell could only show in the middle of what is typed, offers nothing.
func (p *program) names(cmd *cobra.Command, member string, each func([]string) bool) {
	if p.prepare(cmd, nil) != nil {
		return
	}
	p.options.timeout = min(p.options.timeout, completionTime)
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	s, err := p.open(ctx)
	if err != nil {
		return
	}
	defer s.close()
	document, fields := s.collated, []string{"language", "kernel_name", "kernel_version"}
	if member == packagesMember {
		document, fields = s.index, []string{"name"}
	}
	_ = eachElement(document, member, func(dec *jsontext.Decoder) error {
		names, err := texts(dec, fields...)
		if err == nil && !each(names) {
			err = errEnough
		}
		return err
	})
}
