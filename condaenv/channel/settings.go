package channel

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"kernelindexer/condaenv/channel/internal/condarc"
)

// SettingsError says which configuration file inside of a prefix cannot be used, and why.
type SettingsError = condarc.Error

// Settings are the settings that decide on the names of channels. They are immutable, apart from a cache of bounded
// size, and safe for concurrent use.
//
// conda looks at most settings only when it needs them, so a setting that cannot be used is an error of the method that
// needs it: an environment without packages is listed whatever its channel_alias is.
type Settings struct {
	platforms       platformFinder
	alias           result[site]
	migratedAliases result[[]site]
	migratedCustoms result[[]custom]
	groups          result[groups]
	customs         result[customs]
	subdir          result[string]
	allowCycles     result[bool]
	specs           error
	ignored         []error

	texts   cache // By the text of a channel.
	folders cache // By the URL of the folder of a package.
}

// result is a setting, or why it cannot be used.
type result[T any] struct {
	value T
	err   error
}

func (r *result[T]) get() (T, error) { return r.value, r.err }

// defaultSettings makes the settings of a prefix without configuration files, once.
var defaultSettings = sync.OnceValue(func() *Settings { return newSettings(nil) })

// Default gives the settings of a prefix without configuration files. All calls give the same value.
func Default() *Settings { return defaultSettings() }

// Load reads the settings in the configuration files of a prefix, a path in fsys: .condarc, condarc, and condarc.d/*.yml
// and *.yaml, each of higher precedence than those before. Without such files it gives Default, at the cost of three
// calls of Stat.
//
// Its errors are what ends conda's listing of every prefix, even of an empty one: a file that conda cannot load, and a
// wrong value of list_fields, debug, trace, verbosity, show_channel_urls or pip_interop_enabled. They are of type
// *SettingsError. Settings of channels with a wrong value are errors of the methods that need them.
func Load(fsys fs.FS, prefix string) (*Settings, error) {
	config, err := condarc.Load(fsys, prefix)
	if err != nil {
		return nil, fmt.Errorf("settings in the prefix: %w", err)
	}
	if err := checkListing(config); err != nil {
		return nil, fmt.Errorf("settings in the prefix: %w", err)
	}
	if !mattersForChannels(config) {
		return Default(), nil
	}
	return newSettings(config), nil
}

// Ignored lists the files that conda passes over with a warning, since their text cannot be split into YAML tokens.
func (s *Settings) Ignored() []error { return append([]error(nil), s.ignored...) }

// AllowCycles tells whether conda accepts dependencies in a circle (setting allow_cycles). conda needs to know when it
// orders records by their dependencies, which it does only for a prefix with a site-packages folder; a wrong value of
// allow_cycles or separate_format_cache is an error then.
func (s *Settings) AllowCycles() (bool, error) { return s.allowCycles.get() }

// CheckSpecs fails if conda cannot read any MatchSpec with these settings, for a wrong value of solver.
func (s *Settings) CheckSpecs() error { return s.specs }

// newSettings evaluates the settings that matter for channels.
func newSettings(config *condarc.Config) *Settings {
	s := &Settings{
		platforms: newPlatformFinder(config),
		ignored:   config.Ignored(),
	}
	s.alias.value, s.alias.err = readAlias(config)
	s.migratedAliases.value, s.migratedAliases.err = readMigratedAliases(config)
	s.migratedCustoms.value, s.migratedCustoms.err = readMigratedCustoms(config)
	s.subdir.value, s.subdir.err = readSubdir(config)
	s.groups.value, s.groups.err = readGroups(config, s)
	s.customs.value, s.customs.err = readCustoms(config, s)
	s.allowCycles.value, s.allowCycles.err = readAllowCycles(config)
	_, _, s.specs = config.Scalar(solverParam)
	return s
}

// canonicalName gives the name that conda compares by.
func (s *Settings) canonicalName(c Channel) (string, error) {
	if c.group {
		return c.name, nil
	}
	groups, err := s.groups.get()
	if err != nil {
		return "", err
	}
	if group, found := groups.containing(c.name); found {
		return group, nil
	}
	customs, err := s.customs.get()
	if err != nil {
		return "", err
	}
	if c.name != "" && customs.knowPart(c.name) {
		return c.name, nil
	}
	below, err := s.isAliasLocation(&c)
	switch {
	case err != nil:
		return "", err
	case below:
		return c.name, nil
	case c.scheme != "":
		return c.scheme + "://" + joinURL(c.location, c.name), nil
	}
	return trimFront(joinURL(c.location, c.name)), nil
}

// isAliasLocation tells whether a channel is where bare names lead, now or before a move.
func (s *Settings) isAliasLocation(c *Channel) (bool, error) {
	alias, err := s.alias.get()
	if err != nil {
		return false, err
	}
	migrated, err := s.migratedAliases.get()
	if err != nil {
		return false, err
	}
	for _, l := range append([]site{alias}, migrated...) {
		if l.located == c.located && l.location == c.location {
			return true, nil
		}
	}
	return false, nil
}

// errEmptyAlias is an empty item of migrated_channel_aliases.
var errEmptyAlias = errors.New("migrated_channel_aliases has an empty item")
