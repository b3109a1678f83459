package cli

import (
	"fmt"

	"github.com/spf13/pflag"
)

// envAnnotation marks a flag with the name of its environment variable.
const envAnnotation = "env"

// Env lets an environment variable set a flag that the command line does not. The variable's name is shown with the
// flag's help. An empty variable counts as not set, as in most programs that read KERNEL_ROOT and its kind.
func Env(flags *pflag.FlagSet, flag, variable string) {
	f := flags.Lookup(flag)
	if f == nil {
		return
	}
	f.Usage += " [env: " + variable + "]"
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[envAnnotation] = []string{variable}
}

// ApplyEnv sets every flag that has a variable in the environment and was not given on the command line. lookup is
// os.LookupEnv. An error names the variable and what is wrong with its value.
func ApplyEnv(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	var first error
	flags.VisitAll(func(f *pflag.Flag) {
		names := f.Annotations[envAnnotation]
		if len(names) == 0 || f.Changed || first != nil {
			return
		}
		value, ok := lookup(names[0])
		if !ok || value == "" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			first = fmt.Errorf("environment variable %s: %w", names[0], err)
		}
	})
	return first
}
