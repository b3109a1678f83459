package manifests

import (
	"errors"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"
)

// KernelInfo is what a kernel's maintainer says about it in kernel.yaml beside
// conda-meta. It is copied into the manifest, where the original documented a
// description, too.
type KernelInfo struct {
	Description string `json:"description,omitempty"`
	Maintainer  string `json:"maintainer,omitempty"`
	Deprecated  bool   `json:"deprecated,omitzero"`
	// DeprecationNote is the text of a deprecated that is not just true or false.
	DeprecationNote string `json:"deprecation_note,omitempty"`
	// Default says that this is the version to use of this kernel.
	Default bool `json:"default,omitzero"`
}

// ParseKernelInfo reads a kernel.yaml, which people write by hand:
//
//	description: Bayesian workflows with PEcAn
//	maintainer: [Ann <ann@example.org>, Bob]   # one or several
//	deprecated: use 2.0                        # or true, or false
//	default: true
//
// Unknown keys are ignored, and an empty file says nothing. A key given twice,
// or a known key with a value of the wrong kind, is [ErrInvalid], as is what is
// not a YAML mapping or longer than [MaxKernelInfoBytes].
func ParseKernelInfo(data []byte) (KernelInfo, error) {
	if len(data) > MaxKernelInfoBytes {
		return KernelInfo{}, invalid("%s is larger than %d bytes", KernelInfoName, MaxKernelInfoBytes)
	}
	var file struct {
		Description yamlText
		Maintainer  yamlTexts
		Deprecated  yamlText
		Default     bool
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return KernelInfo{}, invalid("%s: %w", KernelInfoName, err)
	}
	info := KernelInfo{
		Description: string(file.Description),
		Maintainer:  strings.Join(file.Maintainer, ", "),
		Default:     file.Default,
	}
	switch note := string(file.Deprecated); strings.ToLower(note) {
	case "", "false", "no", "off", "n":
	case "true", "yes", "on", "y":
		info.Deprecated = true
	default:
		info.Deprecated, info.DeprecationNote = true, note
	}
	return info, nil
}

// ReadKernelInfo reads the kernel.yaml in the kernel directory fsys. A kernel
// without one has an empty info. Errors are [ErrInvalid] or of the file system.
func ReadKernelInfo(fsys fs.FS) (KernelInfo, error) {
	data, err := readSmall(fsys, KernelInfoName, MaxKernelInfoBytes)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return KernelInfo{}, nil
		}
		return KernelInfo{}, err
	}
	return ParseKernelInfo(data)
}

// yamlText is any scalar as its text: a version like 1.10 stays what was written.
type yamlText string

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *yamlText) UnmarshalYAML(n *yaml.Node) error {
	s, err := scalarText(n)
	*t = yamlText(s)
	return err
}

// yamlTexts is a scalar or a list of scalars.
type yamlTexts []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *yamlTexts) UnmarshalYAML(n *yaml.Node) error {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	for _, n := range nodes {
		s, err := scalarText(n)
		if err != nil {
			return err
		}
		if s != "" {
			*t = append(*t, s)
		}
	}
	return nil
}

func scalarText(n *yaml.Node) (string, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case n.Kind != yaml.ScalarNode:
		return "", invalid("line %d: text is expected", n.Line)
	case n.Tag == "!!null":
		return "", nil
	}
	return strings.TrimSpace(n.Value), nil
}
