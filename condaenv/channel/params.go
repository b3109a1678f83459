package channel

import (
	"fmt"
	"slices"
	"strings"

	"kernelindexer/condaenv/channel/internal/condarc"
)

// The parameters that conda looks at when it lists a prefix, with the names a file may set them by. Those that begin
// with an underscore are conda's own names, which it takes in files as well.
var (
	aliasParam           = condarc.Param{"_channel_alias", "channel_alias"}
	customsParam         = condarc.Param{"_custom_channels", "custom_channels"}
	groupsParam          = condarc.Param{"_custom_multichannels", "custom_multichannels"}
	defaultsParam        = condarc.Param{"_default_channels", "default_channels"}
	migratedAliasesParam = condarc.Param{"_migrated_channel_aliases", "migrated_channel_aliases"}
	migratedCustomsParam = condarc.Param{"migrated_custom_channels"}
	subdirParam          = condarc.Param{"_subdir", "subdir"}
	subdirsParam         = condarc.Param{"_subdirs", "subdirs"}
	buildParam           = condarc.Param{"_conda_build", "conda-build", "conda_build"}
	allowCyclesParam     = condarc.Param{"allow_cycles"}
	formatCacheParam     = condarc.Param{"separate_format_cache"}
	solverParam          = condarc.Param{"solver", "experimental_solver"}
	listFieldsParam      = condarc.Param{"list_fields"}
	traceParam           = condarc.Param{"_trace", "trace"}
	debugParam           = condarc.Param{"_debug", "debug"}
	verbosityParam       = condarc.Param{"_verbosity", "verbose", "verbosity"}
	interopParam         = condarc.Param{"prefix_data_interoperability", "pip_interop_enabled"}
	showURLsParam        = condarc.Param{"show_channel_urls"}
)

// folderParams are the folders of locally built packages. Their values do not matter here, but wrong ones fail in
// conda as soon as it looks for groups of channels.
var folderParams = []condarc.Param{{"_croot", "croot"}, {"bld_path"}, {"_root_prefix", "root_dir", "root_prefix"}}

// channelParams are all parameters of which a value makes Settings differ from Default.
var channelParams = slices.Concat([]condarc.Param{
	aliasParam, customsParam, groupsParam, defaultsParam, migratedAliasesParam, migratedCustomsParam, subdirParam,
	subdirsParam, buildParam, allowCyclesParam, formatCacheParam, solverParam,
}, folderParams)

// mattersForChannels tells whether any file sets a parameter that Settings depend on, or is worth a warning.
func mattersForChannels(config *condarc.Config) bool {
	return len(config.Ignored()) > 0 || slices.ContainsFunc(channelParams, config.Sets)
}

// listFields are the words that list_fields may hold.
var listFields = strings.Fields(`arch build build_number channel channel_name constrains depends dist_str features fn
	license license_family md5 name noarch package_type requested_spec requested_specs sha256 size subdir timestamp
	track_features url version`)

// checkListing fails on the settings that end every listing: conda looks at them for the output of a table, even if it
// prints JSON, and for the amount of its messages.
func checkListing(config *condarc.Config) error {
	if config == nil {
		return nil
	}
	fields, _, err := config.List(listFieldsParam)
	if err != nil {
		return err
	}
	for _, field := range fields {
		if !slices.Contains(listFields, field) {
			return config.Fault(listFieldsParam, fmt.Sprintf("%q is no field of a package", field))
		}
	}
	if err := checkVerbosity(config); err != nil {
		return err
	}
	if _, err := readTruth(config, interopParam, false); err != nil {
		return err
	}
	showURLs, set, err := config.Scalar(showURLsParam)
	if err == nil && set {
		_, err = showURLs.Truth(true)
		err = faultIf(config, showURLsParam, err)
	}
	return err
}

// checkVerbosity fails on a wrong amount of messages; trace makes debug not matter, and debug makes verbosity not.
func checkVerbosity(config *condarc.Config) error {
	for _, param := range []condarc.Param{traceParam, debugParam} {
		if on, err := readTruth(config, param, false); on || err != nil {
			return err
		}
	}
	verbosity, set, err := config.Scalar(verbosityParam)
	if err != nil || !set {
		return err
	}
	return faultIf(config, verbosityParam, verbosity.CheckInt())
}

// readTruth reads a parameter that is a truth value.
func readTruth(config *condarc.Config, param condarc.Param, unset bool) (bool, error) {
	scalar, set, err := config.Scalar(param)
	if err != nil || !set {
		return unset, err
	}
	truth, err := scalar.Truth(false)
	return truth, faultIf(config, param, err)
}

// readAllowCycles reads what conda looks at when it orders records by their dependencies.
func readAllowCycles(config *condarc.Config) (bool, error) {
	if _, err := readTruth(config, formatCacheParam, false); err != nil {
		return false, err
	}
	return readTruth(config, allowCyclesParam, true)
}

// readSubdir reads the platform that stands for the machine's own, if a file sets one.
func readSubdir(config *condarc.Config) (string, error) {
	subdir, set, err := config.Scalar(subdirParam)
	if err != nil || !set || subdir.Text == "" {
		return machinePlatform, err
	}
	return subdir.Text, nil
}

// faultIf makes an error about a parameter of a cause, if there is one.
func faultIf(config *condarc.Config, param condarc.Param, cause error) error {
	if cause == nil {
		return nil
	}
	return config.Fault(param, cause.Error())
}
