package channel

import (
	"slices"
	"strings"

	"kernelindexer/condaenv/channel/internal/condarc"
)

// group is a name for several channels.
type group struct {
	key     condarc.Scalar
	members []custom
}

// groups are all groups, in the order in which conda looks for a channel in them.
type groups struct {
	list []group
}

// readGroups reads the setting custom_multichannels and adds the groups that always exist: "defaults", which is the
// setting default_channels unless custom_multichannels has that name, and "local", which is empty (see the package
// comment).
func readGroups(config *condarc.Config, s *Settings) (groups, error) {
	configured, _, err := config.Groups(groupsParam)
	if err != nil {
		return groups{}, err
	}
	if err := checkFolders(config); err != nil {
		return groups{}, err
	}
	defaults, err := readDefaults(config, s)
	if err != nil {
		return groups{}, err
	}
	isNamed := func(name string) func(condarc.Group) bool {
		return func(g condarc.Group) bool { return g.Key == condarc.Scalar{Kind: condarc.Text, Text: name} }
	}
	if !slices.ContainsFunc(configured, isNamed(Defaults)) {
		configured = append(configured, condarc.Group{Key: condarc.Scalar{Kind: condarc.Text, Text: Defaults}, Values: defaults})
	}
	if i := slices.IndexFunc(configured, isNamed(local)); i >= 0 {
		configured[i].Values = nil
	} else {
		configured = append(configured, condarc.Group{Key: condarc.Scalar{Kind: condarc.Text, Text: local}})
	}
	var all groups
	for _, c := range configured {
		g := group{key: c.Key}
		for _, url := range c.Values {
			alias, err := s.alias.get()
			if err != nil {
				return groups{}, err
			}
			member, err := newCustom(url, "", alias)
			if err != nil {
				return groups{}, faultIf(config, groupsParam, err)
			}
			g.members = append(g.members, member)
		}
		all.list = append(all.list, g)
	}
	return all, nil
}

// readDefaults reads the members of the group "defaults".
func readDefaults(config *condarc.Config, s *Settings) ([]string, error) {
	urls, set, err := config.List(defaultsParam)
	if err != nil {
		return nil, err
	}
	if !set {
		urls = defaultChannels
	}
	subdir, err := s.subdir.get()
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(subdir, "win-") && slices.Equal(urls, defaultChannels) {
		urls = append(slices.Clone(urls), windowsChannel)
	}
	return urls, nil
}

// checkFolders fails on the settings that conda needs to find the members of "local".
func checkFolders(config *condarc.Config) error {
	for _, param := range folderParams {
		if _, _, err := config.Scalar(param); err != nil {
			return err
		}
	}
	_, _, err := config.Map(buildParam)
	return err
}

// has tells whether a name is that of a group.
func (g groups) has(name string) bool {
	return slices.ContainsFunc(g.list, func(one group) bool { return one.key.Kind == condarc.Text && one.key.Text == name })
}

// containing gives the first group with a member of that name.
func (g groups) containing(name string) (string, bool) {
	for _, one := range g.list {
		if slices.ContainsFunc(one.members, func(m custom) bool { return m.name == name }) {
			return one.key.Text, true
		}
	}
	return "", false
}
