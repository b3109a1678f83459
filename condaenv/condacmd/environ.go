package condacmd

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// dropped are the beginnings of the names of variables that conda does not get to see.
var dropped = []string{
	// Settings of conda, which change channel names (CONDA_CHANNEL_ALIAS, CONDA_DEFAULT_CHANNELS), platforms
	// (CONDA_SUBDIR), errors (CONDA_DEBUG, CONDA_VERBOSITY) or the settings' files (CONDARC); conda list, SPEC 1.4.
	"CONDA",
	// What an activated conda remembers about itself, which misleads another one.
	"_CONDA", "_CE_",
	// The same of mamba. But see kept.
	"MAMBA",
	// Other modules (PYTHONPATH, PYTHONHOME), more talk (PYTHONVERBOSE, PYTHONWARNINGS), code to run (PYTHONSTARTUP).
	"PYTHON",
	// The language of messages and, before Python 3.7, the encoding of file names.
	"LANG", "LC_",
	// Files that a shell runs before a script, if conda is started by one.
	"BASH_ENV=", "ENV=",
	// Replaced below.
	"TMPDIR=", "TMP=", "TEMP=", "PWD=", "OLDPWD=", "TERM=",
}

// kept is an exception: it says where micromamba lives, not how it lists.
const kept = "MAMBA_ROOT_PREFIX="

// settings are given to conda.
var settings = []string{
	"LANG=C.UTF-8",            // as recorded for the specification
	"TERM=dumb", "NO_COLOR=1", // errors are quoted in logs
	"CONDA_OFFLINE=1",           // an indexer uses no network
	"CONDA_REPORT_ERRORS=false", // nor sends crash reports
	"CONDA_OVERRIDE_CUDA=",      // which ask the graphics driver, by way of a semaphore that the sandbox denies
	"PYTHONDONTWRITEBYTECODE=1", // it could not write it anyway
	"PYTHONNOUSERSITE=1",        // or ~/.local would decide which modules conda consists of
	// Of two pip packages of one name conda takes one at random (SPEC 5.3). The same one each time keeps an index from
	// changing when nothing has changed.
	"PYTHONHASHSEED=0",
}

// environ returns conda's environment. temp may be empty.
func (l *Lister) environ(temp string) []string {
	env := l.Env
	if env == nil {
		env = os.Environ()
	}
	env = slices.DeleteFunc(slices.Clone(env), isDropped)
	env = append(env, settings...)
	env = append(env, "PWD="+l.dir())
	if temp != "" {
		env = append(env, "TMPDIR="+temp)
	}
	return env
}

func isDropped(variable string) bool {
	return !strings.HasPrefix(variable, kept) &&
		slices.ContainsFunc(dropped, func(name string) bool { return strings.HasPrefix(variable, name) })
}

// reference is what Python's expandvars takes for a variable.
var reference = regexp.MustCompile(`\$(?:([A-Za-z0-9_]+)|\{([^}]*)\})`)

// addedLater are the variables that a shell, if it starts conda, and conda itself set before the prefix is expanded.
var addedLater = []string{"OLDPWD", "SHLVL", "_", "CONDA_ROOT"}

// checkPrefix makes sure that conda will look where it is told to. It expands $VARIABLE and a leading ~ in its -p
// argument and cuts out "x/.." without regard to links (conda list, SPEC 1.4), so it would list another environment, or
// none.
func checkPrefix(prefix string, env []string) error {
	if !filepath.IsAbs(prefix) || filepath.Clean(prefix) != prefix {
		return fmt.Errorf("%w: %q is not an absolute path in its simplest form", ErrPrefix, prefix)
	}
	if strings.ContainsRune(prefix, 0) {
		return fmt.Errorf("%w: %q holds a NUL", ErrPrefix, prefix)
	}
	for _, m := range reference.FindAllStringSubmatch(prefix, -1) {
		name := m[1] + m[2]
		isSet := func(variable string) bool { return strings.HasPrefix(variable, name+"=") }
		if slices.ContainsFunc(env, isSet) || slices.Contains(addedLater, name) {
			return fmt.Errorf("%w: it would replace %s in %q by the variable's value", ErrPrefix, m[0], prefix)
		}
	}
	return nil
}
