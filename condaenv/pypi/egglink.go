package pypi

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// followEggLink returns the path of the metadata that an egg-link leads to
// (conda list, SPEC 6.3). Its first line is the folder of the sources, which
// must hold one .egg-info: a file, or a folder with a PKG-INFO (and unlike
// elsewhere a METADATA beside that is not looked for).
func followEggLink(fsys fs.FS, link string, env Env) (string, error) {
	text, err := readText(fsys, link)
	if err != nil {
		return "", err
	}
	if len(text) == 0 {
		return "", fmt.Errorf("%s: an empty egg-link", link)
	}
	target := strip(string(text[:lineLen(text)]))
	sources, err := resolveHostPath(fsys, target, env)
	if err != nil {
		return "", fmt.Errorf("%s: target %s: %w", link, quote(target), err)
	}
	infos, err := eggInfosIn(fsys, sources)
	if err != nil {
		return "", fmt.Errorf("%s: target %s: %w", link, quote(target), err)
	}
	switch len(infos) {
	case 0:
		return "", fmt.Errorf("%w: %s: no .egg-info in %s", ErrSkipped, link, quote(target))
	case 1:
		// As it must be.
	default:
		return "", fmt.Errorf("%s: %d .egg-info in %s, which may have one", link, len(infos), quote(target))
	}

	info := path.Join(sources, infos[0])
	k, err := kindOf(fsys, info)
	if err != nil {
		return "", err
	}
	if k == folder {
		return path.Join(info, "PKG-INFO"), nil
	}
	return info, nil
}

// eggInfosIn lists the names in a folder that end in .egg-info.
func eggInfosIn(fsys fs.FS, dir string) ([]string, error) {
	k, err := kindOf(fsys, dir)
	if err != nil {
		return nil, err
	}
	if k != folder {
		return nil, fmt.Errorf("%w: %w", ErrSkipped, whyNot(fsys, dir))
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, skipUnlessMachine(err)
	}
	var infos []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".egg-info") {
			infos = append(infos, entry.Name())
		}
	}
	return infos, nil
}
