package image

import (
	"errors"
	"io/fs"
	"syscall"
)

// SchemasPath is where an image has the schemas of its process types.
const SchemasPath = "/app/" + schemasFile

// Schemas returns the content of [SchemasPath], at most limit bytes, and whether the file is there. A longer one, or
// something else than a file, is an error of code [TooLarge] or [NotAnImage].
func (c *Contents) Schemas(limit int64) (data []byte, ok bool, err error) {
	name := SchemasPath[1:]
	info, err := c.FS.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case !info.Mode().IsRegular():
		return nil, false, refuse(NotAnImage, "%s is not a regular file", SchemasPath)
	case info.Size() > limit:
		return nil, false, refuse(TooLarge, "%s has more than %d bytes", SchemasPath, limit)
	}
	data, err = c.FS.ReadFile(name)
	if errors.Is(err, ErrNotKept) {
		return nil, false, because(NotAnImage, err, "%s cannot be read", SchemasPath)
	}
	return data, err == nil, err
}

// User resolves the USER of the image's configuration, as [ResolveUser] does.
func (c *Contents) User(config Config) (User, error) { return ResolveUser(c.FS, config.User) }
