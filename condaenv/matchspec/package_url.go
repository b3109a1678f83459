package matchspec

import "strings"

// readPackage reads a spec that is the URL or the path of a package file. If there is a platform in it, channel, name,
// version and build are asked for as well, else only URL and file name.
func (v *specValues) readPackage(text string) *ParseError {
	url := text
	if !isURL(url) {
		url = strings.ToValidUTF8(unescape(pathToURL(url)), "\uFFFD")
	}
	c, err := parseChannel(url)
	if err != nil {
		return fault(kindSpec, text, text, err.Error())
	}
	if c.platform == "" {
		file, err := packageFile(url)
		if err != nil {
			return fault(kindSpec, text, text, err.Error())
		}
		v.set(fieldName, "*")
		v.set(fieldFileName, file)
		v.set(fieldURL, url)
		return nil
	}
	name, version, build, parts := splitLast2(strings.TrimSuffix(c.file, packageExtension(c.file)), '-')
	if parts < 3 {
		return fault(kindSpec, text, c.file, "file name of a package is not name-version-build")
	}
	v.set(fieldChannel, c.canonical())
	v.set(fieldSubdir, c.platform)
	v.set(fieldName, name)
	v.set(fieldVersion, version)
	v.set(fieldBuild, build)
	v.set(fieldFileName, c.file)
	v.set(fieldURL, url)
	return nil
}

// packageFile is what stands behind the last slash of a URL, decoded if it is a file: URL.
func packageFile(url string) (string, error) {
	if after, ok := strings.CutPrefix(url, "file://"); ok {
		after, _, _ = strings.Cut(after, "?")
		decoded, err := percentDecode(after)
		if err != nil {
			return "", err
		}
		url = decoded
	}
	return url[strings.LastIndexByte(url, '/')+1:], nil
}
