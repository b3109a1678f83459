package catalog

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"kernelindexer/manifests"
)

var (
	// pipName is a name of PEP 508.
	pipName = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z._-]*[0-9A-Za-z])?$`)
	// pipVersion is a version of PEP 440, in any of the spellings it allows.
	pipVersion = regexp.MustCompile(`(?i)^v?([0-9]+!)?[0-9]+(\.[0-9]+)*([-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?[0-9]*)?` +
		`(-[0-9]+|[-_.]?(post|rev|r)[-_.]?[0-9]*)?([-_.]?dev[-_.]?[0-9]*)?(\+[a-z0-9]+([-_.][a-z0-9]+)*)?$`)
	// pipText is what pip compares letter by letter where there is no version.
	pipText = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+!-]*$`)
)

// requirement returns a package of pip's as pip can be asked for it, and false
// if it cannot.
func requirement(p manifests.Package) (string, bool) {
	switch {
	case !pipName.MatchString(p.Name):
		return "", false
	case pipVersion.MatchString(p.Version):
		return p.Name + "==" + p.Version, true
	case pipText.MatchString(p.Version):
		return p.Name + "===" + p.Version, true
	default:
		return "", false
	}
}

// writeRequirements writes the packages that pip installed.
func (k Kernel) writeRequirements(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# What pip installed in %s, indexed %s.\n", remark(k.Key().String()), remark(k.IndexedDate()))
	b.WriteString("# What conda and R installed is not listed.\n")
	none := true
	for r := range k.Rows() {
		p := r.Package()
		text, ok := requirement(p)
		switch origin := originOf(p); {
		case origin == fromProject:
			fmt.Fprintf(&b, "# %s is installed in place, from a directory\n", remarkPackage(p))
		case origin != fromPip:
			continue
		case ok:
			b.WriteString(text + "\n")
		default:
			fmt.Fprintf(&b, "# %s is nothing that pip can be asked for\n", remarkPackage(p))
		}
		none = false
	}
	if none {
		b.WriteString("# No package is known to be installed by pip.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
