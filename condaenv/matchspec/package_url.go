package matchspec

import (
	"strings"

	"kernelindexer/condaenv/channel"
)

// readPackage reads a spec that is the URL or the path of a package file. If there is a platform in it, channel, name,
// version and build are asked for as well, else only URL and file name.
func (v *specValues) readPackage(text string) *ParseError {
	file, err := channel.Default().PackageFile(text)
	if err != nil {
		return fault(kindSpec, text, text, err.Error())
	}
	if file.Channel == nil {
		v.set(fieldName, "*")
		v.set(fieldFileName, file.Name)
		v.set(fieldURL, file.URL)
		return nil
	}
	stem := strings.TrimSuffix(file.Name, channel.PackageExtension(file.Name))
	name, version, build, parts := splitLast2(stem, '-')
	if parts < 3 {
		return fault(kindSpec, text, file.Name, "file name of a package is not name-version-build")
	}
	platform, _ := file.Channel.Platform()
	v.set(fieldChannel, file.Channel.CanonicalName())
	v.set(fieldSubdir, platform)
	v.set(fieldName, name)
	v.set(fieldVersion, version)
	v.set(fieldBuild, build)
	v.set(fieldFileName, file.Name)
	v.set(fieldURL, file.URL)
	return nil
}
