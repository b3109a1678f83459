package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// envAnnotation marks a flag with the name of its environment variable.
const envAnnotation = "env"

// Env lets environment variables set a flag that the command line does not: the first one that is set does. Their names
// are shown with the flag's help. An empty variable counts as not set, as in most programs that read KERNEL_ROOT and its
// kind.
func Env(flags *pflag.FlagSet, flag string, variables ...string) {
	f := flags.Lookup(flag)
	if f == nil {
		return
	}
	f.Usage += " [env: " + strings.Join(variables, ", ") + "]"
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[envAnnotation] = variables
}

// ApplyEnv sets every flag that has a variable in the environment and was not given on the command line. lookup is
// os.LookupEnv. An error names the variable and what is wrong with its value.
func ApplyEnv(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	var first error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || first != nil {
			return
		}
		for _, name := range f.Annotations[envAnnotation] {
			value, ok := lookup(name)
			if !ok || value == "" {
				continue
			}
			if err := flags.Set(f.Name, value); err != nil {
				first = fmt.Errorf("environment variable %s: %w", name, err)
			}
			return
		}
	})
	return first
}
