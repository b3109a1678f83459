package webserver

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"
)

//go:embed assets/*.css assets/*.js assets/icon.svg
var assetFiles embed.FS

// assetNames are all files that pages need. A script stands before those that import it.
var assetNames = []string{
	"icon.svg", "style.css", "early.js",
	"say.js", "copy.js", "tables.js", "live.js", "suggest.js", "chips.js", "keys.js", "newer.js", "pages.js",
}

// assetTypes are the media types by the end of a name.
var assetTypes = map[string][]string{".css": typeCSS, ".svg": typeSVG, ".js": typeJS, ".png": typePNG}

// hashLength is how many hexadecimal digits of its content are in the name of an asset.
const hashLength = 16

// immutable keeps an answer for a year without asking, which is for ever in HTTP.
var immutable = []string{"public, max-age=31536000, immutable"}

// asset is a file that pages need.
type asset struct {
	contentType []string
	body        []byte
	etag        []string
	attachment  bool // saved when somebody goes there, never shown as a page of this site
}

// assets are the files by their plain names, and where pages find them.
type assets struct {
	files map[string]asset
	urls  map[string]string // by plain name: with the base path and the hash of the content
}

// newAssets makes the files of a site: what is configured is part of them, and so of their names.
func newAssets(base string, a accent, l logo) (*assets, error) {
	made := &assets{files: map[string]asset{}, urls: map[string]string{}}
	hashed := map[string]string{} // what scripts import, as they write it: as it is called
	for _, name := range assetNames {
		body, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			return nil, err
		}
		switch path.Ext(name) {
		case ".js":
			body = []byte(importer(hashed).Replace(string(body)))
		case ".css":
			body = append(body, a.css()...)
		}
		hashed["'./"+name+"'"] = "'./" + made.add(base, name, asset{body: body}) + "'"
	}
	if l.name != "" {
		made.add(base, l.name, asset{body: l.body, attachment: true})
	}
	return made, nil
}

// add takes a file in, and returns its name with the hash in it.
func (a *assets) add(base, name string, file asset) string {
	sum := sha256.Sum256(file.body)
	extension := path.Ext(name)
	full := strings.TrimSuffix(name, extension) + "." + hex.EncodeToString(sum[:])[:hashLength] + extension
	file.contentType, file.etag = assetTypes[extension], contentTag(file.body)
	a.files[name], a.urls[name] = file, base+"/static/"+full
	return full
}

// importer replaces the names that scripts import by those with a hash, or browsers would keep what is imported too
// long or not at all.
func importer(hashed map[string]string) *strings.Replacer {
	pairs := make([]string, 0, 2*len(hashed))
	for plain, full := range hashed {
		pairs = append(pairs, plain, full)
	}
	return strings.NewReplacer(pairs...)
}

// plainName takes the hash out of a name, if there is one.
func plainName(name string) string {
	parts := strings.Split(name, ".")
	if len(parts) == 3 && len(parts[1]) == hashLength && strings.Trim(parts[1], "0123456789abcdef") == "" {
		return parts[0] + "." + parts[2]
	}
	return name
}

// staticFile serves what pages need (W11). No path is made of what a client sends.
//
// Pages ask by the name with the hash, and keep the answer. A hash that is not ours is of another version of the
// program, which another replica runs while one after the other is replaced: the page gets what there is, and asks again
// next time.
func (s *server) staticFile(c echo.Context) error {
	name, err := segment(c, "file")
	if err != nil {
		return err
	}
	plain := plainName(name)
	file, ok := s.assets.files[plain]
	if !ok {
		return &httpError{status: http.StatusNotFound}
	}
	h := c.Response().Header()
	if file.attachment {
		h.Set(echo.HeaderContentDisposition, "attachment; filename="+plain)
	}
	control := noCache
	if name == path.Base(s.assets.urls[plain]) {
		control = immutable
	}
	if taggedAs(c, file.etag, control) {
		return nil
	}
	return writeBody(c, http.StatusOK, file.contentType, file.body)
}
