package manifests

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/renameio/v2"
)

// The two keys of a catalog entry that are ours.
const (
	catalogLocation = "environment_location"
	catalogManifest = "manifest"
)

// CatalogUpdate says what icrn_kernel_catalog.json should hold.
type CatalogUpdate struct {
	Kernels []KernelKey
	// HostRoot is the kernel root as users' machines see it (KERNEL_ROOT_HOST).
	HostRoot string
	// Languages limits the update to some language directories, as the
	// indexing was: kernels of others are not taken for vanished. Nil means all.
	Languages []string
}

// UpdateCatalog returns the catalog old with the given kernels in it:
//
//	{"R": {"pecan": {"1.9": {"environment_location": "/host/R/pecan/1.9",
//	                         "manifest": "/host/R/pecan/1.9/package_manifest.json"}}}}
//
// It adds new kernels at the end, sets the two keys of the known ones, and
// leaves everything else as and where it is: foreign keys at each level and
// entries that were made by hand, such as those with only a conda-pack. Entries
// that this function or the original wrote for kernels that are gone are
// dropped, and names and languages that are empty thereby. The same update
// twice gives the same bytes.
//
// The language key has its first letter upper and the others lower case, as
// icrn_manager asks for it, while the path has the directory's spelling. An old
// catalog that is no JSON object, or in which a kernel's place is taken by
// something else, is [ErrInvalid], as are two kernels with one place. Empty old
// data is a new catalog.
func UpdateCatalog(old []byte, u CatalogUpdate) ([]byte, error) {
	root := &member{}
	if len(bytes.TrimSpace(old)) > 0 {
		root.value = old
		if !root.value.IsValid() || !root.expand() {
			return nil, invalid("%s is not a valid JSON object", CatalogName)
		}
	}
	places, err := u.places()
	if err != nil {
		return nil, err
	}
	root.dropVanished(places, u.covers())
	for _, k := range u.Kernels {
		if err := root.set(k.clean(), u.HostRoot); err != nil {
			return nil, err
		}
	}
	out := jsontext.Value(root.append(nil))
	if err := out.Indent(jsontext.WithIndent("  ")); err != nil {
		return nil, fmt.Errorf("format %s: %w", CatalogName, err)
	}
	return append(out, '\n'), nil
}

// places returns the kernels by their place in the catalog.
func (u CatalogUpdate) places() (map[KernelKey]KernelKey, error) {
	places := make(map[KernelKey]KernelKey, len(u.Kernels))
	for _, k := range u.Kernels {
		k = k.clean()
		place := KernelKey{catalogLanguage(k.Language), k.Name, k.Version}
		if other, twice := places[place]; twice {
			return nil, invalid("kernels %s and %s have one place in the catalog", other, k)
		}
		places[place] = k
	}
	return places, nil
}

// covers returns whether a language key is within the update.
func (u CatalogUpdate) covers() func(key string) bool {
	if u.Languages == nil {
		return func(string) bool { return true }
	}
	keys := map[string]bool{}
	for _, l := range u.Languages {
		keys[catalogLanguage(l)] = true
	}
	return func(key string) bool { return keys[key] }
}

// catalogLanguage is the catalog's spelling of a language: Python, R, Julia.
func catalogLanguage(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + strings.ToLower(s[n:])
}

// set puts one kernel into the catalog m.
func (m *member) set(k KernelKey, hostRoot string) error {
	at := m
	for _, name := range []string{catalogLanguage(k.Language), k.Name, k.Version} {
		at = at.child(name)
		if !at.isNull() && !at.expand() {
			return invalid("%s: the place of kernel %s is taken by something else", CatalogName, k)
		}
	}
	hostRoot = strings.TrimRight(cleanText(hostRoot), "/")
	at.child(catalogLocation).setString(hostRoot + "/" + k.String())
	at.child(catalogManifest).setString(hostRoot + "/" + ManifestPath(k))
	return nil
}

// dropVanished removes from the catalog m the entries of ours that no kernel has its place in.
func (m *member) dropVanished(places map[KernelKey]KernelKey, covers func(string) bool) {
	m.prune(func(language *member) bool {
		return covers(language.name) && language.prune(func(name *member) bool {
			return name.prune(func(version *member) bool {
				place := KernelKey{language.name, name.name, version.name}
				_, lives := places[place]
				return !lives && version.isOurs(place)
			})
		})
	})
}

// isOurs tells an entry that was written for the kernel at this place, under
// whatever root, from one that someone made by hand.
func (m *member) isOurs(place KernelKey) bool {
	if !m.expand() {
		return false
	}
	location, manifest := m.byName[catalogLocation].text(), m.byName[catalogManifest].text()
	tail := "/" + place.String()
	return len(location) >= len(tail) && strings.EqualFold(location[len(location)-len(tail):], tail) &&
		manifest == location+"/"+PackageManifestName
}

// WriteCatalog updates the catalog in d, or makes one. Its mode is 0664 whatever
// the umask is, for it is also edited by hand. A catalog that cannot be read is
// an error and stays as it is.
func (d *Dir) WriteCatalog(u CatalogUpdate) error {
	old, err := readSmall(d.FS(), CatalogName, MaxCatalogBytes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	data, err := UpdateCatalog(old, u)
	if err != nil {
		return err
	}
	return d.writeFile(CatalogName, data, renameio.WithStaticPermissions(publicMode))
}
