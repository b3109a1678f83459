package manifests

import "io"

// ParseHolder is the decoder behind the name in a LockedError.
var ParseHolder = parseHolder

// ReadCollatedLimit is ReadCollated with another limit than MaxManifestBytes.
func ReadCollatedLimit(r io.Reader, limit int64) error {
	c := collatedReader{each: func(Entry) error { return nil }, order: newOrder()}
	doc := document{array: "kernels", maxBytes: limit, header: c.readHeader, element: c.readEntry}
	return doc.read(r)
}

// Content is a line of a collated file as the generation counts it.
var Content = content

// Keep does what a publication does to the index before it replaces it.
func Keep(d *Dir) { d.keep(CollatedName, PackageIndexName) }
