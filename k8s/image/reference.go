package image

import (
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
)

// Name is the <name>:<tag> of an image, in the short form that users know it by: docker's "env:1.0.0", skopeo's
// "docker.io/library/env:1.0.0" and podman's "localhost/env:1.0.0" are one name.
type Name struct {
	Repository string // "env", "private/env", "registry.example.org/private/env"
	Tag        string // "1.0.0"
}

// String returns repository:tag.
func (n Name) String() string { return n.Repository + ":" + n.Tag }

// ParseName reads a <name>:<tag>. The error is a *[Error] of code [NoRepoTag] if there is no tag, or a digest instead of
// one, and of code [BadReference] if it is no image name.
func ParseName(text string) (Name, error) {
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return Name{}, because(BadReference, err, "%q is no image name", short(text))
	}
	tagged, ok := named.(reference.Tagged)
	if _, digested := named.(reference.Digested); !ok || digested {
		return Name{}, refuse(NoRepoTag, "%q has no <name>:<tag>", short(text))
	}
	repository := strings.TrimPrefix(reference.FamiliarName(named), "localhost/")
	return Name{Repository: repository, Tag: tagged.Tag()}, nil
}

// ParseReference reads where an image is: registry, repository, and tag or digest. It takes what both docker's grammar of
// references (distribution/reference) and the library that pulls take: the library alone lets "a/../b" pass, which a server
// may read as "b". The error is a *[Error] of code [BadReference].
func ParseReference(text string) (name.Reference, error) {
	_, err := reference.ParseNormalizedNamed(text)
	var ref name.Reference
	if err == nil {
		ref, err = name.ParseReference(text)
	}
	if err != nil {
		return nil, because(BadReference, err, "%q is no image reference", short(text))
	}
	return ref, nil
}

// theName returns the one name that all texts stand for. Texts without a tag say nothing.
func theName(texts []string) (Name, error) {
	var names []Name
	for _, text := range texts {
		one, err := ParseName(text)
		if err != nil {
			continue
		}
		if !slices.Contains(names, one) {
			names = append(names, one)
		}
	}
	switch len(names) {
	case 0:
		return Name{}, refuse(NoRepoTag, "the image in the archive has no <name>:<tag>; save it by its name, not its ID")
	case 1:
		return names[0], nil
	}
	return Name{}, severalImages("the image in the archive has several names; save one of them", stringsOf(names))
}

func stringsOf(names []Name) []string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = n.String()
	}
	return list
}

// maxNames is how many names an error lists.
const maxNames = 20

func severalImages(detail string, names []string) *Error {
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > maxNames {
		names = append(names[:maxNames:maxNames], "…")
	}
	return &Error{Code: MultipleImages, Detail: detail, Names: names}
}

// short cuts foreign text for an error.
func short(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
