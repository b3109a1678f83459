package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"
)

// maxBody bounds the body of a request that is not an upload, in bytes.
const maxBody = 1 << 20

// maxValue bounds a part of a path, a value of the query and a field of a form, in bytes.
const maxValue = 512

// readJSON reads the body of a request, a JSON document with no member that is not known and none twice.
func readJSON(c echo.Context, value any) error {
	r := c.Request()
	kind, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil || kind != typeJSON {
		return fail(codeMediaType, "the body must be %s", typeJSON)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	if err != nil {
		return &failure{code: codeBadRequest, detail: "the body did not arrive", cause: err}
	}
	err = json.Unmarshal(body, value, json.RejectUnknownMembers(true))
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &semantic):
		return invalidAt(string(semantic.JSONPointer), semanticText(semantic))
	case errors.As(err, &syntactic):
		return fail(codeBadRequest, "the body is not JSON: %v", syntactic)
	case err != nil:
		return fail(codeBadRequest, "the body is not JSON")
	}
	return nil
}

// semanticText says what is wrong with a value, without the names of our types.
func semanticText(err *json.SemanticError) string {
	switch {
	case errors.Is(err.Err, json.ErrUnknownName):
		return "there is no such member"
	case err.JSONKind != 0:
		return "must not be " + err.JSONKind.String()
	case err.Err != nil:
		return err.Err.Error()
	}
	return "cannot be used"
}

// param returns a part of the path: unescaped, and text. echo matches the last one with all the rest of a path.
func param(c echo.Context, name string) (string, error) {
	value := c.Param(name)
	if value == "" || strings.Contains(value, "/") {
		return "", echo.ErrNotFound
	}
	if c.Request().URL.RawPath != "" {
		unescaped, err := url.PathUnescape(value)
		if err != nil {
			return "", echo.ErrNotFound
		}
		value = unescaped
	}
	if len(value) > maxValue || !isText(value) {
		return "", echo.ErrNotFound
	}
	return value, nil
}

// query returns a value of the query, "" if it is not there.
func query(c echo.Context, name string) (string, error) {
	value := c.QueryParam(name)
	if len(value) > maxValue || !isText(value) {
		return "", fail(codeBadRequest, "query %s: must be printable text of at most %d bytes", name, maxValue)
	}
	return value, nil
}

// isText says that text can be shown in one line.
func isText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// bearer is the token of a request, "" if it has none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
